//! Numbered publishing: a batch is published once although its outcome was unknown, and disputes are resolved.
//!
//! Every publisher of an outbox has one [`Numbered`] per topic: the outbox in memory, the outbox in a store, and the relay of a
//! database. It owns the incarnation, the epoch and the acknowledged number, and applies one rule to each answer of
//! [`Log::publish_batch`](crate::transport::Log::publish_batch):
//!
//! | Dispute | Meaning | Reaction |
//! | --- | --- | --- |
//! | `OldEpoch`, and the store says so, too | Another publisher leads. | Ends quietly. |
//! | `OldEpoch` or `NumberTaken`, and the store confirms the lead | The store was restored or cloned. | Takes a new incarnation, logs one error, publishes. |
//! | `Forgotten` | The transport lost what it had acknowledged. | Publishes the kept records first, logs one error with the counts. |

use std::time::Duration;

use events_core::{EventMetadata, Timestamp, Uuid};

use super::size;
use crate::record::Record;
use crate::transport::{
    Batch, Dispute, EntryId, Epoch, Receipt, SharedTransport, TransportError, TransportErrorKind,
};

/// Age of an acknowledgement from which the transport may have forgotten it. Transports remember for at least 7 days.
const REMEMBERED: Duration = Duration::from_hours(6 * 24);

/// Number of disputes that one call resolves before it fails. A correct transport disputes a batch at most twice.
const DISPUTES: u32 = 4;

/// The store behind the numbers of an outbox: it says who leads, and keeps records.
pub(crate) trait Backing {
    /// Returns `false` if the publisher must not publish now, because it lost its lead or is to stop. Called before each attempt.
    ///
    /// # Errors
    /// Returns an error if the store does not answer.
    fn may_publish(&mut self) -> Result<bool, TransportError>;

    /// Asks the store whether this publisher still leads, whatever the clock says.
    ///
    /// # Errors
    /// Returns an error if the store does not answer.
    fn confirm(&mut self) -> Result<bool, TransportError>;

    /// Stores a new incarnation whose numbers begin after `after`. Returns `false` if the publisher lost its lead.
    ///
    /// # Errors
    /// Returns an error if the store does not answer. Then the old incarnation stays in use.
    fn store_incarnation(&mut self, incarnation: Uuid, after: u64) -> Result<bool, TransportError>;

    /// Returns published records that are still kept, in order: numbers above `after`, up to `until`, as many as fit in a batch.
    /// An empty answer ends the repair.
    ///
    /// # Errors
    /// Returns an error if the store does not answer.
    fn kept(&mut self, after: u64, until: u64) -> Result<Vec<(u64, Record)>, TransportError>;

    /// Counts an incident.
    fn count(&mut self, incident: Incident);
}

/// Something that the publisher repaired, for statistics and metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Incident {
    /// The outbox took a new incarnation.
    NewIncarnation,
    /// This number of kept records was published again, because the transport had forgotten them.
    Republished(u64),
    /// The transport forgot up to this number of records that are kept no more.
    Lost(u64),
}

/// Outcome of [`Numbered::publish`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The topic holds every record: new entries, and `None` for each record that it had already.
    Published(Vec<Option<EntryId>>),
    /// The publisher lost its lead or is to stop. The outcome of the batch is another publisher's business.
    Ended,
}

/// Position of a publisher when its term begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Resume {
    /// The incarnation.
    pub(crate) incarnation: Uuid,
    /// The number after which the numbers of the incarnation begin.
    pub(crate) base: u64,
    /// The epoch of the term.
    pub(crate) epoch: Epoch,
    /// The newest number that is known to be settled, and the time at which it was acknowledged or earlier.
    pub(crate) settled: Option<(u64, Timestamp)>,
}

/// The publishing side of an outbox for one topic.
#[derive(Debug)]
pub(crate) struct Numbered {
    incarnation: Uuid,
    base: u64,
    epoch: Epoch,
    /// The newest number that this incarnation was acknowledged, and when. `None` if there is none.
    acknowledged: Option<(u64, Timestamp)>,
    /// The newest number that any incarnation was acknowledged.
    newest: u64,
    repair: Option<Repair>,
}

/// Kept records that must be published again before anything else.
#[derive(Debug)]
struct Repair {
    /// The number after which the transport knows nothing.
    after: u64,
    /// The newest number that was acknowledged.
    until: u64,
    /// The number after which records of this incarnation are missing.
    missing_after: u64,
    /// The first record that is kept of those.
    first_kept: Option<u64>,
    /// Number of records that were published again.
    republished: u64,
}

impl Numbered {
    /// Creates the numbers of an outbox that does not outlast the process.
    pub(crate) fn in_memory() -> Self {
        Self::resume(Resume {
            incarnation: new_incarnation(),
            base: 0,
            epoch: Epoch::new(1, new_incarnation().as_u64_pair().1),
            settled: None,
        })
    }

    /// Continues the numbers of an outbox in a store.
    pub(crate) fn resume(resume: Resume) -> Self {
        let acknowledged = resume.settled.filter(|(number, _)| *number > resume.base);
        Self {
            incarnation: resume.incarnation,
            base: resume.base,
            epoch: resume.epoch,
            acknowledged,
            newest: resume.settled.map_or(resume.base, |(number, _)| number),
            repair: None,
        }
    }

    /// Returns the number for the next record of an outbox that counts its records itself.
    pub(crate) const fn next(&self) -> u64 {
        self.newest + 1
    }

    /// Returns `true` if records that the transport forgot are still to be published.
    pub(crate) const fn is_repairing(&self) -> bool {
        self.repair.is_some()
    }

    /// Publishes a batch, and before it whatever the transport forgot. With no records, only checks that the transport remembers
    /// what it acknowledged.
    ///
    /// A failed call is repeated with the same records and numbers, or with more behind them.
    ///
    /// # Errors
    /// Returns an error if the transport or the store does not answer.
    pub(crate) fn publish(
        &mut self,
        transport: &SharedTransport,
        topic: &str,
        records: &[Record],
        numbers: &[u64],
        backing: &mut impl Backing,
    ) -> Result<Outcome, TransportError> {
        let mut disputes = 0;
        loop {
            let (again, again_numbers) = self.next_repair(topic, backing)?;
            let repairs = !again.is_empty();
            let (records, numbers) = if repairs {
                (&*again, &*again_numbers)
            } else {
                (records, numbers)
            };
            if records.is_empty() && self.acknowledged().is_none() {
                return Ok(Outcome::Published(Vec::new()));
            }
            if !backing.may_publish()? {
                return Ok(Outcome::Ended);
            }
            let batch = Batch {
                incarnation: self.incarnation,
                epoch: self.epoch,
                acknowledged: self.acknowledged().unwrap_or(0),
                numbers,
            };
            match transport.publish_batch(topic, records, batch)? {
                Receipt::Published(ids) => {
                    self.acknowledge(numbers);
                    if !repairs {
                        return Ok(Outcome::Published(ids));
                    }
                    self.repaired(numbers, &ids, backing);
                }
                Receipt::Disputed(dispute) => {
                    disputes += 1;
                    if disputes > DISPUTES {
                        return Err(endless(transport, topic, dispute));
                    }
                    if !self.resolve(dispute, transport.name(), topic, numbers, backing)? {
                        return Ok(Outcome::Ended);
                    }
                }
            }
        }
    }

    /// Returns the acknowledged number, unless the transport may have forgotten it by now.
    fn acknowledged(&self) -> Option<u64> {
        let (number, at) = self.acknowledged?;
        let age = Timestamp::now().as_micros().saturating_sub(at.as_micros());
        let limit = i64::try_from(REMEMBERED.as_micros()).unwrap_or(i64::MAX);
        (age < limit).then_some(number)
    }

    fn acknowledge(&mut self, numbers: &[u64]) {
        if let Some(last) = numbers.last() {
            self.acknowledged = Some((*last, Timestamp::now()));
            self.newest = self.newest.max(*last);
        }
    }

    /// Reacts to a dispute. Returns `false` if the publisher lost its lead.
    fn resolve(
        &mut self,
        dispute: Dispute,
        transport: &str,
        topic: &str,
        numbers: &[u64],
        backing: &mut impl Backing,
    ) -> Result<bool, TransportError> {
        match dispute {
            Dispute::Forgotten { last } => self.begin_repair(last),
            Dispute::OldEpoch | Dispute::NumberTaken { .. } => {
                if !backing.confirm()? {
                    return Ok(false);
                }
                // The numbers of the new incarnation begin at what is published next.
                let after = numbers.first().map_or(self.newest, |first| first - 1);
                let incarnation = new_incarnation();
                if !backing.store_incarnation(incarnation, after)? {
                    return Ok(false);
                }
                tracing::error!(
                    target: "events_bus::producer", topic, transport, dispute = ?dispute, after,
                    old = %self.incarnation, new = %incarnation,
                    "the outbox was restored from a backup or cloned: the transport has batches of it that this copy did not \
                     publish; the copy goes on under a new identity, some events may be published twice, and none is lost"
                );
                self.incarnation = incarnation;
                self.base = after;
                self.acknowledged = None;
                backing.count(Incident::NewIncarnation);
            }
        }
        Ok(true)
    }

    fn begin_repair(&mut self, last: u64) {
        let missing_after = last.max(self.base);
        let mut repair = Repair {
            after: last,
            until: self.newest,
            missing_after,
            first_kept: None,
            republished: 0,
        };
        if let Some(before) = self.repair.take() {
            repair.republished = before.republished;
            // The transport forgot again, but not more than before: what was found missing stays found.
            if before.missing_after <= missing_after {
                repair.missing_after = before.missing_after;
                repair.first_kept = before.first_kept;
            }
        }
        self.repair = Some(repair);
        self.acknowledged = (last > 0).then(|| (last, Timestamp::now()));
    }

    /// Returns the next records of the repair with their numbers, or nothing once the repair is done.
    fn next_repair(
        &mut self,
        topic: &str,
        backing: &mut impl Backing,
    ) -> Result<(Vec<Record>, Vec<u64>), TransportError> {
        let Some(repair) = &mut self.repair else {
            return Ok(Default::default());
        };
        let kept = if repair.after < repair.until {
            backing.kept(repair.after, repair.until)?
        } else {
            Vec::new()
        };
        let first = kept
            .iter()
            .map(|(number, _)| *number)
            .find(|number| *number > repair.missing_after);
        repair.first_kept = repair.first_kept.or(first);
        if !kept.is_empty() {
            let (numbers, records) = kept.into_iter().unzip();
            return Ok((records, numbers));
        }
        let lost = repair
            .first_kept
            .map_or(repair.until, |first| first - 1)
            .saturating_sub(repair.missing_after);
        let republished = repair.republished;
        self.repair = None;
        backing.count(Incident::Lost(lost));
        tracing::error!(
            target: "events_bus::producer", topic, republished, lost,
            "the transport forgot events that it had acknowledged, as after a failover to a lagging replica, a restore or a flush; \
             those that the outbox still kept were published again, and `lost` events were not kept any more"
        );
        Ok(Default::default())
    }

    fn repaired(&mut self, numbers: &[u64], ids: &[Option<EntryId>], backing: &mut impl Backing) {
        let Some(repair) = &mut self.repair else {
            return;
        };
        repair.after = numbers.last().copied().unwrap_or(repair.until);
        let republished = ids.iter().flatten().count() as u64;
        repair.republished += republished;
        backing.count(Incident::Republished(republished));
    }
}

/// Creates the identity of an incarnation. It is random, and no other copy of the process or the file has it.
pub(crate) fn new_incarnation() -> Uuid {
    // The ids of events are seeded by the operating system; two hosts that boot one image draw different ones.
    EventMetadata::new("").id()
}

/// Cuts records with numbers to one batch.
pub(crate) fn cut(records: &mut Vec<(u64, Record)>, max_records: usize) {
    let sizes = records.iter().map(|(_, record)| record.size());
    let len = size::batch_len(sizes, max_records);
    records.truncate(len);
}

fn endless(transport: &SharedTransport, topic: &str, dispute: Dispute) -> TransportError {
    TransportError::new(
        TransportErrorKind::Corrupt,
        transport.name(),
        format!(
            "cannot publish to topic `{topic}`: the transport disputes every batch, at last with `{dispute:?}`; run its conformance \
             suite"
        ),
    )
}
