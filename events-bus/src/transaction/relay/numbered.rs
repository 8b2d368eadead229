//! Publishing to one topic under numbers, so that a batch whose outcome is unknown is published once.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::super::Term;
use crate::record::Record;
use crate::transport::{Batch, Dispute, EntryId, Receipt, SharedTransport, TransportError};

/// Time for which published records stay in memory, to repair a transport that forgets them.
const KEEP_FOR: Duration = Duration::from_secs(20);
/// Maximum number of such records.
const KEEP_RECORDS: usize = 20_000;
/// Maximum sum of their sizes in bytes.
const KEEP_BYTES: usize = 32 << 20;
/// Number of records of a repair that are published at once.
const REPAIR: usize = 500;

/// A topic, with the memory of what it acknowledged in this incarnation.
pub(super) struct Numbered {
    log: SharedTransport,
    topic: String,
    acknowledged: u64,
    recent: VecDeque<Acknowledged>,
    bytes: usize,
}

struct Acknowledged {
    number: u64,
    at: Instant,
    record: Record,
}

/// Reason why a batch was not published.
pub(super) enum NotPublished {
    /// The transport disputes the epoch or the numbers.
    Disputed(Dispute),
    /// The transport failed.
    Failed(TransportError),
}

impl From<TransportError> for NotPublished {
    fn from(error: TransportError) -> Self {
        Self::Failed(error)
    }
}

impl Numbered {
    pub(super) fn new(log: SharedTransport, topic: String) -> Self {
        Self {
            log,
            topic,
            acknowledged: 0,
            recent: VecDeque::new(),
            bytes: 0,
        }
    }

    pub(super) fn topic(&self) -> &str {
        &self.topic
    }

    pub(super) fn log(&self) -> &SharedTransport {
        &self.log
    }

    /// Begins another incarnation, or another term.
    pub(super) fn reset(&mut self) {
        self.acknowledged = 0;
        self.recent.clear();
        self.bytes = 0;
    }

    /// Publishes a batch. After an error the caller repeats it with the same numbers, unless the transport refused it for sure.
    pub(super) fn publish(
        &mut self,
        term: &Term,
        records: &[Record],
        numbers: &[u64],
    ) -> Result<Vec<Option<EntryId>>, NotPublished> {
        let mut receipt = self.call(term, records, numbers)?;
        if let Receipt::Disputed(Dispute::Forgotten { last }) = receipt {
            self.repair(term, last)?;
            receipt = self.call(term, records, numbers)?;
        }
        match receipt {
            Receipt::Published(ids) => {
                self.acknowledge(records, numbers);
                Ok(ids)
            }
            Receipt::Disputed(dispute) => Err(NotPublished::Disputed(dispute)),
        }
    }

    fn call(
        &self,
        term: &Term,
        records: &[Record],
        numbers: &[u64],
    ) -> Result<Receipt, TransportError> {
        let batch = Batch {
            incarnation: term.incarnation,
            epoch: term.epoch,
            acknowledged: self.acknowledged,
            numbers,
        };
        self.log.publish_batch(&self.topic, records, batch)
    }

    /// Publishes again what the transport has forgotten, as far as it is in memory.
    fn repair(&mut self, term: &Term, last: u64) -> Result<(), NotPublished> {
        let acknowledged = std::mem::replace(&mut self.acknowledged, last);
        let (numbers, records): (Vec<u64>, Vec<Record>) = self
            .recent
            .iter()
            .filter(|recent| recent.number > last)
            .map(|recent| (recent.number, recent.record.clone()))
            .unzip();
        tracing::error!(
            target: "events_bus::relay", topic = &*self.topic, published_again = records.len(), acknowledged, remembered = last,
            "the transport has forgotten events that it acknowledged; those of the last 20 seconds are published again"
        );
        for (records, numbers) in records.chunks(REPAIR).zip(numbers.chunks(REPAIR)) {
            let receipt = self.call(term, records, numbers);
            match receipt {
                Ok(Receipt::Published(_)) => {
                    self.acknowledged = numbers.last().copied().unwrap_or(last);
                }
                // The next attempt repairs again.
                Ok(Receipt::Disputed(dispute)) => {
                    self.acknowledged = acknowledged;
                    return Err(NotPublished::Disputed(dispute));
                }
                Err(error) => {
                    self.acknowledged = acknowledged;
                    return Err(error.into());
                }
            }
        }
        Ok(())
    }

    fn acknowledge(&mut self, records: &[Record], numbers: &[u64]) {
        let at = Instant::now();
        for (record, number) in records.iter().zip(numbers) {
            self.acknowledged = self.acknowledged.max(*number);
            self.bytes += record.size();
            self.recent.push_back(Acknowledged {
                number: *number,
                at,
                record: record.clone(),
            });
        }
        while let Some(oldest) = self.recent.front() {
            let is_old = at.duration_since(oldest.at) > KEEP_FOR;
            if !is_old && self.recent.len() <= KEEP_RECORDS && self.bytes <= KEEP_BYTES {
                break;
            }
            self.bytes -= oldest.record.size();
            self.recent.pop_front();
        }
    }
}
