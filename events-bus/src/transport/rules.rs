//! The rules that every transport shares, as pure functions of a state, a call and a time.
//!
//! The memory transport calls them. A checker explores them over all interleavings of several processes, and the other
//! transports replay its traces.

use std::time::Duration;

use events_core::Uuid;

use super::{Dispute, Epoch, Leadership};
use crate::record::Record;

/// Leadership of a group: the current epoch and the lease of its holder.
///
/// Times count from any fixed moment.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Lease {
    /// Counter of the newest epoch.
    counter: u64,
    /// The consumer that leads, its epoch and the end of its lease. `None` once it released the lead.
    holder: Option<Holder>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Holder {
    consumer: Box<str>,
    epoch: Epoch,
    until: Duration,
}

impl Lease {
    /// Takes the lead for a consumer unless another one holds a lease. Each success begins a new epoch with the given holder id.
    pub fn lead(
        &mut self,
        consumer: &str,
        lease: Duration,
        holder: u64,
        now: Duration,
    ) -> Leadership {
        if self.leader(now).is_some_and(|leader| *leader != *consumer) {
            return Leadership::Standby;
        }
        self.counter += 1;
        let epoch = Epoch::new(self.counter, holder);
        self.holder = Some(Holder {
            consumer: consumer.into(),
            epoch,
            until: now.saturating_add(lease),
        });
        Leadership::Leader(epoch)
    }

    /// Returns `true` if an epoch is the current one. Its lease may have ended, as long as no other consumer has led since.
    pub fn is_current(&self, epoch: Epoch) -> bool {
        self.holder
            .as_ref()
            .is_some_and(|holder| holder.epoch == epoch)
    }

    /// Extends the lease of an epoch. Returns `false` and changes nothing if the epoch is old.
    pub fn renew(&mut self, epoch: Epoch, lease: Duration, now: Duration) -> bool {
        match &mut self.holder {
            Some(holder) if holder.epoch == epoch => {
                holder.until = now.saturating_add(lease);
                true
            }
            _ => false,
        }
    }

    /// Ends an epoch, so that another consumer may lead at once. Returns `false` and changes nothing if the epoch is old.
    pub fn release(&mut self, epoch: Epoch) -> bool {
        let is_current = self.is_current(epoch);
        if is_current {
            self.holder = None;
        }
        is_current
    }

    /// Returns the consumer that holds a lease.
    pub fn leader(&self, now: Duration) -> Option<&str> {
        self.holder
            .as_ref()
            .filter(|holder| holder.until > now)
            .map(|holder| &*holder.consumer)
    }
}

/// Memory of what one incarnation of an outbox has published to one topic.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "transports load and store each field"
)]
pub struct Publication {
    /// The newest epoch that published.
    pub epoch: Option<Epoch>,
    /// The last number. 0 if nothing was published.
    pub last: u64,
    /// The event ids of the last batch that appended a record.
    pub ids: Vec<Uuid>,
}

/// Pairs the numbers of a batch with the ids of its events.
///
/// # Errors
/// Returns a message if a record has no number of its own, or the numbers do not ascend from above 0. A missing number would leave
/// its record out.
pub fn numbered(records: &[Record], numbers: &[u64]) -> Result<Vec<(u64, Uuid)>, String> {
    if records.len() != numbers.len() {
        return Err(format!(
            "a batch has {} records and {} numbers; give each record a number",
            records.len(),
            numbers.len()
        ));
    }
    let is_ascending = numbers.is_sorted_by(|one, next| one < next);
    if numbers.first() == Some(&0) || !is_ascending {
        return Err(
            "the numbers of a batch do not ascend from above 0; number the records of an outbox in order"
                .to_owned(),
        );
    }
    let ids = records.iter().map(|record| record.metadata.id());
    Ok(numbers.iter().copied().zip(ids).collect())
}

/// Plan for a batch: for each record, `true` if it must be appended and `false` if it is passed over.
pub type Appends = Vec<bool>;

impl Publication {
    /// Decides what to append of a batch. Changes nothing.
    ///
    /// # Errors
    /// Returns the dispute if nothing may be appended.
    pub fn judge(
        &self,
        epoch: Epoch,
        acknowledged: u64,
        batch: &[(u64, Uuid)],
    ) -> Result<Appends, Dispute> {
        if let Some(newest) = self.epoch {
            let is_old = newest.counter() > epoch.counter();
            let is_foreign = newest.counter() == epoch.counter() && newest != epoch;
            if is_old || is_foreign {
                return Err(Dispute::OldEpoch);
            }
        }
        if self.last < acknowledged {
            return Err(Dispute::Forgotten { last: self.last });
        }
        let mut appends = Vec::with_capacity(batch.len());
        for (number, id) in batch {
            let is_new = *number > self.last;
            if !is_new && !self.ids.contains(id) {
                return Err(Dispute::NumberTaken {
                    number: *number,
                    last: self.last,
                });
            }
            appends.push(is_new);
        }
        Ok(appends)
    }

    /// Remembers a batch after the records of its plan were appended. An empty batch was a check and changes nothing.
    pub fn record(&mut self, epoch: Epoch, batch: &[(u64, Uuid)], appends: &[bool]) {
        if batch.is_empty() {
            return;
        }
        self.epoch = Some(epoch);
        if appends.contains(&true) {
            self.last = batch.last().map_or(self.last, |(number, _)| *number);
            self.ids = batch.iter().map(|(_, id)| *id).collect();
        }
    }
}

/// Number of trials that may end the process before an entry becomes a dead letter.
pub const TRIALS: u32 = 2;

/// Returns `true` if a pending entry is a suspect: it was delivered `max_deliveries` times, or has a trial mark.
pub const fn is_suspect(deliveries: u64, trials: u32, max_deliveries: u64) -> bool {
    deliveries >= max_deliveries || trials > 0
}
