//! What a file keeps is what memory keeps, whatever is done to both, in whatever order.

#![cfg(feature = "sqlite")]
#![allow(
    clippy::unwrap_used,
    clippy::allow_attributes,
    reason = "a test that cannot go on has failed"
)]

use std::sync::Arc;
use std::time::Duration;

use events_bus::Record;
use events_bus::transport::memory::MemoryTransport;
use events_bus::transport::sqlite::{SqliteOptions, SqliteTransport, Sync};
use events_bus::transport::{
    DeadLetter, DeadReason, Entry, EntryId, Member, Position, Queue, Sequence, Settlement, Start,
    Transport, TransportError,
};
use events_core::{EventMetadata, Timestamp, Uuid};
use proptest::prelude::*;

const TOPIC: &str = "orders";
const GROUPS: [&str; 2] = ["billing", "mail"];
const CONSUMERS: [&str; 2] = ["one", "two"];

/// What is done. Groups and consumers are numbers.
#[derive(Debug, Clone)]
enum Step {
    Publish {
        events: Vec<u8>,
        numbered: bool,
    },
    Join {
        group: usize,
        beginning: bool,
    },
    Lead {
        group: usize,
        consumer: usize,
    },
    Receive {
        group: usize,
        consumer: usize,
        most: usize,
    },
    TakeOver {
        group: usize,
        consumer: usize,
        behind: Option<usize>,
        most: usize,
    },
    Settle {
        group: usize,
        consumer: usize,
        which: usize,
        outcome: u8,
        leading: bool,
    },
    Leave {
        group: usize,
        consumer: usize,
    },
    Requeue {
        group: usize,
        event: u8,
    },
    Read {
        behind: Option<usize>,
        most: usize,
    },
    DropDead {
        which: usize,
    },
    Forget {
        group: usize,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (group, consumer) = (0..2_usize, 0..2_usize);
    let step = prop_oneof![
        6 => (prop::collection::vec(0..12_u8, 1..5), any::<bool>())
            .prop_map(|(events, numbered)| Step::Publish { events, numbered }),
        2 => (group.clone(), any::<bool>()).prop_map(|(group, beginning)| Step::Join { group, beginning }),
        3 => (group.clone(), consumer.clone()).prop_map(|(group, consumer)| Step::Lead { group, consumer }),
        6 => (group.clone(), consumer.clone(), 0..4_usize)
            .prop_map(|(group, consumer, most)| Step::Receive { group, consumer, most }),
        2 => (group.clone(), consumer.clone(), prop::option::of(0..8_usize), 1..5_usize)
            .prop_map(|(group, consumer, behind, most)| Step::TakeOver { group, consumer, behind, most }),
        6 => (group.clone(), consumer.clone(), 0..12_usize, 0..4_u8, any::<bool>())
            .prop_map(|(group, consumer, which, outcome, leading)| Step::Settle { group, consumer, which, outcome, leading }),
        1 => (group.clone(), consumer).prop_map(|(group, consumer)| Step::Leave { group, consumer }),
        1 => (group.clone(), 0..12_u8).prop_map(|(group, event)| Step::Requeue { group, event }),
        1 => (prop::option::of(0..8_usize), 0..6_usize).prop_map(|(behind, most)| Step::Read { behind, most }),
        1 => (0..4_usize).prop_map(|which| Step::DropDead { which }),
        1 => group.prop_map(|group| Step::Forget { group }),
    ];
    prop::collection::vec(step, 1..60)
}

/// One store, and what was seen of it.
struct Run<'a> {
    store: &'a dyn Transport,
    /// All ids that were given out, and to which group, for later steps.
    ids: Vec<(Option<usize>, EntryId)>,
    numbers: u64,
}

fn record(event: u8) -> Record {
    // Few events, so that some come twice.
    let id = Uuid::from_u128(0x0193_a000_0000_1000_8000_0000_0000_0000 + u128::from(event));
    let metadata = EventMetadata::new("org.example.shop.order.placed.v1").with_id(id);
    Record::new(metadata, vec![event])
}

/// Numbers in a queue of a group's own are the transport's affair.
fn name(id: EntryId) -> String {
    match id.queue() {
        Queue::Redelivery => "again".to_owned(),
        _ => id.to_string(),
    }
}

fn say(entry: &Entry) -> String {
    let body = entry.record.as_ref().map(|record| record.body.to_vec());
    let mut known: Vec<_> = entry.handled_by.clone();
    known.sort();
    format!(
        "{} {body:?} {} {known:?} {:?}",
        name(entry.id),
        entry.deliveries,
        entry.progress
    )
}

fn member(group: usize, consumer: usize) -> Member<'static> {
    Member {
        topic: TOPIC,
        group: GROUPS[group],
        consumer: CONSUMERS[consumer],
    }
}

impl Run<'_> {
    fn entries(
        &mut self,
        group: Option<usize>,
        found: Result<Vec<Entry>, TransportError>,
    ) -> String {
        match found {
            Ok(entries) => {
                self.ids
                    .extend(entries.iter().map(|entry| (group, entry.id)));
                format!("{:?}", entries.iter().map(say).collect::<Vec<_>>())
            }
            Err(error) => format!("{:?}", error.kind()),
        }
    }

    fn done<T: std::fmt::Debug>(result: Result<T, TransportError>) -> String {
        format!("{:?}", result.map_err(|error| error.kind()))
    }

    /// One of the ids that mean something to the group: those of a queue of its own mean nothing to another.
    fn id(&self, which: usize, group: Option<usize>) -> EntryId {
        let mut known = self
            .ids
            .iter()
            .filter(|(owner, id)| *owner == group || id.queue() == Queue::Topic);
        known.nth(which).map_or(EntryId::new(1, 0), |(_, id)| *id)
    }

    /// Does it, and says what came of it.
    fn take(&mut self, step: &Step) -> String {
        let store = self.store;
        match step {
            Step::Publish { events, numbered } => {
                let records: Vec<_> = events.iter().copied().map(record).collect();
                // Every other call repeats a number.
                let first = self.numbers;
                self.numbers += events.len() as u64 - u64::from(events.len() > 2);
                let numbers: Vec<_> = (first..).take(events.len()).collect();
                let sequence = Sequence {
                    outbox: "here",
                    numbers: &numbers,
                };
                Self::done(store.publish(TOPIC, &records, numbered.then_some(sequence)))
            }
            Step::Join { group, beginning } => {
                let start = if *beginning {
                    Start::Beginning
                } else {
                    Start::Now
                };
                Self::done(store.join(TOPIC, GROUPS[*group], start))
            }
            Step::Lead { group, consumer } => {
                Self::done(store.lead(member(*group, *consumer), Duration::from_mins(10)))
            }
            Step::Receive {
                group,
                consumer,
                most,
            } => {
                let found = store.receive(member(*group, *consumer), *most, Duration::ZERO);
                self.entries(Some(*group), found)
            }
            Step::TakeOver {
                group,
                consumer,
                behind,
                most,
            } => {
                let behind = behind.map(|which| self.id(which, Some(*group)));
                // Nothing is idle for so long: one's own, and what was given back.
                let idle = Duration::from_mins(10);
                let found = store.take_over(member(*group, *consumer), behind, idle, *most);
                self.entries(Some(*group), found)
            }
            Step::Settle {
                group,
                consumer,
                which,
                outcome,
                leading,
            } => {
                let entry = self.id(*which, Some(*group));
                let event = which.is_multiple_of(2).then(|| record(1).metadata.id());
                let by: Arc<[Arc<str>]> = Arc::from([Arc::from("shop.invoice")]);
                let settlement = match outcome {
                    0 => Settlement::waiting(entry, event, by, Vec::new()),
                    1 => {
                        let letter = DeadLetter::new(
                            Arc::from(GROUPS[*group]),
                            DeadReason::Exhausted,
                            "no",
                            entry,
                            Timestamp::MAX,
                            Ok(record(3)),
                        );
                        Settlement::finished(entry, event, by).with_dead(vec![letter])
                    }
                    _ => Settlement::finished(entry, event, by),
                };
                Self::done(store.settle(member(*group, *consumer), &[settlement], *leading))
            }
            Step::Leave { group, consumer } => Self::done(store.leave(member(*group, *consumer))),
            Step::Requeue { group, event } => {
                Self::done(store.requeue(TOPIC, GROUPS[*group], &[record(*event)]))
            }
            Step::Read { behind, most } => {
                let from = behind.map_or(Position::Oldest, |which| {
                    Position::After(self.id(which, None))
                });
                let found = store.read(TOPIC, from, *most);
                self.entries(None, found)
            }
            Step::DropDead { which } => {
                let letters = store.dead_letters(TOPIC, None, 100).unwrap();
                let ids: Vec<_> = letters
                    .iter()
                    .map(|(id, _)| *id)
                    .skip(*which)
                    .take(1)
                    .collect();
                Self::done(store.drop_dead_letters(TOPIC, &ids))
            }
            Step::Forget { group } => Self::done(store.forget(TOPIC, GROUPS[*group])),
        }
    }

    /// How everything stands, without the times.
    fn stands(&self) -> String {
        let Some(mut status) = self.store.status(TOPIC).unwrap() else {
            return "nothing".to_owned();
        };
        for group in &mut status.groups {
            group.oldest_unfinished = group.oldest_unfinished.map(|_| Timestamp::MAX);
        }
        let letters = self.store.dead_letters(TOPIC, None, 100).unwrap();
        let letters: Vec<_> = letters
            .iter()
            .map(|(id, letter)| {
                format!(
                    "{id} {} {} {}",
                    letter.group,
                    name(letter.entry),
                    letter.attempts
                )
            })
            .collect();
        format!("{status:#?} {letters:?}")
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_file_does_what_memory_does(steps in steps()) {
        let folder = tempfile::tempdir().unwrap();
        let mut options = SqliteOptions::default();
        options.sync = Sync::Normal;
        let file = SqliteTransport::open(folder.path().join("events.db"), options).unwrap();
        let memory = MemoryTransport::new();
        let run = |store| Run { store, ids: Vec::new(), numbers: 1 };
        let (mut file, mut memory) = (run(&file), run(&memory));
        for step in &steps {
            prop_assert_eq!(file.take(step), memory.take(step), "{:?}", step);
            prop_assert_eq!(file.stands(), memory.stands(), "after {:?}", step);
        }
    }
}
