//! Publishing batches of an outbox: proof by identity, epochs, disputes.

use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use events_core::Uuid;

use super::setting::{Setting, TOPIC, numbers, record};
use super::{Check, promises};
use crate::record::Record;
use crate::transport::{Batch, Dispute, Epoch, Position, Receipt, Transport};

pub(super) const CHECKS: &[Check] = promises![
    batch_once: "a batch that was published before is passed over, as a whole and in part",
    batch_numbers: "a number that another event has is refused, and nothing of the batch is appended",
    batch_last: "only the last batch that appended a record proves a publication",
    batch_epochs: "an older epoch publishes nothing",
    batch_holders: "another holder of the newest counter publishes nothing",
    batch_repeat_fences: "a newer epoch that repeats a batch ends the older epoch",
    batch_forgotten: "a transport that remembers less than it acknowledged says so and appends nothing",
    batch_apart: "incarnations and topics have numbers and epochs of their own",
    batch_empty: "an empty batch checks the epoch and the acknowledged number, and changes nothing",
    batch_shared: "publishers that share an outbox publish each event once and in order",
    batch_paused: "a publisher that was paused while another took over publishes nothing",
];

const OUTBOX: Uuid = Uuid::from_u128(0xA);
const FIRST: Epoch = Epoch::new(1, 7);

/// A call of `publish_batch`. The number of a record is that of its event.
struct Call<'a> {
    transport: &'a dyn Transport,
    topic: &'a str,
    incarnation: Uuid,
    epoch: Epoch,
    acknowledged: u64,
}

impl<'a> Call<'a> {
    fn new(transport: &'a dyn Transport) -> Self {
        Self {
            transport,
            topic: TOPIC,
            incarnation: OUTBOX,
            epoch: FIRST,
            acknowledged: 0,
        }
    }

    fn under(mut self, epoch: Epoch) -> Self {
        self.epoch = epoch;
        self
    }

    fn after(mut self, acknowledged: u64) -> Self {
        self.acknowledged = acknowledged;
        self
    }

    fn send(&self, records: &[Record], numbers: &[u64]) -> Receipt {
        let batch = Batch {
            incarnation: self.incarnation,
            epoch: self.epoch,
            acknowledged: self.acknowledged,
            numbers,
        };
        let receipt = self.transport.publish_batch(self.topic, records, batch);
        receipt.expect("publishing succeeds")
    }

    /// Publishes the events of these numbers. Returns for each `true` if it was appended.
    fn publish(&self, numbers: &[u64]) -> Result<Vec<bool>, Dispute> {
        let records: Vec<_> = numbers.iter().map(|number| record(*number)).collect();
        match self.send(&records, numbers) {
            Receipt::Published(ids) => Ok(ids.iter().map(Option::is_some).collect()),
            Receipt::Disputed(dispute) => Err(dispute),
        }
    }
}

fn log(it: &Setting<'_>) -> Vec<u64> {
    numbers(&it.read(Position::Oldest, 1000))
}

fn taken<T>(number: u64, last: u64) -> Result<T, Dispute> {
    Err(Dispute::NumberTaken { number, last })
}

fn batch_once(it: &Setting<'_>) {
    let call = Call::new(&*it.transport);
    assert_eq!(call.publish(&[1, 2, 5]), Ok(vec![true; 3]));
    assert_eq!(call.publish(&[1, 2, 5]), Ok(vec![false; 3]), "as a whole");
    assert_eq!(call.publish(&[2, 5]), Ok(vec![false; 2]), "the end alone");
    assert_eq!(
        call.publish(&[2, 5, 6, 9]),
        Ok(vec![false, false, true, true]),
        "in part"
    );
    // Another process goes on with the same outbox, and what was passed over proves as much as what was appended.
    let other = it.other();
    assert_eq!(
        Call::new(&*other).publish(&[5, 6, 9, 10]),
        Ok(vec![false, false, false, true])
    );
    let read = it.read(Position::Oldest, 100);
    assert_eq!(numbers(&read), [1, 2, 5, 6, 9, 10]);
    let Receipt::Published(ids) = call.send(&[record(11)], &[11]) else {
        panic!("a new number is published");
    };
    let read = it.read(Position::After(read[5].id), 100);
    assert_eq!(ids, [Some(read[0].id)], "the receipt has the new entries");
}

fn batch_numbers(it: &Setting<'_>) {
    let call = Call::new(&*it.transport);
    assert_eq!(call.publish(&[1, 2, 3]), Ok(vec![true; 3]));
    // A restored outbox gives old numbers to new events.
    let refused = |events: &[u64], numbers: &[u64]| {
        let records: Vec<_> = events.iter().map(|event| record(*event)).collect();
        match call.send(&records, numbers) {
            Receipt::Published(ids) => panic!("{events:?} were published as {ids:?}"),
            Receipt::Disputed(dispute) => dispute,
        }
    };
    let number_taken = |number| Dispute::NumberTaken { number, last: 3 };
    assert_eq!(refused(&[30], &[3]), number_taken(3));
    assert_eq!(refused(&[2, 30, 40], &[2, 3, 4]), number_taken(3));
    assert_eq!(refused(&[10, 20, 30], &[1, 2, 3]), number_taken(1));
    assert_eq!(log(it), [1, 2, 3], "nothing of them was appended");
    assert_eq!(
        call.publish(&[2, 3, 4]),
        Ok(vec![false, false, true]),
        "nothing of them is remembered"
    );
}

fn batch_last(it: &Setting<'_>) {
    let call = Call::new(&*it.transport);
    assert_eq!(call.publish(&[1, 2]), Ok(vec![true; 2]));
    assert_eq!(call.publish(&[3, 4]), Ok(vec![true; 2]));
    assert_eq!(
        call.publish(&[2, 3]),
        taken(2, 4),
        "a former batch is not the last"
    );
    assert_eq!(call.publish(&[3]), Ok(vec![false]));
    assert_eq!(
        call.publish(&[4, 5]),
        Ok(vec![false, true]),
        "a batch that is passed over is not the last one"
    );
    assert_eq!(call.publish(&[3]), taken(3, 5));
    assert_eq!(log(it), [1, 2, 3, 4, 5]);
}

fn batch_epochs(it: &Setting<'_>) {
    let call = |counter| Call::new(&*it.transport).under(Epoch::new(counter, counter + 100));
    assert_eq!(call(3).publish(&[1]), Ok(vec![true]));
    assert_eq!(call(2).publish(&[2]), Err(Dispute::OldEpoch));
    assert_eq!(
        call(2).publish(&[1]),
        Err(Dispute::OldEpoch),
        "a known event too"
    );
    assert_eq!(call(3).publish(&[2]), Ok(vec![true]));
    assert_eq!(call(9).publish(&[3]), Ok(vec![true]));
    assert_eq!(call(3).publish(&[4]), Err(Dispute::OldEpoch));
    assert_eq!(
        call(1).after(99).publish(&[4]),
        Err(Dispute::OldEpoch),
        "the epoch counts first"
    );
    assert_eq!(log(it), [1, 2, 3]);
}

fn batch_holders(it: &Setting<'_>) {
    let call = |holder| Call::new(&*it.transport).under(Epoch::new(3, holder));
    assert_eq!(call(1).publish(&[1]), Ok(vec![true]));
    for holder in [0, 2, u64::MAX] {
        assert_eq!(call(holder).publish(&[2]), Err(Dispute::OldEpoch));
    }
    assert_eq!(call(1).publish(&[2]), Ok(vec![true]));
    let newer = Call::new(&*it.transport).under(Epoch::new(4, u64::MAX));
    assert_eq!(newer.publish(&[3]), Ok(vec![true]));
    // Counters beyond the exact range of a double are told apart.
    let large = (1 << 53) + 1;
    let call = |counter| Call::new(&*it.transport).under(Epoch::new(counter, 1));
    assert_eq!(call(large).publish(&[4]), Ok(vec![true]));
    assert_eq!(call(large - 1).publish(&[5]), Err(Dispute::OldEpoch));
    assert_eq!(log(it), [1, 2, 3, 4]);
}

fn batch_repeat_fences(it: &Setting<'_>) {
    let call = |counter| Call::new(&*it.transport).under(Epoch::new(counter, counter + 100));
    assert_eq!(call(1).publish(&[1, 2]), Ok(vec![true; 2]));
    assert_eq!(call(2).publish(&[1, 2]), Ok(vec![false; 2]));
    assert_eq!(call(1).publish(&[3]), Err(Dispute::OldEpoch));
    assert_eq!(call(2).publish(&[3]), Ok(vec![true]));
    assert_eq!(log(it), [1, 2, 3]);
}

fn batch_forgotten(it: &Setting<'_>) {
    let call = |acknowledged| Call::new(&*it.transport).after(acknowledged);
    let forgotten = |last| Err(Dispute::Forgotten { last });
    assert_eq!(call(5).publish(&[6]), forgotten(0), "it was emptied");
    assert_eq!(call(0).publish(&[1, 2]), Ok(vec![true; 2]));
    assert_eq!(
        call(5).publish(&[6]),
        forgotten(2),
        "it went back to a former state"
    );
    assert_eq!(call(3).publish(&[2]), forgotten(2));
    // The publisher sends again what it kept.
    assert_eq!(call(2).publish(&[3, 4, 5, 6]), Ok(vec![true; 4]));
    assert_eq!(call(6).publish(&[7]), Ok(vec![true]));
    assert_eq!(log(it), [1, 2, 3, 4, 5, 6, 7]);
}

fn batch_apart(it: &Setting<'_>) {
    let transport = &*it.transport;
    let call = |incarnation, topic| Call {
        incarnation: Uuid::from_u128(incarnation),
        topic,
        epoch: Epoch::new(9, 9),
        ..Call::new(transport)
    };
    assert_eq!(call(1, TOPIC).publish(&[7]), Ok(vec![true]));
    for (incarnation, topic) in [(2, TOPIC), (1, "another"), (2, "another")] {
        let older = call(incarnation, topic).under(FIRST);
        assert_eq!(older.publish(&[7]), Ok(vec![true]));
        assert_eq!(older.publish(&[7]), Ok(vec![false]));
    }
    assert_eq!(call(1, TOPIC).publish(&[7]), Ok(vec![false]));
    assert_eq!(log(it), [7, 7], "an id alone proves nothing");
}

fn batch_empty(it: &Setting<'_>) {
    let call = || Call::new(&*it.transport);
    assert_eq!(call().publish(&[]), Ok(vec![]));
    assert_eq!(
        call().after(1).publish(&[]),
        Err(Dispute::Forgotten { last: 0 })
    );
    let epoch = |counter| Epoch::new(counter, 1);
    assert_eq!(call().under(epoch(5)).publish(&[1, 2]), Ok(vec![true; 2]));
    assert_eq!(call().under(epoch(5)).after(2).publish(&[]), Ok(vec![]));
    assert_eq!(
        call().under(epoch(4)).publish(&[]),
        Err(Dispute::OldEpoch),
        "it checks the epoch"
    );
    assert_eq!(
        call().under(Epoch::new(5, 2)).publish(&[]),
        Err(Dispute::OldEpoch)
    );
    assert_eq!(
        call().under(epoch(5)).after(3).publish(&[]),
        Err(Dispute::Forgotten { last: 2 })
    );
    assert_eq!(call().under(epoch(6)).after(2).publish(&[]), Ok(vec![]));
    assert_eq!(
        call().under(epoch(5)).publish(&[2, 3]),
        Ok(vec![false, true]),
        "a check ends no epoch"
    );
    assert_eq!(log(it), [1, 2, 3]);
}

const EVENTS: u64 = 150;

/// An outbox that several publishers share: the newest epoch, and the last number that was acknowledged.
#[derive(Default)]
struct Shared(Mutex<(u64, u64)>);

impl Shared {
    fn lead(&self) -> (Epoch, u64) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.0 += 1;
        (Epoch::new(state.0, state.0 * 1000), state.1)
    }

    /// Removes published rows. Returns `false` if the epoch is old.
    fn settle(&self, epoch: Epoch, last: u64) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.0 == epoch.counter() {
            state.1 = last;
        }
        state.0 == epoch.counter()
    }
}

fn batch_shared(it: &Setting<'_>) {
    let shared = Shared::default();
    thread::scope(|scope| {
        for publisher in 0..4_u64 {
            let transport = if publisher.is_multiple_of(2) {
                Arc::clone(&it.transport)
            } else {
                it.other()
            };
            let shared = &shared;
            scope.spawn(move || {
                loop {
                    let (epoch, mut acknowledged) = shared.lead();
                    if acknowledged == EVENTS {
                        return;
                    }
                    for turn in 0..3 {
                        let size = 1 + (epoch.counter() + publisher + turn) % 5;
                        let last = EVENTS.min(acknowledged + size);
                        let call = Call::new(&*transport).under(epoch).after(acknowledged);
                        match call.publish(&list(acknowledged + 1..=last)) {
                            Ok(_) if shared.settle(epoch, last) => acknowledged = last,
                            Ok(_) | Err(Dispute::OldEpoch) => break,
                            Err(dispute) => panic!("{dispute:?} among publishers of one outbox"),
                        }
                        if acknowledged == EVENTS {
                            break;
                        }
                    }
                }
            });
        }
    });
    assert_eq!(log(it), list(1..=EVENTS), "each once, in order");
}

fn list(numbers: RangeInclusive<u64>) -> Vec<u64> {
    numbers.collect()
}

fn batch_paused(it: &Setting<'_>) {
    let other = it.other();
    let paused = || Call::new(&*it.transport).under(Epoch::new(1, 1));
    let next = || Call::new(&*other).under(Epoch::new(2, 2));
    assert_eq!(paused().publish(&[1, 2]), Ok(vec![true; 2]));
    // The first publisher stops here, before it hears of it. Another one finds the rows and goes on.
    assert_eq!(
        next().publish(&[1, 2, 3, 4]),
        Ok(vec![false, false, true, true])
    );
    assert_eq!(next().after(4).publish(&[5]), Ok(vec![true]));
    // It wakes up and repeats, or goes on with what it had read.
    assert_eq!(paused().publish(&[1, 2]), Err(Dispute::OldEpoch));
    assert_eq!(paused().after(2).publish(&[3, 4]), Err(Dispute::OldEpoch));
    assert_eq!(paused().after(2).publish(&[6]), Err(Dispute::OldEpoch));
    assert_eq!(next().after(5).publish(&[6]), Ok(vec![true]));
    assert_eq!(log(it), [1, 2, 3, 4, 5, 6]);
}
