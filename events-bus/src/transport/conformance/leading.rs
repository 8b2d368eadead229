//! Leading: one consumer at a time.

use std::thread;
use std::time::Duration;

use super::{
    Check, GROUP, LEASE, MOMENT, Setting, event_id, eventually, letter, member, member_of, numbers,
    promises, receivers,
};
use crate::transport::{DeadReason, Member, Settlement, Standing, Start, TransportErrorKind};

pub(super) const CHECKS: &[Check] = promises![
    leads: "one consumer leads, and another when it leaves",
    lease_ends: "a lease ends",
    renews: "who leads renews its lease",
    left: "who left leads no longer",
    fenced: "who no longer leads settles nothing",
];

fn leads(it: &Setting<'_>) {
    it.join(GROUP);
    it.join("other");
    let other = it.other();
    let lead = |consumer: &str| it.transport.lead(member(consumer), LEASE).ok();
    assert_eq!(lead("one"), Some(Standing::Active));
    assert_eq!(
        other.lead(member("two"), LEASE).ok(),
        Some(Standing::Standby)
    );
    assert_eq!(lead("one"), Some(Standing::Active), "it stays");
    assert_eq!(it.group().leader.as_deref(), Some("one"));
    let elsewhere = it.transport.lead(member_of("other", "two"), LEASE);
    assert_eq!(elsewhere.ok(), Some(Standing::Active), "groups are apart");
    it.transport
        .leave(member("two"))
        .expect("leaving without leading is no error");
    assert_eq!(lead("two"), Some(Standing::Standby));
    it.publish([1]);
    it.receive("one", 10);
    it.transport.leave(member("one")).expect("leaving succeeds");
    assert_eq!(lead("two"), Some(Standing::Active));
    assert_eq!(
        numbers(&it.take_over("two", LEASE)),
        [1],
        "what was pending may be taken over at once"
    );
}

fn lease_ends(it: &Setting<'_>) {
    it.join(GROUP);
    let short = Duration::from_millis(300);
    let first = it.transport.lead(member("one"), short);
    assert_eq!(first.ok(), Some(Standing::Active));
    eventually("another consumer leads after the lease", || {
        let standing = it.transport.lead(member("two"), LEASE);
        standing.ok() == Some(Standing::Active)
    });
    let late = it.transport.lead(member("one"), LEASE);
    assert_eq!(late.ok(), Some(Standing::Standby));
}

fn renews(it: &Setting<'_>) {
    let short = Duration::from_millis(600);
    it.join(GROUP);
    let lead = |consumer, lease| it.transport.lead(member(consumer), lease).ok();
    assert_eq!(lead("one", short), Some(Standing::Active));
    assert_eq!(lead("one", LEASE), Some(Standing::Active));
    thread::sleep(short + MOMENT);
    assert_eq!(
        lead("two", LEASE),
        Some(Standing::Standby),
        "the lease is that of the last call"
    );
    // It may be made shorter as well.
    assert_eq!(lead("one", MOMENT), Some(Standing::Active));
    eventually("a lease ends that was made shorter", || {
        lead("two", LEASE) == Some(Standing::Active)
    });
}

fn left(it: &Setting<'_>) {
    it.join(GROUP);
    it.transport
        .join("another", GROUP, Start::Beginning)
        .expect("joining succeeds");
    let elsewhere = Member {
        topic: "another",
        ..member("one")
    };
    for member in [member("one"), elsewhere] {
        let standing = it.transport.lead(member, LEASE);
        assert_eq!(standing.ok(), Some(Standing::Active));
    }
    it.publish([1]);
    let given = it.receive("one", 10);
    it.transport.leave(member("one")).expect("leaving succeeds");
    assert_eq!(it.group().leader, None);
    let late = Settlement::finished(given[0].id, event_id(&given[0]), receivers(&[]));
    let late = it.transport.settle(member("one"), &[late], true);
    assert_eq!(
        late.map_err(|error| error.kind()),
        Err(TransportErrorKind::LostLease)
    );
    assert_eq!(it.group().pending, 1);
    let standing = it.transport.lead(
        Member {
            topic: "another",
            ..member("two")
        },
        LEASE,
    );
    assert_eq!(
        standing.ok(),
        Some(Standing::Standby),
        "of another topic, it has not left the group"
    );
}

fn fenced(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish([1]);
    let lead = |consumer, lease| it.transport.lead(member(consumer), lease).ok();
    assert_eq!(lead("one", MOMENT), Some(Standing::Active));
    let given = it.receive("one", 10);
    eventually("another consumer leads after the lease", || {
        lead("two", LEASE) == Some(Standing::Active)
    });
    let letter = letter(&given[0], DeadReason::Exhausted);
    let settlement = Settlement::finished(given[0].id, event_id(&given[0]), receivers(&["a"]))
        .with_dead(vec![letter]);
    let late = it
        .transport
        .settle(member("one"), std::slice::from_ref(&settlement), true);
    assert_eq!(
        late.map_err(|error| error.kind()),
        Err(TransportErrorKind::LostLease)
    );
    assert_eq!(it.group().pending, 1, "nothing happened");
    assert_eq!(it.status().dead_letters, 0, "nothing happened");
    it.take_over("two", Duration::ZERO);
    it.transport
        .settle(member("two"), &[settlement], true)
        .expect("who leads settles");
    assert_eq!(it.group().pending, 0);
}
