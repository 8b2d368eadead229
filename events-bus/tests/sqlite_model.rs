//! The file and the memory transport give the same answers to the same calls.

#![cfg(feature = "sqlite")]
#![allow(
    clippy::unwrap_used,
    clippy::allow_attributes,
    reason = "a test that cannot go on has failed"
)]

#[path = "parts/sqlite_model_agreement.rs"]
mod agreement;

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use events_bus::transport::memory::MemoryTransport;
use events_bus::transport::sqlite::{SqliteOptions, SqliteTransport, Sync};
use events_bus::transport::{
    Batch, Claim, DeadLetter, DeadLetterLimits, DeadReason, Entry, EntryId, Epoch, Leadership,
    Limit, Member, Position, Queue, Receipt, Retention, RetryState, Settlement, Start, Transport,
    TransportError,
};
use events_bus::{Record, Requeued};
use events_core::{EventMetadata, Timestamp, Uuid};

const TOPIC: &str = "orders";
const CONSUMERS: [&str; 3] = ["one", "two", "three"];
const RECEIVERS: [&str; 3] = ["shop.audit", "shop.mail", "shop.stock"];
const LONG: Duration = Duration::from_hours(1);
/// Number of calls of one run.
const CALLS: usize = 400;
/// Number of runs.
const RUNS: u64 = 40;

/// The parts of an answer that have to agree: no times, and no random holder ids.
fn essence(entries: &[Entry]) -> Vec<String> {
    entries
        .iter()
        .map(|entry| {
            let record = entry.record.as_ref().unwrap();
            let mut handled_by = entry.handled_by.clone();
            handled_by.sort();
            format!(
                "{} {} d{} t{} {:?} {handled_by:?}",
                entry.id,
                record.metadata.id(),
                entry.deliveries,
                entry.trials,
                entry.retry
            )
        })
        .collect()
}

/// Both transports, with the epochs that each gave.
struct Pair {
    memory: MemoryTransport,
    file: SqliteTransport,
    /// Every epoch so far.
    epochs: Vec<(usize, Epoch, Epoch)>,
}

impl Pair {
    /// Makes a call on both and compares the answers.
    fn both<T, E: PartialEq + Debug>(
        &self,
        call: &str,
        act: impl Fn(&dyn Transport, bool) -> Result<T, TransportError>,
        essence: impl Fn(&T) -> E,
    ) -> Option<T> {
        let memory = act(&self.memory, false);
        let file = act(&self.file, true);
        match (memory, file) {
            (Ok(memory), Ok(file)) => {
                assert_eq!(essence(&file), essence(&memory), "{call}");
                Some(memory)
            }
            (Err(memory), Err(file)) => {
                assert_eq!(file.kind(), memory.kind(), "{call}: {file}");
                None
            }
            (memory, file) => panic!(
                "{call}: memory {:?}, file {:?}",
                memory.map(|answer| essence(&answer)),
                file.map(|answer| essence(&answer))
            ),
        }
    }
}

/// A run of random calls.
struct Run {
    pair: Pair,
    random: fastrand::Rng,
    records: Vec<Record>,
    entries: Vec<EntryId>,
    retries: Vec<(EntryId, Arc<str>)>,
    acknowledged: u64,
}

impl Run {
    fn record(&mut self) -> Record {
        if !self.records.is_empty() && self.random.u8(..4) == 0 {
            let index = self.random.usize(..self.records.len());
            return self.records[index].clone();
        }
        let record = Record::new(
            EventMetadata::new("org.example.shop.order.placed.v1"),
            vec![1, 2],
        );
        self.records.push(record.clone());
        record
    }

    fn some_records(&mut self) -> Vec<Record> {
        (0..self.random.usize(0..5))
            .map(|_| self.record())
            .collect()
    }

    fn state(&mut self) -> RetryState {
        RetryState {
            receiver: RECEIVERS[self.random.usize(..3)].into(),
            key: self.random.bool().then(|| "key".into()),
            attempts: self.random.u32(..9),
            error: "no connection".into(),
            due: Timestamp::from_micros(self.random.i64(0..1_000_000_000)).unwrap(),
            delay: Duration::from_micros(self.random.u64(..1_000_000_000)),
        }
    }

    fn settlement(&mut self) -> Option<Settlement> {
        let is_retry = !self.retries.is_empty() && self.random.u8(..3) == 0;
        let (entry, receiver) = if is_retry {
            let (entry, receiver) = self.retries[self.random.usize(..self.retries.len())].clone();
            (entry, Some(receiver))
        } else if self.entries.is_empty() {
            return None;
        } else {
            (self.entries[self.random.usize(..self.entries.len())], None)
        };
        let event = (self.random.bool() && !self.records.is_empty()).then(|| {
            self.records[self.random.usize(..self.records.len())]
                .metadata
                .id()
        });
        let handled = (0..self.random.usize(..3)).map(|index| Arc::from(RECEIVERS[index]));
        let mut settlement = Settlement::new(entry, event, handled.collect());
        if self.random.u8(..4) == 0 {
            let letter = DeadLetter::new(
                "billing".into(),
                DeadReason::Exhausted,
                "no",
                entry,
                Timestamp::now(),
                Ok(self.record()),
            );
            settlement = settlement.with_dead(vec![letter]);
        }
        let mut states: Vec<RetryState> = Vec::new();
        if self.random.bool() {
            for _ in 0..self.random.usize(..3) {
                let state = self.state();
                if states.iter().all(|other| other.receiver != state.receiver) {
                    states.push(state);
                }
            }
        }
        if let Some(receiver) = receiver {
            settlement = settlement.of_retry(Arc::clone(&receiver));
            states.truncate(1);
            for state in &mut states {
                state.receiver = Arc::clone(&receiver);
            }
        }
        let record = self.record();
        self.retries.extend(
            states
                .iter()
                .map(|state| (entry, Arc::clone(&state.receiver))),
        );
        Some(settlement.with_parked(record, states))
    }

    /// A consumer, with the epoch of any time for each transport, or none.
    fn member(&mut self) -> (Member<'static>, Member<'static>) {
        if self.pair.epochs.is_empty() || self.random.u8(..4) == 0 {
            let member = Member::new(TOPIC, "billing", CONSUMERS[self.random.usize(..3)]);
            return (member, member);
        }
        // The newest ones most of the time.
        let back = self
            .random
            .usize(..self.pair.epochs.len())
            .min(self.random.usize(..3));
        let index = self.pair.epochs.len() - 1 - back;
        let (consumer, memory, file) = self.pair.epochs[index];
        let member = Member::new(TOPIC, "billing", CONSUMERS[consumer]);
        (member.under(memory), member.under(file))
    }

    fn step(&mut self) {
        let (memory, file) = self.member();
        let member = |is_file: bool| if is_file { file } else { memory };
        let idle = if self.random.bool() {
            Duration::ZERO
        } else {
            LONG
        };
        let limit = Limit::entries(self.random.usize(..6));
        match self.random.u8(..19) {
            0 | 1 => {
                let records = self.some_records();
                self.pair
                    .both("publish", |on, _| on.publish(TOPIC, &records), Vec::clone);
            }
            2 => self.publish_batch(),
            3 => self.lead(),
            4 => {
                let entries = self.entries.clone();
                self.pair.both(
                    "renew",
                    |on, is_file| on.renew(member(is_file), LONG, &entries),
                    |()| (),
                );
            }
            5..8 => {
                let given = self.pair.both(
                    "receive",
                    |on, is_file| on.receive(member(is_file), limit, Duration::ZERO),
                    |entries| essence(entries),
                );
                let given = given.unwrap_or_default();
                self.entries.extend(given.iter().map(|entry| entry.id));
            }
            8..10 => self.claim(member, idle, limit),
            10..13 => {
                let settlements: Vec<_> = (0..3).filter_map(|_| self.settlement()).collect();
                self.pair.both(
                    "settle",
                    |on, is_file| on.settle(member(is_file), &settlements),
                    |()| (),
                );
            }
            13 => {
                self.pair.both(
                    "release",
                    |on, is_file| on.release(member(is_file)),
                    |()| (),
                );
            }
            14 => {
                let records: Vec<_> = self
                    .some_records()
                    .into_iter()
                    .map(|record| record.with_requeued(Requeued::new("retry", "1-0")))
                    .collect();
                self.pair.both(
                    "requeue",
                    |on, _| on.requeue(TOPIC, "billing", &records),
                    |()| (),
                );
            }
            15 => {
                self.pair.both(
                    "retries",
                    |on, is_file| on.retries(member(is_file)),
                    Vec::clone,
                );
            }
            16 | 17 => {
                let retries: Vec<_> = self
                    .retries
                    .iter()
                    .filter(|_| self.random.u8(..3) == 0)
                    .cloned()
                    .collect();
                let trial = self.random.bool();
                self.pair.both(
                    "claim_retries",
                    |on, is_file| on.claim_retries(member(is_file), &retries, idle, trial),
                    |entries| essence(entries),
                );
            }
            _ => self.maintain(),
        }
    }

    fn publish_batch(&mut self) {
        let records = self.some_records();
        let first = self.acknowledged.saturating_sub(self.random.u64(..3)) + 1;
        let numbers: Vec<_> = (first..).take(records.len()).collect();
        let epoch = Epoch::new(self.random.u64(1..3), self.random.u64(1..3));
        let acknowledged = self.acknowledged.saturating_sub(self.random.u64(..2));
        let batch = Batch {
            incarnation: Uuid::from_u128(self.random.u128(..2)),
            epoch,
            acknowledged,
            numbers: &numbers,
        };
        let receipt = self.pair.both(
            "publish_batch",
            |on, _| on.publish_batch(TOPIC, &records, batch),
            Receipt::clone,
        );
        if matches!(receipt, Some(Receipt::Published(_))) {
            self.acknowledged = numbers.last().copied().unwrap_or(self.acknowledged);
        }
    }

    fn lead(&mut self) {
        let consumer = self.random.usize(..3);
        let lease = if self.random.bool() {
            Duration::ZERO
        } else {
            LONG
        };
        let member = Member::new(TOPIC, "billing", CONSUMERS[consumer]);
        let memory = self.pair.memory_lead(member, lease);
        let file = self.pair.file_lead(member, lease);
        match (memory, file) {
            (Leadership::Leader(memory), Leadership::Leader(file)) => {
                assert_eq!(memory.counter(), file.counter());
                self.pair.epochs.push((consumer, memory, file));
            }
            (memory, file) => assert_eq!(memory, file, "lead"),
        }
    }

    fn claim(&mut self, member: impl Fn(bool) -> Member<'static>, idle: Duration, limit: Limit) {
        let claim = Claim {
            after: self
                .random
                .bool()
                .then(|| self.random.choice(&self.entries).copied())
                .flatten(),
            own: self.random.bool(),
            idle,
            limit,
            max_deliveries: self.random.u64(2..5),
            trial: self.random.bool(),
        };
        self.pair.both(
            "claim",
            |on, is_file| on.claim(member(is_file), claim),
            |claimed| (essence(&claimed.entries), claimed.suspect),
        );
    }

    fn maintain(&mut self) {
        match self.random.u8(..4) {
            0 => {
                let lose = (self.random.u8(..4) == 0).then(|| self.random.u64(..40));
                let retention = Retention {
                    entries: self.random.u64(..20),
                    age: if self.random.bool() {
                        Duration::ZERO
                    } else {
                        LONG
                    },
                    before: None,
                    lose_unread_beyond: lose,
                };
                self.pair.both(
                    "trim",
                    |on, _| {
                        let mut total = (0, 0);
                        loop {
                            let trimmed = on.trim(TOPIC, retention)?;
                            total = (total.0 + trimmed.entries, total.1 + trimmed.unread);
                            if !trimmed.more {
                                return Ok(total);
                            }
                        }
                    },
                    |total| *total,
                );
            }
            1 => {
                let limits = DeadLetterLimits {
                    entries: self.random.bool().then(|| self.random.u64(..5)),
                    age: self.random.bool().then_some(LONG),
                };
                self.pair.both(
                    "trim_dead_letters",
                    |on, _| on.trim_dead_letters(TOPIC, limits),
                    |gone| *gone,
                );
            }
            2 => {
                self.pair.both(
                    "dead_letters",
                    |on, _| on.dead_letters(TOPIC, None, 100),
                    |letters| {
                        letters
                            .iter()
                            .map(|(id, letter)| (*id, letter.entry))
                            .collect::<Vec<_>>()
                    },
                );
            }
            _ => {
                self.pair.both(
                    "read",
                    |on, _| on.read(TOPIC, Position::Oldest, 100),
                    |entries| essence(entries),
                );
            }
        }
    }

    fn compare_status(&self) {
        self.pair.both(
            "status",
            |on, _| on.status(TOPIC),
            |status| {
                let mut status = status.clone().unwrap();
                for group in &mut status.groups {
                    group.oldest_unfinished = None;
                }
                status
            },
        );
    }
}

impl Pair {
    fn memory_lead(&self, member: Member<'_>, lease: Duration) -> Leadership {
        let memory: &dyn Transport = &self.memory;
        memory.lead(member, lease).unwrap()
    }

    fn file_lead(&self, member: Member<'_>, lease: Duration) -> Leadership {
        let file: &dyn Transport = &self.file;
        file.lead(member, lease).unwrap()
    }
}
