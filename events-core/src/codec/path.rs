//! Where in an event something is.

use core::fmt;

/// A step down into a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "these are the ways in which values hold values"
)]
pub enum Step {
    /// The field of a record.
    Field(&'static str),
    /// The item of a list.
    Item(usize),
    /// A value of a map, or its key. Which one is not said: the key is payload.
    Value,
}

/// The steps from an event down to something in it: `contexts[3].group_id`, `options{}`; empty for the event itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Path(Vec<Step>);

impl Path {
    /// Goes one step down.
    pub fn push(&mut self, step: Step) {
        self.0.push(step);
    }

    /// Goes one step up, if it is not at the top.
    pub fn pop(&mut self) {
        self.0.pop();
    }

    /// Whether it is at the top.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// For a path that was gathered from the inside to the outside.
    pub(super) fn reverse(&mut self) {
        self.0.reverse();
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.0.iter().enumerate() {
            match step {
                Step::Field(name) if index == 0 => f.write_str(name)?,
                Step::Field(name) => write!(f, ".{name}")?,
                Step::Item(index) => write!(f, "[{index}]")?,
                Step::Value => f.write_str("{}")?,
            }
        }
        Ok(())
    }
}
