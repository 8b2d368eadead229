//! What a consumer tells those who watch it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use events_core::AnyEvent;

use super::job::Job;
use crate::record::Record;
use crate::transport::{DeadReason, EntryId, Malformed};

/// What came of an entry, each time that receivers were run with it.
pub struct Handled<'a> {
    job: &'a Job,
    first: bool,
    kind: Kind,
}

enum Kind {
    Fine(Arc<[Arc<str>]>),
    Dead(DeadReason, Box<str>),
    Mixed(Vec<ReceiverReport>),
}

impl<'a> Handled<'a> {
    pub(super) fn fine(job: &'a Job, receivers: Arc<[Arc<str>]>) -> Self {
        let kind = Kind::Fine(receivers);
        Self {
            job,
            first: true,
            kind,
        }
    }

    pub(super) fn gave_up(job: &'a Job, reason: DeadReason, error: Box<str>) -> Self {
        let kind = Kind::Dead(reason, error);
        Self {
            job,
            first: true,
            kind,
        }
    }

    pub(super) fn mixed(job: &'a Job, first: bool, reports: Vec<ReceiverReport>) -> Self {
        let kind = Kind::Mixed(reports);
        Self { job, first, kind }
    }

    /// The full name of the topic.
    pub fn topic(&self) -> &'a str {
        &self.job.source.topic
    }

    /// The group.
    pub fn group(&self) -> &'a str {
        &self.job.source.group
    }

    /// The entry.
    pub fn entry(&self) -> EntryId {
        self.job.entry_id()
    }

    /// Whether this is what came of the entry when it was handed out, and not of a receiver that was tried again.
    pub fn is_first(&self) -> bool {
        self.first
    }

    /// How often the entry was handed out.
    pub fn deliveries(&self) -> u64 {
        self.job.entry.deliveries
    }

    /// The record.
    ///
    /// # Errors
    /// With what stood there, where that is no record.
    pub fn record(&self) -> Result<&'a Record, &'a Malformed> {
        self.job.record()
    }

    /// The event; none where the record could not be read as one.
    pub fn event(&self) -> Option<AnyEvent<'a>> {
        self.job.event().map(|(_, event)| event.get())
    }

    /// Why the whole entry is a dead letter, and what was said: where it did not come to receivers.
    pub fn dead(&self) -> Option<(DeadReason, &str)> {
        match &self.kind {
            Kind::Dead(reason, error) => Some((*reason, error)),
            Kind::Fine(_) | Kind::Mixed(_) => None,
        }
    }

    /// The receivers that were run, and how each of them ended.
    pub fn receivers(&self) -> Vec<ReceiverReport> {
        match &self.kind {
            Kind::Fine(receivers) => receivers
                .iter()
                .map(|id| ReceiverReport::new(Arc::clone(id), ReceiverResult::Handled))
                .collect(),
            Kind::Dead(..) => Vec::new(),
            Kind::Mixed(reports) => reports.clone(),
        }
    }
}

impl fmt::Debug for Handled<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handled")
            .field("topic", &self.topic())
            .field("entry", &self.entry())
            .field("dead", &self.dead())
            .field("receivers", &self.receivers())
            .finish_non_exhaustive()
    }
}

/// How one receiver ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReceiverReport {
    /// The id of the receiver.
    pub receiver: Arc<str>,
    /// How it ended.
    pub result: ReceiverResult,
}

/// How a receiver ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReceiverResult {
    /// It handled the event.
    Handled,
    /// It failed, and is tried again.
    Again {
        /// What it said.
        error: Box<str>,
        /// How often it was tried.
        attempts: u32,
        /// After this time.
        delay: Duration,
    },
    /// It gave up: there is a dead letter.
    Dead {
        /// What it said last.
        error: Box<str>,
        /// How often it was tried.
        attempts: u32,
    },
}

impl ReceiverReport {
    pub(super) fn new(receiver: Arc<str>, result: ReceiverResult) -> Self {
        Self { receiver, result }
    }

    pub(super) fn again(receiver: &Arc<str>, error: &str, attempts: u32, delay: Duration) -> Self {
        let error = error.into();
        let result = ReceiverResult::Again {
            error,
            attempts,
            delay,
        };
        Self::new(Arc::clone(receiver), result)
    }

    pub(super) fn dead(receiver: &Arc<str>, error: &str, attempts: u32) -> Self {
        let error = error.into();
        Self::new(
            Arc::clone(receiver),
            ReceiverResult::Dead { error, attempts },
        )
    }
}
