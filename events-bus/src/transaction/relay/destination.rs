//! Destinations: topics that rows are published to, each with its own queue.
//!
//! A topic that does not take events holds up only itself. A record that its topic refuses holds up only later records of its key.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::Term;
use super::numbered::{NotPublished, Numbered};
use crate::backoff::Backoff;
use crate::record::Record;
use crate::transport::{Dispute, EntryId, TransportError};

/// Maximum number of records of a batch.
const BATCH: usize = 500;
/// Maximum size of a batch in bytes; one record may be larger.
const BATCH_BYTES: usize = 8 << 20;
/// Number of queued records at which a destination takes no more.
const QUEUED: usize = 2_000;
/// Size of queued records in bytes at which a destination takes no more.
const QUEUED_BYTES: usize = 16 << 20;
/// Number of refusals after which a row is quarantined.
pub(super) const REFUSALS: u32 = 3;
/// Time for which the backlog of an outbox is not looked up again.
const LOOK: Duration = Duration::from_secs(1);

/// A record of a row for one destination.
pub(super) struct Delivery {
    /// Number of the row.
    pub(super) row: i64,
    /// Index of the destination among those of the row.
    pub(super) index: u32,
    pub(super) record: Record,
}

/// A topic, and the records that wait for it.
pub(super) struct Destination {
    pub(super) numbered: Numbered,
    /// Maximum number of events in the outbox that the topic is.
    capacity: Option<u64>,
    backlog: (u64, Option<Instant>),
    queue: VecDeque<Delivery>,
    refused: Vec<Refused>,
    /// A batch whose outcome is unknown. It goes first, with the same numbers.
    unknown: Option<Pack>,
    count: usize,
    bytes: usize,
    /// `true` if rows were left in the database because the queue is full. They are read again from the beginning.
    pub(super) skips: bool,
    backoff: Backoff,
    blocked_until: Option<Instant>,
    /// Maximum number of records of the next batch.
    size: usize,
    /// Number of batches that the topic took.
    taken: u64,
    /// Value of `taken` at the last refusal.
    refused_at: Option<u64>,
    turn: bool,
}

/// A record that its topic refuses, and later ones of its key.
struct Refused {
    key: Option<Arc<str>>,
    waiting: VecDeque<Delivery>,
    tries: u32,
    taken: u64,
    due: Instant,
    backoff: Backoff,
}

/// A batch.
struct Pack {
    rows: Vec<(i64, u32)>,
    records: Vec<Record>,
    numbers: Vec<u64>,
    /// `true` if it is the first record of `refused[0]`.
    again: bool,
}

/// Result of one batch.
pub(super) enum Turn {
    /// There is nothing to publish now.
    Nothing,
    /// The topic took records.
    Published {
        rows: Vec<(i64, u32)>,
        records: Vec<Record>,
        ids: Vec<Option<EntryId>>,
    },
    /// The topic does not take records now. The outcome may be unknown.
    Failed {
        records: Vec<Record>,
        error: TransportError,
    },
    /// The topic refuses a batch, which goes on in parts.
    Split(TransportError),
    /// The outbox that the topic is has no room.
    Full(u64),
    /// The topic refuses a record.
    Refused {
        row: i64,
        error: TransportError,
        /// `true` if the row must be quarantined. It has left the queue.
        is_final: bool,
    },
    /// The transport disputes the epoch or the numbers.
    Disputed(Dispute),
}

impl Destination {
    pub(super) fn new(numbered: Numbered, capacity: Option<u64>) -> Self {
        Self {
            numbered,
            capacity,
            backlog: (0, None),
            queue: VecDeque::new(),
            refused: Vec::new(),
            unknown: None,
            count: 0,
            bytes: 0,
            skips: false,
            backoff: backoff(),
            blocked_until: None,
            size: BATCH,
            taken: 0,
            refused_at: None,
            turn: false,
        }
    }

    /// Returns `true` if it takes no more records now.
    pub(super) fn is_full(&self) -> bool {
        self.count >= QUEUED || self.bytes >= QUEUED_BYTES
    }

    /// Returns `true` if nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(super) fn push(&mut self, delivery: Delivery) {
        self.count += 1;
        self.bytes += delivery.record.size();
        self.queue.push_back(delivery);
    }

    /// Forgets everything that belongs to a term.
    pub(super) fn reset(&mut self) {
        self.numbered.reset();
        self.queue.clear();
        self.refused.clear();
        self.unknown = None;
        self.count = 0;
        self.bytes = 0;
        self.skips = false;
    }

    /// Publishes the next batch.
    pub(super) fn turn(&mut self, term: &mut Term) -> Turn {
        let now = Instant::now();
        if self.blocked_until.is_some_and(|until| now < until) {
            return Turn::Nothing;
        }
        if let Some(error) = self.look(now) {
            self.pause(now);
            return error;
        }
        let Some(mut pack) = self.unknown.take().or_else(|| self.pack(now)) else {
            return Turn::Nothing;
        };
        if pack.numbers.is_empty() {
            let first = term.last + 1;
            term.last += pack.records.len() as u64;
            pack.numbers = (first..=term.last).collect();
        }
        match self.numbered.publish(term, &pack.records, &pack.numbers) {
            Ok(ids) => self.published(pack, ids),
            Err(NotPublished::Disputed(dispute)) => {
                self.unknown = Some(pack);
                Turn::Disputed(dispute)
            }
            Err(NotPublished::Failed(error))
                if error.is_transient() || error.is_outcome_unknown() =>
            {
                let records = pack.records.clone();
                self.unknown = Some(pack);
                self.pause(now);
                Turn::Failed { records, error }
            }
            Err(NotPublished::Failed(error)) => self.refused(pack, error),
        }
    }

    /// Looks whether the outbox has room.
    fn look(&mut self, now: Instant) -> Option<Turn> {
        let capacity = self.capacity.filter(|_| !self.is_empty())?;
        let (backlog, looked) = &mut self.backlog;
        if looked.is_none_or(|at| now.duration_since(at) > LOOK) || *backlog >= capacity {
            match self.numbered.log().status(self.numbered.topic()) {
                Ok(status) => {
                    let groups = status.iter().flat_map(|status| &status.groups);
                    let lags = groups.filter_map(crate::transport::GroupStatus::lag);
                    *backlog = lags.max().unwrap_or_default();
                    *looked = Some(now);
                }
                Err(error) => {
                    let records = Vec::new();
                    return Some(Turn::Failed { records, error });
                }
            }
        }
        (*backlog >= capacity).then_some(Turn::Full(*backlog))
    }

    fn pause(&mut self, now: Instant) {
        self.blocked_until = Some(now + self.backoff.next());
    }

    /// Takes the next batch out of the queue. Later records of a refused key join that one.
    fn pack(&mut self, now: Instant) -> Option<Pack> {
        let mut pack = Pack {
            rows: Vec::new(),
            records: Vec::new(),
            numbers: Vec::new(),
            again: false,
        };
        // While the topic takes nothing, refused records and new ones take turns: a good one may be among the new ones.
        self.turn = !self.turn;
        let is_doubtful = self.refused_at == Some(self.taken);
        self.refused.sort_by_key(|refused| refused.due);
        let is_due = self.refused.first().is_some_and(|first| first.due <= now);
        if is_due && (!is_doubtful || self.turn || self.queue.is_empty()) {
            let first = self.refused.first_mut()?;
            let delivery = first.waiting.pop_front()?;
            pack.again = true;
            self.count -= 1;
            self.bytes -= delivery.record.size();
            pack.rows.push((delivery.row, delivery.index));
            pack.records.push(delivery.record);
            return Some(pack);
        }
        let size = if is_doubtful { 1 } else { self.size };
        let mut bytes = 0;
        while pack.records.len() < size && bytes < BATCH_BYTES {
            let Some(delivery) = self.queue.pop_front() else {
                break;
            };
            let key = &delivery.record.key;
            let mut refused = self.refused.iter_mut();
            if let Some(same) = refused.find(|it| key.is_some() && it.key == *key) {
                same.waiting.push_back(delivery);
                continue;
            }
            let length = delivery.record.size();
            if !pack.records.is_empty() && bytes + length > BATCH_BYTES {
                self.queue.push_front(delivery);
                break;
            }
            bytes += length;
            self.count -= 1;
            self.bytes -= length;
            pack.rows.push((delivery.row, delivery.index));
            pack.records.push(delivery.record);
        }
        (!pack.records.is_empty()).then_some(pack)
    }

    fn published(&mut self, pack: Pack, ids: Vec<Option<EntryId>>) -> Turn {
        self.taken += 1;
        self.backlog.0 += pack.records.len() as u64;
        self.size = (self.size * 4).min(BATCH);
        self.backoff.reset();
        self.blocked_until = None;
        if pack.again && !self.refused.is_empty() {
            let released = self.refused.remove(0);
            self.put_first(released.waiting);
        }
        Turn::Published {
            rows: pack.rows,
            records: pack.records,
            ids,
        }
    }

    /// Puts records in front of the queue that were counted before.
    fn put_first(&mut self, mut waiting: VecDeque<Delivery>) {
        waiting.append(&mut self.queue);
        self.queue = waiting;
    }

    /// Finds the record that is to blame: the batch becomes smaller until it is one record.
    fn refused(&mut self, pack: Pack, error: TransportError) -> Turn {
        let now = Instant::now();
        let rows = pack.rows.into_iter().zip(pack.records);
        let mut deliveries: VecDeque<_> = rows
            .map(|((row, index), record)| Delivery { row, index, record })
            .collect();
        self.count += deliveries.len();
        self.bytes += deliveries.iter().map(|it| it.record.size()).sum::<usize>();
        if deliveries.len() > 1 {
            self.size = deliveries.len() / 2;
            self.put_first(deliveries);
            return Turn::Split(error);
        }
        // A refusal counts only if the topic takes other records: a wrong password is no fault of a row.
        let is_doubtful = self.refused_at.replace(self.taken) == Some(self.taken);
        if is_doubtful {
            self.pause(now);
        }
        let row = deliveries.front().map_or(0, |delivery| delivery.row);
        if !pack.again {
            let mut backoff = backoff();
            self.refused.push(Refused {
                key: deliveries.front().and_then(|it| it.record.key.clone()),
                waiting: deliveries,
                tries: 1,
                taken: self.taken,
                due: now + backoff.next(),
                backoff,
            });
            let is_final = false;
            return Turn::Refused {
                row,
                error,
                is_final,
            };
        }
        let taken = self.taken;
        let mut is_final = false;
        if let Some(refused) = self.refused.first_mut() {
            deliveries.append(&mut refused.waiting);
            refused.waiting = deliveries;
            if taken > refused.taken {
                refused.tries += 1;
            }
            refused.taken = taken;
            refused.due = now + refused.backoff.next();
            is_final = refused.tries >= REFUSALS;
        }
        if is_final {
            let mut released = self.refused.remove(0).waiting;
            if let Some(gone) = released.pop_front() {
                self.count -= 1;
                self.bytes -= gone.record.size();
            }
            self.put_first(released);
        }
        Turn::Refused {
            row,
            error,
            is_final,
        }
    }
}

fn backoff() -> Backoff {
    Backoff::new(Duration::from_millis(50), Duration::from_secs(5))
}
