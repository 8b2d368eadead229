//! Errors of a bus.

use std::fmt;

use events_core::{BoxError, registry};

use crate::config::BusConfigErrors;
use crate::consumer::StopError;
use crate::transport::TransportError;

/// A bus did not start. It holds every problem that was found.
pub struct StartError(pub(super) Vec<StartProblem>);

/// A problem that keeps a bus from starting.
#[non_exhaustive]
pub enum StartProblem {
    /// The linker did not collect every signal and receiver.
    Registry(registry::Problems),
    /// The configuration is wrong.
    Config(BusConfigErrors),
    /// The transport, or the store of the outbox, cannot be opened or used.
    Transport(TransportError),
    /// The configuration asks for something that this build lacks, or that it has twice.
    Build(String),
    /// The outbox of a database cannot be relayed: its name, and why.
    Outbox(String, BoxError),
    /// A thread could not be started.
    Thread(std::io::Error),
}

impl StartError {
    /// Returns the problems.
    pub fn problems(&self) -> &[StartProblem] {
        &self.0
    }
}

impl From<StartProblem> for StartError {
    fn from(problem: StartProblem) -> Self {
        Self(vec![problem])
    }
}

/// Shows the text, because `main` and `unwrap` print this.
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

/// The texts contain the causes. Only an error of a transport has a source.
impl std::error::Error for StartProblem {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Transport(error) => std::error::Error::source(error),
            _ => None,
        }
    }
}

/// Shows the text, because `main` and `unwrap` print this.
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

/// Events still wait to be published, or the store of the outbox does not say whether any do.
#[derive(Debug, thiserror::Error)]
#[error("{}", unpublished(*.waiting, .unknown.as_ref(), .failure.as_deref()))]
#[non_exhaustive]
pub struct FlushError {
    /// Number of events that waited at the call and still wait, as far as it is known.
    pub waiting: u64,
    /// Error of the store of an outbox, if it could not be asked. More than `waiting` events may wait.
    pub unknown: Option<TransportError>,
    /// Reason of the last failure to publish.
    pub failure: Option<Box<str>>,
}

/// Describes events that are not published.
fn unpublished(waiting: u64, unknown: Option<&TransportError>, failure: Option<&str>) -> String {
    let mut text = match unknown {
        None => format!("{waiting} events still wait to be published"),
        Some(error) => format!(
            "cannot tell how many events still wait to be published (at least {waiting}), because the store of the outbox cannot be \
             asked: {error}"
        ),
    };
    if let Some(failure) = failure {
        text.push_str(": the last attempt failed: ");
        text.push_str(failure);
    }
    text
}

/// The bus did not shut down cleanly.
#[non_exhaustive]
pub struct ShutdownError {
    /// Errors of the consumers.
    pub consumers: Vec<StopError>,
    /// Number of events that still wait to be published, as far as it is known.
    pub waiting: u64,
    /// Error of the store of an outbox, if it could not be asked. More than `waiting` events may wait.
    pub unknown: Option<TransportError>,
    /// Reason of the last failure to publish.
    pub failure: Option<Box<str>>,
    /// `true` if the waiting events are lost, because they waited in memory. Otherwise they are published when a bus starts with
    /// this outbox again.
    pub lost: bool,
    /// Number of publishers that were still at work, or had panicked.
    pub publishers: usize,
    /// Number of relays whose thread did not end. Rows that they have not published stay in their databases.
    pub relays: usize,
}

/// Shows the text, because `main` and `unwrap` print this.
impl fmt::Debug for ShutdownError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for ShutdownError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<_> = self.consumers.iter().map(StopError::to_string).collect();
        if self.waiting > 0 || self.unknown.is_some() {
            let fate = if self.lost {
                "they are lost, because the outbox is in memory: give the shutdown more time, or keep the outbox in a file"
            } else {
                "they are published when a bus with this outbox is started again"
            };
            let text = unpublished(self.waiting, self.unknown.as_ref(), self.failure.as_deref());
            parts.push(format!("{text}; {fate}"));
        }
        if self.publishers > 0 {
            parts.push(format!(
                "{} publishers were in a call of the transport, or had panicked",
                self.publishers
            ));
        }
        if self.relays > 0 {
            parts.push(format!(
                "{} relays were in a call of their database or the transport: rows that they have not published stay in the database",
                self.relays
            ));
        }
        write!(f, "the bus did not shut down cleanly: {}", parts.join("; "))
    }
}

impl std::error::Error for ShutdownError {}
