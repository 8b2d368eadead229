//! The redelivery queue of a group.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::setting::{
    GROUP, MOMENT, Setting, TOPIC, done_by, eventually, letter, member, member_of, numbers, record,
};
use super::{Check, promises};
use crate::transport::{DeadReason, Limit, Queue};

pub(super) const CHECKS: &[Check] = promises![
    requeued: "requeued records come first, for their group alone",
    requeue_wakes: "a requeued record wakes a consumer that waits",
    requeue_fair: "requeued records take at most half of the limit while new entries wait",
    requeue_settles: "a requeued record is settled as any other, with its dead letters",
];

fn requeued(it: &Setting<'_>) {
    it.join(GROUP);
    it.join("other");
    it.publish(0..2);
    it.requeue([7, 8]);
    assert_eq!(it.group().requeued, 2);
    let given = it.receive("one", 4);
    assert_eq!(numbers(&given), [7, 8, 0, 1], "requeued ones first");
    let other = member_of("other", "one");
    assert_eq!(numbers(&it.receive_as(other, 10)), [0, 1]);
    let ids: BTreeSet<_> = given.iter().map(|entry| entry.id).collect();
    assert_eq!(ids.len(), 4, "ids are told apart");
    let queues: Vec<_> = given.iter().map(|entry| entry.id.queue()).collect();
    let (redelivery, topic) = (Queue::Redelivery, Queue::Topic);
    assert_eq!(queues, [redelivery, redelivery, topic, topic]);
    assert_eq!(numbers(&it.claim("two", Duration::ZERO)), [7, 8, 0, 1]);
    it.finish("two", &given[..1]);
    assert_eq!(it.group().requeued, 1);
    assert_eq!(numbers(&it.claim("two", Duration::ZERO)), [8, 0, 1]);
    it.finish("two", &given);
    let group = it.group();
    assert_eq!((group.requeued, group.pending), (0, 0));
}

fn requeue_wakes(it: &Setting<'_>) {
    it.join(GROUP);
    for other in [Arc::clone(&it.transport), it.other()] {
        let transport = Arc::clone(&it.transport);
        let waiting = thread::spawn(move || {
            transport
                .receive(member("one"), Limit::entries(10), Duration::from_mins(1))
                .expect("receiving succeeds")
        });
        thread::sleep(MOMENT);
        other
            .requeue(TOPIC, GROUP, &[record(1)])
            .expect("requeueing succeeds");
        eventually("a requeued record wakes a consumer that waits", || {
            waiting.is_finished()
        });
        let entries = waiting.join().expect("the consumer does not panic");
        assert_eq!(numbers(&entries), [1]);
    }
}

fn requeue_fair(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish(0..20);
    it.requeue(100..140);
    let mut queues = [Vec::new(), Vec::new()];
    loop {
        let page = it
            .transport
            .receive(member("one"), Limit::entries(8), MOMENT);
        let page = page.expect("receiving succeeds");
        if page.is_empty() {
            break;
        }
        let new_ones_waited = queues[1].len() < 20;
        let (requeued, new): (Vec<_>, Vec<_>) = numbers(&page)
            .into_iter()
            .partition(|number| *number >= 100);
        assert!(
            requeued.len() <= 4 || !new_ones_waited,
            "{} requeued of {} entries while new ones wait",
            requeued.len(),
            page.len()
        );
        queues[0].extend(requeued);
        queues[1].extend(new);
    }
    assert_eq!(queues[0], (100..140).collect::<Vec<_>>(), "in order");
    assert_eq!(queues[1], (0..20).collect::<Vec<_>>(), "in order");
}

fn requeue_settles(it: &Setting<'_>) {
    it.join(GROUP);
    it.requeue([7, 8]);
    let given = it.receive("one", 10);
    let letter = letter(&given[1], DeadReason::Permanent);
    it.settle(&[done_by(&given[1], &[]).with_dead(vec![letter.clone()])]);
    assert_eq!(numbers(&it.claim("one", Duration::ZERO)), [7]);
    let letters = it.letters(TOPIC);
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].1, letter, "with the id that the entry had");
}
