//! Claiming pending entries.

use std::thread;
use std::time::Duration;

use super::setting::{GROUP, LEASE, MOMENT, Setting, claim_all, member, number, numbers};
use super::{Check, promises};
use crate::transport::{Claim, Claimed, Limit};

pub(super) const CHECKS: &[Check] = promises![
    pages: "pending entries are claimed in their order, page by page",
    both_queues: "pages of pending entries reach over both queues, the redelivery queue first",
    idle: "an entry that another consumer touched within the idle time is not claimed",
    own: "a consumer's own entries are claimed only if the claim says so",
    touched: "renewing keeps entries with their consumer, and no others",
    after_restart: "pending entries survive their consumer and its process, with their deliveries",
];

fn page(it: &Setting<'_>, consumer: &str, claim: Claim) -> Claimed {
    let claimed = it.transport.claim(member(consumer), claim);
    claimed.expect("claiming succeeds")
}

/// Claims pages of a size until nothing is left.
fn pages_of(it: &Setting<'_>, entries: usize) -> Vec<u64> {
    let mut after = None;
    let mut seen = Vec::new();
    loop {
        let claim = Claim {
            after,
            limit: Limit::entries(entries),
            ..claim_all(Duration::ZERO)
        };
        let page = page(it, "two", claim).entries;
        let Some(last) = page.last() else {
            return seen;
        };
        assert!(page.len() <= entries, "no more than the limit");
        assert!(page.iter().all(|entry| entry.deliveries == 2));
        after = Some(last.id);
        seen.extend(numbers(&page));
        assert!(seen.len() <= 10, "paging comes to an end");
    }
}

fn pages(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish(0..10);
    let given = it.receive("one", 10);
    assert!(given.iter().all(|entry| entry.deliveries == 1));
    it.finish("one", &given[3..4]);
    assert_eq!(pages_of(it, 4), [0, 1, 2, 4, 5, 6, 7, 8, 9]);
    assert_eq!(it.receive("one", 10).len(), 0, "nothing is new");
}

fn both_queues(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish(0..3);
    it.requeue([7, 8, 9]);
    assert_eq!(it.receive("one", 10).len(), 6);
    assert_eq!(pages_of(it, 2), [7, 8, 9, 0, 1, 2]);
}

fn idle(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish(0..2);
    it.receive("one", 10);
    assert_eq!(it.claim("two", LEASE).len(), 0, "one works on them");
    assert_eq!(
        numbers(&it.claim("one", LEASE)),
        [0, 1],
        "one's own are handed out, idle or not"
    );
    thread::sleep(MOMENT * 2);
    assert_eq!(numbers(&it.claim("two", MOMENT)), [0, 1]);
    assert_eq!(it.claim("one", LEASE).len(), 0, "two works on them");
}

fn own(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish(0..3);
    it.receive("one", 2);
    it.receive("two", 1);
    let others = Claim {
        own: false,
        ..claim_all(Duration::ZERO)
    };
    let claimed = page(it, "one", others).entries;
    assert_eq!(numbers(&claimed), [2], "its own stay out of it");
    assert_eq!(page(it, "one", others).entries.len(), 0);
    let all = page(it, "one", claim_all(LEASE)).entries;
    assert_eq!(numbers(&all), [0, 1, 2]);
}

fn touched(it: &Setting<'_>) {
    let long = Duration::from_secs(1);
    it.join(GROUP);
    it.publish(0..2);
    let given = it.receive("one", 10);
    thread::sleep(long);
    let renew = |consumer, index: usize| {
        let renewed = it
            .transport
            .renew(member(consumer), LEASE, &[given[index].id]);
        renewed.expect("renewing succeeds");
    };
    renew("one", 0);
    // An entry of another consumer is not renewed.
    renew("two", 1);
    assert_eq!(numbers(&it.claim("two", long)), [1]);
}

fn after_restart(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish(0..3);
    it.requeue([7]);
    let given = it.receive("one", 10);
    assert_eq!(numbers(&given), [7, 0, 1, 2]);
    it.finish("one", &given[2..3]);
    it.requeue([8]);
    let other = it.other();
    let claimed = other.claim(member("two"), claim_all(Duration::ZERO));
    let claimed = claimed.expect("claiming succeeds").entries;
    let of = |entry: &crate::transport::Entry| (number(entry), entry.deliveries);
    assert_eq!(
        claimed.iter().map(of).collect::<Vec<_>>(),
        [(7, 2), (0, 2), (2, 2)]
    );
    let claimed = it.claim("two", LEASE);
    assert!(claimed.iter().all(|entry| entry.deliveries == 3));
    let new = other.receive(member("two"), Limit::entries(10), MOMENT);
    assert_eq!(
        numbers(&new.expect("receiving succeeds")),
        [8],
        "the requeued record survives as well"
    );
}
