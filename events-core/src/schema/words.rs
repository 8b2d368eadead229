//! Findings in words.

use core::fmt;

use super::finding::Finding;
use super::message;
use super::rule::Rule;

impl Finding {
    /// Why a service with the older schema cannot read what one with the newer schema writes, where it cannot.
    pub const fn why_older_readers_break(&self) -> Option<&'static str> {
        if self.breaks_older_readers() {
            Some(message::older(self.rule()))
        } else {
            None
        }
    }

    /// Why a service with the newer schema cannot read what one with the older schema wrote, where it cannot.
    pub const fn why_newer_readers_break(&self) -> Option<&'static str> {
        if self.breaks_newer_readers() {
            Some(message::newer(self.rule()))
        } else {
            None
        }
    }
}

/// What changed, in one line: `` `user.email` was `string` and is gone ``.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (old, new) = (self.before(), self.after());
        if self.path().is_empty() {
            f.write_str("the event")?;
        } else {
            write!(f, "`{}`", self.path())?;
        }
        match self.rule() {
            Rule::FieldRemoved => write!(f, " was `{old}` and is gone"),
            Rule::FieldAdded => write!(f, " is new: `{new}`"),
            Rule::FieldRenamed => write!(f, " is now called `{new}`"),
            Rule::FieldsReordered => write!(f, " had its fields as {old}, and has them as {new}"),
            Rule::RecordRenamed => {
                write!(f, " was the record `{old}` on the wire and is `{new}`")
            }
            Rule::VariantAdded => write!(f, " has a new variant `{new}`"),
            Rule::VariantRemoved => write!(f, " has lost its variant `{old}`"),
            Rule::TypeChanged
            | Rule::MadeOptional
            | Rule::MadeRequired
            | Rule::EnumOpened
            | Rule::EnumClosed => write!(f, " was `{old}` and is `{new}`"),
        }
    }
}
