//! The transport of the model: a log, what outboxes published, and one group. The rules are those of the crate.

use std::collections::BTreeMap;
use std::time::Duration;

use events_bus::transport::rules::{Lease, Publication, is_suspect};
use events_bus::transport::{Dispute, Epoch, Leadership};
use events_core::Uuid;

use super::world::{Batch, Config, Event, Events, Fence, Process};

/// Number of an entry. No two entries of a run have the same.
pub type EntryNumber = u8;

/// Index of a process. `NOBODY` holds what was released.
pub type Holder = u8;
pub const NOBODY: Holder = Holder::MAX;

/// A topic with its group.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Topic {
    pub log: Vec<(EntryNumber, Event)>,
    pub publications: BTreeMap<u8, Publication>,
    pub lease: Lease,
    /// Number of entries of the log that the group was given.
    pub position: usize,
    pub pending: Vec<Pending>,
    pub retries: Vec<Retry>,
    /// Events in the duplicate window.
    pub handled: Events,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pending {
    pub entry: EntryNumber,
    pub event: Event,
    pub holder: Holder,
    pub deliveries: u8,
    pub trials: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Retry {
    pub entry: EntryNumber,
    pub event: Event,
    pub attempts: u8,
}

/// An entry as it is handed out.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Handed {
    pub entry: EntryNumber,
    pub event: Event,
    pub is_retry: bool,
    pub is_duplicate: bool,
    pub trials: u8,
}

/// The old epoch of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Old;

/// End of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum End {
    Handled,
    /// The event was handled in another entry.
    Skipped,
    Parked {
        attempts: u8,
    },
    Dead,
}

/// Length of a lease: it ends with the next tick.
pub const LEASE: Duration = Duration::from_secs(1);

pub fn moment(now: u8) -> Duration {
    Duration::from_secs(u64::from(now))
}

pub fn uuid(number: u8) -> Uuid {
    Uuid::from_u128(u128::from(number) + 1)
}

impl Topic {
    pub fn publish(
        &mut self,
        batch: &Batch,
        epoch: Epoch,
        next_entry: &mut EntryNumber,
        config: &Config,
    ) -> Result<Vec<Option<EntryNumber>>, Dispute> {
        let records = &batch.records;
        let publication = self.publications.entry(batch.incarnation).or_default();
        let mut epoch = epoch;
        if config.is_out(Fence::PublishEpoch) {
            epoch = Epoch::new(1, 1);
        }
        let (acknowledged, acknowledged_event) = if config.is_out(Fence::Forgotten) {
            (0, None)
        } else {
            batch.acknowledged
        };
        let numbered: Vec<_> = records
            .iter()
            .map(|(number, event)| (*number, uuid(*event)))
            .collect();
        let mut judged = publication.clone();
        if config.is_out(Fence::IdProof) {
            judged.ids = numbered.iter().map(|(_, id)| *id).collect();
        }
        let judgement = judged
            .judge(epoch, acknowledged, &numbered)
            .and_then(|appends| {
                let is_proven = !config.proves_acknowledged
                    || judged.last == 0
                    || if judged.last == acknowledged {
                        acknowledged_event.is_some_and(|event| judged.ids.contains(&uuid(event)))
                    } else {
                        appends.contains(&false)
                    };
                if is_proven {
                    return Ok(appends);
                }
                let (number, last) = (acknowledged, judged.last);
                Err(Dispute::NumberTaken { number, last })
            });
        let appends = match judgement {
            Ok(appends) => appends,
            Err(dispute) => {
                self.publications
                    .retain(|_, publication| *publication != Publication::default());
                return Err(dispute);
            }
        };
        publication.record(epoch, &numbered, &appends);
        self.publications
            .retain(|_, publication| *publication != Publication::default());
        let mut entries = Vec::new();
        for ((_, event), append) in records.iter().zip(appends) {
            entries.push(append.then(|| {
                *next_entry += 1;
                self.log.push((*next_entry, *event));
                *next_entry
            }));
        }
        Ok(entries)
    }

    pub fn lead(&mut self, process: &Process, now: u8) -> Option<Epoch> {
        let name = process.name();
        let holder = process.next_holder();
        match self.lease.lead(&name, LEASE, holder, moment(now)) {
            Leadership::Leader(epoch) => Some(epoch),
            _ => None,
        }
    }

    pub fn renew(&mut self, epoch: Epoch, now: u8) -> Result<(), Old> {
        let is_current = self.lease.renew(epoch, LEASE, moment(now));
        if is_current { Ok(()) } else { Err(Old) }
    }

    fn check(&self, epoch: Epoch, fence: Fence, config: &Config) -> Result<(), Old> {
        if config.is_out(fence) || self.lease.is_current(epoch) {
            Ok(())
        } else {
            Err(Old)
        }
    }

    fn hand(&self, pending: &Pending) -> Handed {
        Handed {
            entry: pending.entry,
            event: pending.event,
            is_retry: false,
            is_duplicate: self.handled.has(pending.event),
            trials: pending.trials,
        }
    }

    pub fn receive(
        &mut self,
        holder: Holder,
        epoch: Epoch,
        limit: usize,
        config: &Config,
    ) -> Result<Vec<Handed>, Old> {
        self.check(epoch, Fence::Receive, config)?;
        let to = self.log.len().min(self.position + limit);
        let mut handed = Vec::new();
        for (entry, event) in &self.log[self.position..to] {
            let pending = Pending {
                entry: *entry,
                event: *event,
                holder,
                deliveries: 1,
                trials: 0,
            };
            handed.push(self.hand(&pending));
            self.pending.push(pending);
        }
        self.position = to;
        self.pending.sort_by_key(|pending| pending.entry);
        Ok(handed)
    }

    /// Claims every pending entry up to a suspect, or one suspect alone. Returns `true` if a suspect ended the call.
    pub fn claim(
        &mut self,
        holder: Holder,
        epoch: Epoch,
        config: &Config,
    ) -> Result<(Vec<Handed>, bool), Old> {
        self.check(epoch, Fence::Claim, config)?;
        let mut handed = Vec::new();
        let mut ended = false;
        for index in 0..self.pending.len() {
            let pending = &mut self.pending[index];
            let is_suspect = is_suspect(
                pending.deliveries.into(),
                pending.trials.into(),
                config.max_deliveries,
            );
            if is_suspect && !handed.is_empty() {
                ended = true;
                break;
            }
            pending.holder = holder;
            // The count matters up to the maximum.
            pending.deliveries = config.counted(pending.deliveries + 1);
            pending.trials += u8::from(is_suspect);
            let pending = self.pending[index].clone();
            handed.push(self.hand(&pending));
            if is_suspect {
                break;
            }
        }
        Ok((handed, ended))
    }

    pub fn retries(&self, epoch: Epoch, config: &Config) -> Result<Vec<(EntryNumber, Event)>, Old> {
        self.check(epoch, Fence::Claim, config)?;
        let of = |retry: &Retry| (retry.entry, retry.event);
        Ok(self.retries.iter().map(of).collect())
    }

    pub fn claim_retry(
        &self,
        epoch: Epoch,
        entry: EntryNumber,
        config: &Config,
    ) -> Result<Vec<Handed>, Old> {
        self.check(epoch, Fence::Claim, config)?;
        let found = self.retries.iter().filter(|retry| retry.entry == entry);
        let of = |retry: &Retry| Handed {
            entry,
            event: retry.event,
            is_retry: true,
            is_duplicate: self.handled.has(retry.event),
            trials: 0,
        };
        Ok(found.map(of).collect())
    }

    /// Settles a delivery. Returns `true` if it was still to be settled.
    pub fn settle(
        &mut self,
        epoch: Epoch,
        handed: &Handed,
        end: End,
        config: &Config,
    ) -> Result<bool, Old> {
        self.check(epoch, Fence::Settle, config)?;
        let event = handed.event;
        let is_parked = matches!(end, End::Parked { .. });
        let found = if handed.is_retry {
            let place = self.retries.iter().position(|it| it.entry == handed.entry);
            if let (Some(place), false) = (place, is_parked) {
                self.retries.remove(place);
            }
            place.is_some()
        } else {
            let place = self.pending.iter().position(|it| it.entry == handed.entry);
            if let Some(place) = place {
                self.pending.remove(place);
            }
            place.is_some()
        };
        if !found {
            return Ok(false);
        }
        if let End::Parked { attempts } = end {
            let entry = handed.entry;
            self.retries.retain(|retry| retry.entry != entry);
            self.retries.push(Retry {
                entry,
                event,
                attempts,
            });
            self.retries.sort_by_key(|retry| retry.entry);
        }
        if end == End::Handled {
            self.handled.add(event);
        }
        Ok(true)
    }

    pub fn release(&mut self, holder: Holder, epoch: Epoch) {
        if !self.lease.release(epoch) {
            return;
        }
        for pending in &mut self.pending {
            if pending.holder == holder {
                pending.holder = NOBODY;
                pending.deliveries = pending.deliveries.saturating_sub(1);
                pending.trials = pending.trials.saturating_sub(1);
            }
        }
    }
}
