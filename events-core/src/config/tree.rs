//! The tree that TOML and JSON are both turned into: values with their positions.

use core::fmt;

use super::origin::Position;
use super::secrets::{is_secret, masked};

/// No configuration nests deeper; what does is cut off, and is an unknown key long before.
pub(super) const MAX_DEPTH: usize = 16;

#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) at: Position,
    pub(super) value: Value,
}

#[derive(Clone)]
pub(super) enum Value {
    String(String),
    Boolean(bool),
    Integer(i64),
    Array(Vec<Node>),
    Table(Vec<Entry>),
    /// What no key takes so far: other numbers, dates, null. Kept for the message.
    Other {
        kind: &'static str,
        text: String,
    },
}

/// Without the passwords.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::String(text) => masked(text).fmt(f),
            Self::Boolean(value) => value.fmt(f),
            Self::Integer(number) => number.fmt(f),
            Self::Array(items) => items.fmt(f),
            Self::Table(entries) => entries.fmt(f),
            Self::Other { text, .. } => f.write_str(text),
        }
    }
}

/// A key and its value. A key stands in a table once.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) at: Position,
    pub(super) node: Node,
}

/// Without the passwords.
impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut entry = f.debug_struct("Entry");
        entry.field("key", &self.key).field("at", &self.at);
        if is_secret(&self.key) {
            entry.finish_non_exhaustive()
        } else {
            entry.field("node", &self.node).finish()
        }
    }
}

/// What a text was parsed into, and the problems with its syntax.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    /// The root table. None where the syntax does not allow to go on.
    pub(super) root: Option<Vec<Entry>>,
    /// The problems, each with its kind.
    pub(super) problems: Vec<(super::ConfigErrorKind, Position, String)>,
}

/// Turns byte offsets into lines and columns.
pub(super) struct Lines<'a> {
    text: &'a str,
    /// The offset at which each line starts.
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let breaks = text.match_indices('\n').map(|(offset, _)| offset + 1);
        Self {
            text,
            starts: core::iter::once(0).chain(breaks).collect(),
        }
    }

    /// The position of the character at an offset, or of the one the offset is within.
    pub(super) fn position(&self, offset: usize) -> Position {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = line
            .checked_sub(1)
            .and_then(|index| self.starts.get(index))
            .copied()
            .unwrap_or_default();
        let before = self.text.get(start..offset).unwrap_or_default();
        Position {
            line: number(line),
            column: number(before.chars().count() + 1),
        }
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// A byte order mark is no part of the text.
pub(super) fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}
