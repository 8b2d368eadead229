//! Where a value of a configuration comes from.

use core::fmt;
use std::sync::Arc;

/// A place in a configuration: `site.toml:12:3`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    source: Arc<str>,
    position: Option<Position>,
}

/// A line and a column, both from 1. Columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Position {
    pub(super) line: u32,
    pub(super) column: u32,
}

impl Origin {
    pub(super) fn new(source: &Arc<str>, position: Position) -> Self {
        Self {
            source: Arc::clone(source),
            position: Some(position),
        }
    }

    /// The whole source, of which nothing could be read.
    pub(super) fn of_source(source: &Arc<str>) -> Self {
        Self {
            source: Arc::clone(source),
            position: None,
        }
    }

    pub(super) fn position(&self) -> Option<Position> {
        self.position
    }

    /// The file, or what was given as the origin of a text.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The line, from 1. None where the source as a whole is meant.
    pub fn line(&self) -> Option<u32> {
        self.position.map(|position| position.line)
    }

    /// The column in characters, from 1. None where the source as a whole is meant.
    pub fn column(&self) -> Option<u32> {
        self.position.map(|position| position.column)
    }
}

/// `site.toml:12:3`, or `site.toml` where the source as a whole is meant.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)?;
        match self.position {
            Some(Position { line, column }) => write!(f, ":{line}:{column}"),
            None => Ok(()),
        }
    }
}

/// A value and its origin.
#[derive(Debug, Clone)]
pub(super) struct Located<T> {
    pub(super) value: T,
    pub(super) origin: Origin,
}
