//! Fencing: an old epoch changes nothing.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::setting::{
    GROUP, LEASE, MOMENT, Setting, TOPIC, assert_old, claim_all, done_by, letter, member, number,
    numbers, parked, parked_again, retry_id, retry_state,
};
use super::{Check, promises};
use crate::transport::{DeadReason, Entry, Epoch, Leadership, Limit, Member};

pub(super) const CHECKS: &[Check] = promises![
    fenced_receive: "an old epoch receives nothing, whether or not entries wait",
    fenced_claim: "an old epoch claims nothing, and marks no trial",
    fenced_renew: "an old epoch does not renew the lease of its successor",
    fenced_settle: "an old epoch settles nothing and leaves no dead letter",
    fenced_parking: "an old epoch parks nothing, and remembers nobody",
    fenced_retries: "an old epoch does not list the retry queue",
    fenced_claim_retries: "an old epoch claims no delivery of the retry queue",
    fenced_release: "releasing under an old epoch changes nothing and is no error",
    fenced_holder: "an epoch with the current counter and another holder is old",
    fenced_waiting: "a leader that waits for entries while another takes over receives nothing",
    fenced_race: "entries that are received under an epoch come before those of the next epoch",
    fenced_deleted: "an epoch of a group that was deleted and joined again is old",
    unfenced: "a member without an epoch is not fenced",
];

/// Two leaders, the second of which took over when the lease of the first had ended.
struct Takeover<'a> {
    it: &'a Setting<'a>,
    old: Member<'a>,
    new: Member<'a>,
    /// Entries that the old leader had received: a pending one, one whose delivery is parked.
    given: Vec<Entry>,
    before: String,
}

impl<'a> Takeover<'a> {
    fn of(it: &'a Setting<'a>) -> Self {
        it.join(GROUP);
        it.publish(0..3);
        let old = member("one").under(it.lead("one", LEASE));
        let given = it.receive_as(old, 2);
        let transport = &*it.transport;
        let settled = transport.settle(old, &[parked(&given[1], &["a"])]);
        settled.expect("the leader settles");
        let renewed = transport.renew(old, MOMENT, &[]);
        renewed.expect("the leader renews");
        let new = member("two").under(it.lead_after("two"));
        Self {
            it,
            old,
            new,
            given,
            before: it.snapshot(),
        }
    }

    /// Checks that nothing changed, what the new leader is handed out included.
    fn check(&self) {
        let it = self.it;
        assert_eq!(it.snapshot(), self.before, "an old epoch changed something");
        let claimed = it.claim_as(self.new, Duration::ZERO);
        let of = |entry: &Entry| (number(entry), entry.deliveries, entry.trials);
        assert_eq!(claimed.iter().map(of).collect::<Vec<_>>(), [(0, 2, 0)]);
        assert!(claimed[0].handled_by.is_empty(), "nobody is remembered");
        let retry = retry_id(self.given[1].id, "a");
        let retried = it
            .transport
            .claim_retries(self.new, &[retry], LEASE, false)
            .expect("the new leader claims");
        assert_eq!(retried.iter().map(of).collect::<Vec<_>>(), [(1, 1, 0)]);
        assert_eq!(numbers(&it.receive_as(self.new, 10)), [2]);
    }
}

fn fenced_receive(it: &Setting<'_>) {
    let at = Takeover::of(it);
    let receive = |wait| {
        let limit = Limit::entries(10);
        it.transport.receive(at.old, limit, wait)
    };
    assert_old("receive", receive(Duration::ZERO));
    assert_old("receive", receive(MOMENT));
    at.check();
    assert_old("receive from nothing", receive(Duration::ZERO));
    assert_old("receive from nothing", receive(MOMENT));
}

fn fenced_claim(it: &Setting<'_>) {
    let at = Takeover::of(it);
    let mut claim = claim_all(Duration::ZERO);
    assert_old("claim", it.transport.claim(at.old, claim));
    claim.max_deliveries = 1;
    claim.trial = true;
    assert_old("claim", it.transport.claim(at.old, claim));
    at.check();
}

fn fenced_renew(it: &Setting<'_>) {
    let at = Takeover::of(it);
    for lease in [Duration::ZERO, LEASE] {
        let renew = it.transport.renew(at.old, lease, &[at.given[0].id]);
        assert_old("renew", renew);
    }
    at.check();
}

fn fenced_settle(it: &Setting<'_>) {
    let at = Takeover::of(it);
    let letter = letter(&at.given[0], DeadReason::Exhausted);
    let settlement = done_by(&at.given[0], &["a"]).with_dead(vec![letter]);
    assert_old("settle", it.transport.settle(at.old, &[settlement]));
    assert_old("settle nothing", it.transport.settle(at.old, &[]));
    at.check();
    it.transport
        .settle(at.new, &[done_by(&at.given[0], &["a"])])
        .expect("the new leader settles");
}

fn fenced_parking(it: &Setting<'_>) {
    let at = Takeover::of(it);
    let entry = parked(&at.given[0], &["a", "b"]);
    assert_old("settle", it.transport.settle(at.old, &[entry]));
    let again = parked_again(&at.given[1], retry_state("a", 9));
    let gone = done_by(&at.given[1], &["a"]).of_retry("a".into());
    for settlement in [again, gone] {
        assert_old("settle", it.transport.settle(at.old, &[settlement]));
    }
    at.check();
}

fn fenced_retries(it: &Setting<'_>) {
    let at = Takeover::of(it);
    assert_old("retries", it.transport.retries(at.old));
    let retries = it.transport.retries(at.new);
    assert_eq!(retries.expect("the new leader looks").len(), 1);
    at.check();
}

fn fenced_claim_retries(it: &Setting<'_>) {
    let at = Takeover::of(it);
    let retry = retry_id(at.given[1].id, "a");
    for trial in [false, true] {
        let retries = std::slice::from_ref(&retry);
        let claim = it
            .transport
            .claim_retries(at.old, retries, Duration::ZERO, trial);
        assert_old("claim_retries", claim);
    }
    let claim = it
        .transport
        .claim_retries(at.old, &[], Duration::ZERO, false);
    assert_old("claim_retries of nothing", claim);
    at.check();
}

fn fenced_release(it: &Setting<'_>) {
    let at = Takeover::of(it);
    it.release(at.old);
    at.check();
    // The same consumer, an epoch later: what it holds now stays with it.
    let now = member("two").under(it.lead("two", LEASE));
    let held = it.claim_as(now, Duration::ZERO);
    assert_eq!(numbers(&held), [0, 2]);
    it.release(at.new);
    assert_eq!(it.group().leader.as_deref(), Some("two"));
    assert_eq!(it.claim("three", LEASE).len(), 0, "two works on them");
}

fn fenced_holder(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish([1]);
    let epoch = it.lead("one", LEASE);
    let limit = Limit::entries(1);
    for other in [
        Epoch::new(epoch.counter(), epoch.holder() ^ 1),
        Epoch::new(epoch.counter() + 1, epoch.holder()),
        Epoch::new(epoch.counter() - 1, epoch.holder()),
    ] {
        let foreign = member("one").under(other);
        assert_old("receive", it.transport.receive(foreign, limit, MOMENT));
        assert_old("renew", it.transport.renew(foreign, LEASE, &[]));
        it.release(foreign);
    }
    let given = it.receive_as(member("one").under(epoch), 10);
    assert_eq!(numbers(&given), [1]);
}

fn fenced_waiting(it: &Setting<'_>) {
    it.join(GROUP);
    let other = it.other();
    let old = member("one").under(it.lead("one", MOMENT));
    let transport = Arc::clone(&it.transport);
    thread::scope(|scope| {
        let waiting = scope.spawn(move || {
            let limit = Limit::entries(10);
            transport.receive(old, limit, Duration::from_secs(3))
        });
        let new = member("two").under(it.lead_after("two"));
        let published = other.publish(TOPIC, &[super::setting::record(1)]);
        published.expect("publishing succeeds");
        let waiting = waiting.join().expect("the consumer does not panic");
        assert_old("a receive that had waited", waiting);
        assert_eq!(numbers(&it.receive_as(new, 10)), [1]);
    });
}

fn fenced_race(it: &Setting<'_>) {
    const EVENTS: usize = 400;
    it.join(GROUP);
    it.publish(0..EVENTS as u64);
    let received: Mutex<Vec<(Epoch, Vec<u64>)>> = Mutex::default();
    thread::scope(|scope| {
        for consumer in ["one", "two", "three"] {
            let transport = if consumer == "one" {
                Arc::clone(&it.transport)
            } else {
                it.other()
            };
            let received = &received;
            scope.spawn(move || {
                let count = || {
                    let received = received.lock().unwrap_or_else(PoisonError::into_inner);
                    received.iter().map(|(_, page)| page.len()).sum::<usize>()
                };
                for _ in 0..20_000 {
                    if count() == EVENTS {
                        return;
                    }
                    let leadership = transport.lead(member(consumer), Duration::from_micros(1));
                    let Leadership::Leader(epoch) = leadership.expect("leading succeeds") else {
                        continue;
                    };
                    let leader = member(consumer).under(epoch);
                    for _ in 0..3 {
                        let page = transport.receive(leader, Limit::entries(2), Duration::ZERO);
                        let Ok(page) = page else { break };
                        let mut received = received.lock().unwrap_or_else(PoisonError::into_inner);
                        received.push((epoch, numbers(&page)));
                    }
                }
            });
        }
    });
    let mut received = received
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    received.retain(|(_, page)| !page.is_empty());
    received.sort_by_key(|(epoch, page)| (epoch.counter(), page[0]));
    let all: Vec<_> = received.iter().flat_map(|(_, page)| page.clone()).collect();
    assert_eq!(
        all,
        (0..EVENTS as u64).collect::<Vec<_>>(),
        "entries by epoch"
    );
}

fn fenced_deleted(it: &Setting<'_>) {
    it.join(GROUP);
    let old = member("one").under(it.lead("one", LEASE));
    let deleted = it.transport.delete_group(TOPIC, GROUP);
    assert_eq!(deleted.ok(), Some(true));
    it.join(GROUP);
    it.publish([1]);
    let receive = |member| it.transport.receive(member, Limit::entries(10), MOMENT);
    assert_old("receive", receive(old));
    let new = member("one").under(it.lead("one", LEASE));
    assert_old("receive", receive(old));
    assert_eq!(numbers(&it.receive_as(new, 10)), [1]);
}

fn unfenced(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish(0..2);
    let leader = member("one").under(it.lead("one", LEASE));
    assert_eq!(numbers(&it.receive("two", 1)), [0]);
    assert_eq!(numbers(&it.receive_as(leader, 10)), [1]);
    it.finish("two", &it.claim("two", LEASE));
    assert_eq!(it.group().pending, 1);
    it.release(member("one"));
    assert_eq!(
        it.group().leader.as_deref(),
        Some("one"),
        "without an epoch, it gives up its entries and not the lead"
    );
    assert_eq!(numbers(&it.claim_as(leader, LEASE)), [1]);
}
