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
    /// A configuration without any layer.
    pub(super) fn of_nothing() -> Self {
        Self {
            source: Arc::from("configuration"),
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

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub origin: Origin,
}

impl<T> Located<T> {
    pub(super) fn new(value: T, origin: Origin) -> Self {
        Self { value, origin }
    }
}

/// A source of configuration: what it is called, and how it is written.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) name: Arc<str>,
    pub(super) format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Toml,
    Json,
}

impl Source {
    pub(super) fn new(name: &str, format: Format) -> Self {
        Self {
            name: Arc::from(name),
            format,
        }
    }

    pub(super) fn at(&self, position: Position) -> Origin {
        Origin {
            source: Arc::clone(&self.name),
            position: Some(position),
        }
    }

    /// The whole source, of which nothing could be read.
    pub(super) fn whole(&self) -> Origin {
        Origin {
            source: Arc::clone(&self.name),
            position: None,
        }
    }

    /// Whether the place is in this source, and not in another one of the same name.
    pub(super) fn has(&self, origin: &Origin) -> bool {
        Arc::ptr_eq(&self.name, &origin.source)
    }
}
