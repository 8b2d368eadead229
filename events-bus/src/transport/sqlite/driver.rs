//! The driver of the SQLite transport. It exists without the feature `sqlite`, to name the feature in errors.

use std::path::{Path, PathBuf};

use super::{Check, ConfigErrorKind, Driver, OpenOptions, Settings, Table, Variables};
use crate::transport::{SharedTransport, TransportError};

/// `transport = "sqlite"`
#[derive(Debug)]
pub(super) struct Sqlite;

impl Driver for Sqlite {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    fn urls(&self) -> &'static [&'static str] {
        &["sqlite:PATH"]
    }

    fn settings(&self) -> Box<dyn Settings> {
        Box::new(SqliteConfig::new(""))
    }
}

/// A store in a file, which the processes of one machine share.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SqliteConfig {
    /// The file. A relative path begins in the working directory of the process.
    pub path: PathBuf,
    /// Durability of a stored event. Defaults to [`SqliteSync::Full`].
    pub sync: SqliteSync,
}

/// Durability of writes to a file, and so their cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum SqliteSync {
    /// Survives loss of power: each write waits for the disk.
    #[default]
    Full,
    /// Survives a crash of the process. The last writes before a loss of power may be missing. Many times faster.
    Normal,
}

const SYNC: &[(&str, SqliteSync)] = &[("full", SqliteSync::Full), ("normal", SqliteSync::Normal)];

impl SqliteConfig {
    /// Creates the settings of a file that survives loss of power.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            sync: SqliteSync::Full,
        }
    }

    /// Returns `true` if both name the same file.
    pub fn is_same_file(&self, other: &Self) -> bool {
        let same = || Some(self.path.canonicalize().ok()? == other.path.canonicalize().ok()?);
        self.path == other.path || same().unwrap_or(false)
    }
}

/// Returns the problem of a path, if any.
fn problem(path: &Path) -> Option<&'static str> {
    let text = path.to_str()?.trim();
    if text.is_empty() {
        Some("has no path")
    } else if text.starts_with(":memory:") || text.starts_with("file:") {
        Some("has a meaning of its own to SQLite")
    } else {
        None
    }
}

impl Settings for SqliteConfig {
    fn driver(&self) -> &'static dyn Driver {
        &Sqlite
    }

    fn layer(&mut self, table: &mut Table<'_>, _: &Variables<'_>) {
        if let Some(path) = table.text("path", "events.db") {
            self.path = path.value.into();
        }
        if let Some(sync) = table.one_of("sync", SYNC) {
            self.sync = sync.value;
        }
    }

    fn set_url(&mut self, url: &str) -> Result<(), String> {
        let path = url.strip_prefix("sqlite:").unwrap_or(url);
        let path = Path::new(path.strip_prefix("//").unwrap_or(path));
        if let Some(problem) = problem(path) {
            return Err(format!(
                "{problem}, expected `sqlite:PATH`; write the path of a file, such as `sqlite:events.db`"
            ));
        }
        path.clone_into(&mut self.path);
        Ok(())
    }

    fn check(&self, check: &mut Check<'_>) {
        let Some(problem) = problem(&self.path) else {
            return;
        };
        if self
            .path
            .to_str()
            .is_some_and(|path| path.trim().is_empty())
        {
            let table = check.table();
            let remedy = format!("add it with the path of a file, such as `\"{table}.db\"`");
            return check.missing(&["path"], &remedy);
        }
        let message = format!(
            "{} {problem}, expected the path of a file; write one such as `events.db`",
            check.name("path")
        );
        check.problem(ConfigErrorKind::InvalidValue, &["path"], message);
    }

    #[cfg(feature = "sqlite")]
    fn open(&self, options: &OpenOptions) -> Result<SharedTransport, TransportError> {
        use crate::transport::sqlite::{SqliteOptions, SqliteTransport, Sync};

        if options.read_only {
            return Ok(std::sync::Arc::new(SqliteTransport::open_read_only(
                &self.path,
            )?));
        }
        let options = SqliteOptions {
            sync: match self.sync {
                SqliteSync::Full => Sync::Full,
                SqliteSync::Normal => Sync::Normal,
            },
            duplicate_window: options.duplicate_window,
            ..SqliteOptions::default()
        };
        let transport = SqliteTransport::open(&self.path, options)?;
        Ok(std::sync::Arc::new(transport))
    }

    #[cfg(not(feature = "sqlite"))]
    fn open(&self, _: &OpenOptions) -> Result<SharedTransport, TransportError> {
        Err(super::not_built("sqlite", "sqlite"))
    }

    fn check_exists(&self) -> Result<(), String> {
        if self.path.exists() {
            return Ok(());
        }
        Err(format!("there is no store `{}`", self.path.display()))
    }
}
