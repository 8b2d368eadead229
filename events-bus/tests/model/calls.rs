//! Calls to the transport in the terms of the model, with the answers that the rules give.

use events_bus::transport::{Dispute, Epoch};

use super::topic::{End, EntryNumber, Handed, Holder, Old};
use super::world::{Batch, Event};

/// A consumer and the epoch under which it acts.
pub type By = (Holder, Epoch);

#[derive(Debug, Clone)]
pub enum Call {
    Publish {
        epoch: Epoch,
        batch: Batch,
    },
    Lead {
        holder: Holder,
    },
    Renew {
        by: By,
    },
    Receive {
        by: By,
        limit: usize,
    },
    Claim {
        by: By,
        max_deliveries: u64,
    },
    Retries {
        by: By,
    },
    ClaimRetry {
        by: By,
        entry: EntryNumber,
    },
    Settle {
        by: By,
        handed: Handed,
        end: End,
    },
    Release {
        by: By,
    },
    /// Every lease ends.
    Tick,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    Published(Result<Vec<Option<EntryNumber>>, Dispute>),
    Lead(Option<Epoch>),
    Entries(Result<Vec<Handed>, Old>),
    Retries(Result<Vec<(EntryNumber, Event)>, Old>),
    Settled(Result<(), Old>),
}

/// Recorder of calls. A search records nothing.
#[derive(Debug, Default)]
pub struct Calls(Option<Vec<(Call, Answer)>>);

impl Calls {
    pub fn recorded() -> Self {
        Self(Some(Vec::new()))
    }

    pub fn note(&mut self, call: impl FnOnce() -> Call, answer: impl FnOnce() -> Answer) {
        if let Some(calls) = &mut self.0 {
            calls.push((call(), answer()));
        }
    }

    /// Returns the number of calls.
    pub fn len(&self) -> usize {
        self.0.as_ref().map_or(0, Vec::len)
    }

    /// Forgets the calls after a number of them.
    pub fn truncate(&mut self, length: usize) {
        if let Some(calls) = &mut self.0 {
            calls.truncate(length);
        }
    }

    pub fn into_vec(self) -> Vec<(Call, Answer)> {
        self.0.unwrap_or_default()
    }
}
