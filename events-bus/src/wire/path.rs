//! Where in a body something is.

use core::fmt;

use events_core::Schema;

/// A step down into a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Field(&'static str),
    Item(usize),
    /// A value of a map. The key is payload.
    Value,
}

/// The steps from the event down: `contexts[3].group_id`, `options{}`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Path(Vec<Step>);

impl Path {
    pub(super) fn push(&mut self, step: Step) {
        self.0.push(step);
    }

    pub(super) fn pop(&mut self) {
        self.0.pop();
    }

    /// For a path that was gathered from the inside to the outside.
    pub(super) fn reversed(&self) -> Self {
        Self(self.0.iter().rev().copied().collect())
    }

    pub(super) fn to_text(&self) -> Box<str> {
        self.to_string().into()
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

/// What a walk tells of where it is.
pub(super) trait Trace {
    fn enter(&mut self, step: Step);
    fn leave(&mut self);
    /// Something begins here, with so many bytes left: a value of this schema, or something else.
    fn at(&mut self, left: usize, schema: Option<&Schema>);
}

/// Nobody wants to know.
impl Trace for () {
    #[inline]
    fn enter(&mut self, _: Step) {}

    #[inline]
    fn leave(&mut self) {}

    #[inline]
    fn at(&mut self, _: usize, _: Option<&Schema>) {}
}

/// Where a walk is. After an error it stays where the error is.
#[derive(Debug, Default)]
pub(super) struct Place {
    pub(super) path: Path,
    pub(super) left: usize,
    pub(super) expected: Option<Schema>,
}

impl Trace for Place {
    fn enter(&mut self, step: Step) {
        self.path.push(step);
    }

    fn leave(&mut self) {
        self.path.pop();
    }

    fn at(&mut self, left: usize, schema: Option<&Schema>) {
        self.left = left;
        self.expected = schema.copied();
    }
}
