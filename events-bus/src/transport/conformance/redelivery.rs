//! What is pending, and what was requeued.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use events_core::Timestamp;

use super::{
    Check, GROUP, LEASE, MOMENT, Setting, TOPIC, event_id, letter, member, number, numbers,
    promises, receivers, record,
};
use crate::transport::{DeadReason, Entry, Progress, Queue, ReceiverState, Settlement};

pub(super) const CHECKS: &[Check] = promises![
    pages: "what is pending is taken over in its order, page by page",
    both_queues: "pages of what is pending reach over what was requeued and what is the topic's",
    idle: "what another consumer works on is left alone until it is idle",
    extends: "extending keeps entries with their consumer",
    after_restart: "what is pending survives its consumer and its process, with its progress and its deliveries",
    requeued: "what is requeued comes first, for its group alone",
    requeue_wakes: "a consumer that waits is woken by what is requeued",
    again_waits: "what was requeued has progress, and dead letters, as all else",
];

fn pages(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish(0..10);
    let given = it.receive("one", 10);
    assert!(given.iter().all(|entry| entry.deliveries == 1));
    it.finish("one", &given[3..4]);
    let mut behind = None;
    let mut seen = Vec::new();
    loop {
        let page = it
            .transport
            .take_over(member("two"), behind, Duration::ZERO, 4);
        let page = page.expect("taking over succeeds");
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 4, "no more than asked for");
        assert!(page.iter().all(|entry| entry.deliveries == 2));
        behind = Some(last.id);
        seen.extend(numbers(&page));
        assert!(seen.len() <= 10, "paging comes to an end");
    }
    assert_eq!(seen, [0, 1, 2, 4, 5, 6, 7, 8, 9]);
    assert_eq!(it.receive("one", 10).len(), 0, "nothing is new");
}

fn both_queues(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish(0..3);
    requeue(it, &[7, 8, 9]);
    assert_eq!(numbers(&it.receive("one", 10)), [7, 8, 9, 0, 1, 2]);
    let mut behind = None;
    let mut seen = Vec::new();
    loop {
        let page = it
            .transport
            .take_over(member("two"), behind, Duration::ZERO, 2);
        let page = page.expect("taking over succeeds");
        let Some(last) = page.last() else { break };
        behind = Some(last.id);
        seen.push(numbers(&page));
        assert!(seen.len() <= 6, "paging comes to an end");
    }
    assert_eq!(seen.concat(), [7, 8, 9, 0, 1, 2]);
}

fn idle(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish(0..2);
    it.receive("one", 10);
    assert_eq!(it.take_over("two", LEASE).len(), 0, "one works on them");
    assert_eq!(
        numbers(&it.take_over("one", LEASE)),
        [0, 1],
        "one's own are given back, idle or not"
    );
    thread::sleep(MOMENT);
    assert_eq!(numbers(&it.take_over("two", MOMENT)), [0, 1]);
}

fn extends(it: &Setting<'_>) {
    let long = Duration::from_secs(1);
    it.join(GROUP);
    it.publish(0..2);
    let given = it.receive("one", 10);
    thread::sleep(long);
    it.transport
        .extend(member("one"), &[given[0].id])
        .expect("extending succeeds");
    // What is another's is not taken by saying so.
    it.transport
        .extend(member("two"), &[given[1].id])
        .expect("extending succeeds");
    assert_eq!(numbers(&it.take_over("two", long)), [1]);
}

fn after_restart(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish(0..3);
    requeue(it, &[7]);
    let given = it.receive("one", 10);
    assert_eq!(numbers(&given), [7, 0, 1, 2]);
    it.finish("one", &given[2..3]);
    let failed = failed(3);
    for index in [0, 3] {
        let settlement = Settlement::waiting(
            given[index].id,
            event_id(&given[index]),
            Arc::default(),
            vec![failed.clone()],
        );
        settle(it, &[settlement]);
    }
    requeue(it, &[8]);
    let other = it.other();
    let page = other.take_over(member("two"), None, Duration::ZERO, 10);
    let page = page.expect("taking over succeeds");
    assert_eq!(numbers(&page), [7, 0, 2]);
    let of = |entry: &Entry| (entry.deliveries, entry.progress.clone());
    assert_eq!(of(&page[0]), (2, vec![failed.clone()]));
    assert_eq!(of(&page[1]), (2, vec![]));
    assert_eq!(of(&page[2]), (2, vec![failed]));
    let page = it.take_over("two", LEASE);
    assert!(page.iter().all(|entry| entry.deliveries == 3));
    let new = other.receive(member("two"), 10, MOMENT);
    assert_eq!(
        numbers(&new.expect("receiving succeeds")),
        [8],
        "what was requeued is there as well"
    );
}

fn requeued(it: &Setting<'_>) {
    it.join(GROUP);
    it.join("other");
    it.publish(0..2);
    it.transport
        .requeue(TOPIC, GROUP, &[record(7), record(8)])
        .expect("requeueing succeeds");
    assert_eq!(it.group().requeued, 2);
    let given = it.receive("one", 10);
    assert_eq!(numbers(&given), [7, 8, 0, 1], "first what was requeued");
    assert_eq!(numbers(&it.receive_in("other", "one", 10)), [0, 1]);
    let ids: BTreeSet<_> = given.iter().map(|entry| entry.id).collect();
    assert_eq!(ids.len(), 4, "ids are told apart");
    assert_eq!(given[0].id.queue(), Queue::Redelivery);
    assert_eq!(numbers(&it.take_over("two", Duration::ZERO)), [7, 8, 0, 1]);
    it.finish("two", &given[..1]);
    assert_eq!(it.group().requeued, 1);
    assert_eq!(numbers(&it.take_over("two", Duration::ZERO)), [8, 0, 1]);
}

fn requeue_wakes(it: &Setting<'_>) {
    it.join(GROUP);
    for other in [Arc::clone(&it.transport), it.other()] {
        let transport = Arc::clone(&it.transport);
        let waiting = thread::spawn(move || {
            transport
                .receive(member("one"), 10, Duration::from_mins(1))
                .expect("receiving succeeds")
        });
        thread::sleep(MOMENT);
        other
            .requeue(TOPIC, GROUP, &[record(1)])
            .expect("requeueing succeeds");
        super::eventually("a consumer that waits is woken by what is requeued", || {
            waiting.is_finished()
        });
        let entries = waiting.join().expect("the consumer does not panic");
        assert_eq!(numbers(&entries), [1]);
    }
}

fn again_waits(it: &Setting<'_>) {
    it.join(GROUP);
    requeue(it, &[7, 8]);
    let given = it.receive("one", 10);
    assert!(
        given
            .iter()
            .all(|entry| entry.id.queue() == Queue::Redelivery)
    );
    let progress = failed(1);
    let waiting = Settlement::waiting(
        given[0].id,
        event_id(&given[0]),
        Arc::default(),
        vec![progress.clone()],
    );
    let letter = letter(&given[1], DeadReason::Permanent);
    let dead = Settlement::finished(given[1].id, event_id(&given[1]), receivers(&[]))
        .with_dead(vec![letter.clone()]);
    settle(it, &[waiting, dead]);
    let pending = it.take_over("one", Duration::ZERO);
    assert_eq!(pending.iter().map(number).collect::<Vec<_>>(), [7]);
    assert_eq!(pending[0].progress, [progress]);
    let letters = it.transport.dead_letters(TOPIC, None, 10);
    let letters = letters.expect("reading dead letters succeeds");
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].1, letter, "with the id that it had");
}

fn requeue(it: &Setting<'_>, numbers: &[u64]) {
    let records: Vec<_> = numbers.iter().map(|number| record(*number)).collect();
    it.transport
        .requeue(TOPIC, GROUP, &records)
        .expect("requeueing succeeds");
}

fn settle(it: &Setting<'_>, settlements: &[Settlement]) {
    it.transport
        .settle(member("one"), settlements, false)
        .expect("settling succeeds");
}

fn failed(attempts: u32) -> Progress {
    let state = ReceiverState::Failed {
        attempts,
        next_attempt: Timestamp::from_micros(1_700_000_000_123_456).expect("a time"),
        error: "it said: ü".into(),
    };
    Progress::new("bad".into(), state)
}
