//! What a comparison of two schemas found.

use super::rule::Rule;
use super::text::Text;

/// One difference between an older and a newer schema of an event.
#[derive(Clone, Copy)]
pub struct Finding {
    pub(super) rule: Rule,
    pub(super) path: Text<160>,
    pub(super) old: Text<120>,
    pub(super) new: Text<120>,
    pub(super) breaks_old: bool,
    pub(super) breaks_new: bool,
    /// The index of the newer event's field that the path begins with; the number of its fields where it has none.
    pub(super) field: usize,
}

impl Finding {
    /// The rule.
    pub const fn rule(&self) -> Rule {
        self.rule
    }

    /// Where: `user.pii.email`; `[]` is the items of a list and `{}` the values of a map, and the record of the event
    /// itself is the empty path.
    pub const fn path(&self) -> &str {
        self.path.as_str()
    }

    /// What the older schema has there; empty where it has nothing.
    pub const fn before(&self) -> &str {
        self.old.as_str()
    }

    /// What the newer schema has there; empty where it has nothing.
    pub const fn after(&self) -> &str {
        self.new.as_str()
    }

    /// Whether a service with the older schema cannot read what one with the newer schema writes.
    pub const fn breaks_older_readers(&self) -> bool {
        self.breaks_old
    }

    /// Whether a service with the newer schema cannot read what one with the older schema wrote.
    pub const fn breaks_newer_readers(&self) -> bool {
        self.breaks_new
    }

    /// Whether somebody cannot read what somebody else writes.
    pub const fn is_breaking(&self) -> bool {
        self.breaks_old || self.breaks_new
    }
}

impl core::fmt::Debug for Finding {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Finding")
            .field("rule", &self.rule)
            .field("path", &self.path())
            .field("before", &self.before())
            .field("after", &self.after())
            .field("breaks_older_readers", &self.breaks_old)
            .field("breaks_newer_readers", &self.breaks_new)
            .finish_non_exhaustive()
    }
}

const ROOM: usize = 32;

/// What [`compare`](super::compare) found: in the order of the newer schema's fields, removed fields first.
#[derive(Clone, Copy)]
pub struct Findings {
    items: [Finding; ROOM],
    len: usize,
    more: usize,
    more_breaking: bool,
}

impl Findings {
    pub(super) const fn new() -> Self {
        let nothing = Finding {
            rule: Rule::TypeChanged,
            path: Text::new(),
            old: Text::new(),
            new: Text::new(),
            breaks_old: false,
            breaks_new: false,
            field: 0,
        };
        Self {
            items: [nothing; ROOM],
            len: 0,
            more: 0,
            more_breaking: false,
        }
    }

    /// Where there is no room, one that breaks nobody makes it for one that breaks somebody: those decide.
    pub(super) const fn push(&mut self, finding: &Finding) {
        if self.len < ROOM {
            self.items[self.len] = *finding;
            self.len += 1;
            return;
        }
        self.more += 1;
        if !finding.is_breaking() {
            return;
        }
        let mut index = ROOM;
        while index > 0 {
            index -= 1;
            if !self.items[index].is_breaking() {
                self.items[index] = *finding;
                return;
            }
        }
        self.more_breaking = true;
    }

    /// The findings, at most 32: as many of those that break somebody as there is room for, then others.
    pub const fn as_slice(&self) -> &[Finding] {
        self.items.split_at(self.len).0
    }

    /// Whether one of the findings, also of those beyond the first 32, is breaking.
    pub const fn are_breaking(&self) -> bool {
        let mut index = 0;
        while index < self.len {
            if self.items[index].is_breaking() {
                return true;
            }
            index += 1;
        }
        self.more_breaking
    }

    /// Whether there are breaking ones beyond those of [`as_slice`](Self::as_slice), which then are all breaking.
    pub(super) const fn hide_a_break(&self) -> bool {
        self.more_breaking
    }

    /// How many there are beyond those of [`as_slice`](Self::as_slice).
    pub const fn more(&self) -> usize {
        self.more
    }

    /// Whether the two schemas are the same on the wire.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl core::fmt::Debug for Findings {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(self.as_slice()).finish()
    }
}
