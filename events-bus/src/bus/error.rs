//! What can go wrong with a bus.

use std::fmt;
use std::path::PathBuf;

use events_core::{BoxError, registry};

use crate::config::BusConfigErrors;
use crate::consumer::StopError;
use crate::transport::TransportError;

/// A bus did not start: everything that is in its way.
pub struct StartError(pub(super) Vec<StartProblem>);

/// One thing that is in the way of a bus.
#[non_exhaustive]
pub enum StartProblem {
    /// The linker did not collect what it should.
    Registry(registry::Problems),
    /// The configuration is wrong.
    Config(BusConfigErrors),
    /// The transport, or the store of the outbox, cannot be opened or used.
    Transport(TransportError),
    /// The configuration asks for something that this build does not have, or has twice.
    Build(String),
    /// A file that the configuration names cannot be read: what it is, its path, and why.
    File(&'static str, PathBuf, std::io::Error),
    /// The outbox of a database cannot be relayed: its name, and why.
    Outbox(String, BoxError),
    /// A thread could not be started.
    Thread(std::io::Error),
}

impl StartError {
    /// The problems.
    pub fn problems(&self) -> &[StartProblem] {
        &self.0
    }
}

impl From<StartProblem> for StartError {
    fn from(problem: StartProblem) -> Self {
        Self(vec![problem])
    }
}

/// As text: it is what `main` and `unwrap` show of an error.
impl fmt::Debug for StartProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for StartProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registry(problems) => problems.fmt(f),
            Self::Config(problems) => problems.fmt(f),
            Self::Transport(error) => error.fmt(f),
            Self::Build(problem) => f.write_str(problem),
            Self::File(key, path, cause) => write!(
                f,
                "`{key}` names the file `{}`, which cannot be read: {cause}; correct the path, or who may read it",
                path.display()
            ),
            Self::Outbox(outbox, cause) => {
                write!(
                    f,
                    "the outbox `{outbox}` of transactions cannot be relayed: {cause}"
                )
            }
            Self::Thread(error) => write!(f, "a thread of the bus could not be started: {error}"),
        }
    }
}

/// The causes are in the texts; what is behind an error of a transport is its source.
impl std::error::Error for StartProblem {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Transport(error) => std::error::Error::source(error),
            _ => None,
        }
    }
}

/// As text: it is what `main` and `unwrap` show of an error.
impl fmt::Debug for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the bus does not start:")?;
        for problem in &self.0 {
            write!(f, "\n{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for StartError {}

/// Events still wait to be published.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{waiting} events still wait to be published at the end of the time")]
#[non_exhaustive]
pub struct FlushError {
    /// How many.
    pub waiting: u64,
}

/// A bus did not stop in order.
#[non_exhaustive]
pub struct ShutdownError {
    /// What the consumers that did not stop in order say.
    pub consumers: Vec<StopError>,
    /// How many events still wait to be published.
    pub waiting: u64,
    /// Whether those are lost, since they waited in memory. Otherwise they are published when a bus is started again.
    pub lost: bool,
    /// How many publishers were still at work.
    pub publishers: usize,
    /// How many relays were still at work. What they have not sent is in their databases, and is sent later.
    pub relays: usize,
}

/// As text: it is what `main` and `unwrap` show of an error.
impl fmt::Debug for ShutdownError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for ShutdownError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<_> = self.consumers.iter().map(StopError::to_string).collect();
        if self.waiting > 0 {
            let fate = if self.lost {
                "and are lost, as the outbox is in memory: give the shutdown more time, or keep the outbox in a file"
            } else {
                "and are published when a bus with this outbox is started again"
            };
            parts.push(format!(
                "{} events had not been published, {fate}",
                self.waiting
            ));
        }
        if self.publishers > 0 {
            parts.push(format!(
                "{} publishers were in a call of the transport",
                self.publishers
            ));
        }
        if self.relays > 0 {
            parts.push(format!(
                "{} relays were running receivers, or in a call of the database: what they have not sent is sent later",
                self.relays
            ));
        }
        write!(f, "the bus did not stop in order: {}", parts.join("; "))
    }
}

impl std::error::Error for ShutdownError {}
