//! Leading: one consumer at a time, and the epochs of its terms.

use std::thread;
use std::time::Duration;

use super::setting::{
    GROUP, LEASE, MOMENT, Setting, assert_old, assert_standby, claim_all, done, eventually, member,
    member_of, numbers,
};
use super::{Check, promises};
use crate::transport::{Limit, Member, Start};

pub(super) const CHECKS: &[Check] = promises![
    leads: "one consumer leads until it releases the lead",
    lease_ends: "another consumer leads after the lease has ended",
    renews: "renewing sets the end of the lease, later or earlier",
    terms: "each success begins a new epoch, also for the consumer that leads already",
    released: "a release ends the epoch and frees entries at once",
    expired: "a lease that ended without a successor still receives, claims, renews and settles",
    led_apart: "the leads of groups and topics are apart from each other",
];

fn leads(it: &Setting<'_>) {
    it.join(GROUP);
    let other = it.other();
    it.lead("one", LEASE);
    assert_standby(other.lead(member("two"), LEASE));
    assert_eq!(it.group().leader.as_deref(), Some("one"));
    let epoch = it.lead("one", LEASE);
    assert_standby(other.lead(member("two"), LEASE));
    it.release(member("two"));
    assert_standby(other.lead(member("two"), LEASE));
    it.release(member("one").under(epoch));
    assert_eq!(it.group().leader, None);
    it.lead("two", LEASE);
    assert_standby(other.lead(member("one"), LEASE));
}

fn lease_ends(it: &Setting<'_>) {
    it.join(GROUP);
    let first = it.lead("one", Duration::from_millis(300));
    assert_standby(it.transport.lead(member("two"), LEASE));
    let second = it.lead_after("two");
    assert!(second.counter() > first.counter(), "the counter grows");
    assert_eq!(it.group().leader.as_deref(), Some("two"));
    assert_standby(it.transport.lead(member("one"), LEASE));
}

fn renews(it: &Setting<'_>) {
    let short = Duration::from_millis(600);
    it.join(GROUP);
    let epoch = it.lead("one", short);
    let renew = |lease| {
        let renewed = it.transport.renew(member("one").under(epoch), lease, &[]);
        renewed.expect("renewing succeeds");
    };
    renew(LEASE);
    thread::sleep(short + MOMENT);
    assert_standby(it.transport.lead(member("two"), LEASE));
    assert!(it.group().leader.is_some(), "the lease is the renewed one");
    renew(MOMENT);
    eventually("a lease that was made shorter ends", || {
        let leadership = it.transport.lead(member("two"), LEASE);
        leadership.expect("leading succeeds").epoch().is_some()
    });
}

fn terms(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish(0..3);
    let limit = Limit::entries(1);
    let receive = |member| it.transport.receive(member, limit, MOMENT);
    let mut former = None;
    for number in 0..3 {
        let epoch = it.lead("one", LEASE);
        if let Some(former) = former {
            assert_ne!(epoch, former);
            assert!(epoch.counter() > former.counter(), "the counter grows");
            assert_old("receive", receive(member("one").under(former)));
        }
        let given = receive(member("one").under(epoch)).expect("the leader receives");
        assert_eq!(numbers(&given), [number]);
        assert_eq!(epoch.to_string().parse(), Ok(epoch), "it survives as text");
        former = Some(epoch);
    }
    // An attempt that fails ends nothing.
    assert_standby(it.transport.lead(member("two"), LEASE));
    let last = member("one").under(former.expect("it led"));
    receive(last).expect("the epoch is still current");
}

fn released(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish(0..3);
    let first = member("one").under(it.lead("one", LEASE));
    let given = it.receive_as(first, 2);
    let settled = it.transport.settle(first, &[done(&given[0])]);
    settled.expect("the leader settles");
    it.release(first);
    assert_eq!(it.group().leader, None);
    let receive = it.transport.receive(first, Limit::entries(1), MOMENT);
    assert_old("receive", receive);
    let settle = it.transport.settle(first, &[done(&given[1])]);
    assert_old("settle", settle);
    let second = member("two").under(it.lead("two", LEASE));
    let claimed = it.claim_as(second, LEASE);
    assert_eq!(numbers(&claimed), [1], "idle or not");
    assert_eq!(numbers(&it.receive_as(second, 10)), [2]);
    it.release(first);
    assert_eq!(it.group().leader.as_deref(), Some("two"), "not twice");
}

fn expired(it: &Setting<'_>) {
    it.join(GROUP);
    it.publish(0..2);
    let leader = member("one").under(it.lead("one", MOMENT));
    thread::sleep(MOMENT * 2);
    assert_eq!(it.group().leader, None, "the lease ended");
    let given = it.receive_as(leader, 1);
    assert_eq!(numbers(&given), [0]);
    let transport = &*it.transport;
    let claimed = transport.claim(leader, claim_all(LEASE));
    let claimed = claimed.expect("the leader claims").entries;
    assert_eq!(numbers(&claimed), [0]);
    let settled = transport.settle(leader, &[done(&given[0])]);
    settled.expect("the leader settles");
    transport.retries(leader).expect("the leader looks");
    let renewed = transport.renew(leader, LEASE, &[]);
    renewed.expect("the leader renews");
    assert_eq!(it.group().leader.as_deref(), Some("one"));
    assert_standby(transport.lead(member("two"), LEASE));
    assert_eq!(numbers(&it.receive_as(leader, 10)), [1]);
}

fn led_apart(it: &Setting<'_>) {
    it.join(GROUP);
    it.join("other");
    it.transport
        .join("another", GROUP, Start::Beginning)
        .expect("joining succeeds");
    let others = [
        member_of("other", "one"),
        Member::new("another", GROUP, "one"),
    ];
    let here = it.lead("one", LEASE);
    let mut epochs = Vec::new();
    for other in others {
        let leadership = it.transport.lead(other, LEASE);
        let epoch = leadership.expect("leading succeeds").epoch();
        epochs.push(epoch.expect("nobody leads there"));
    }
    it.release(member("one").under(here));
    for (other, epoch) in others.into_iter().zip(epochs) {
        let elsewhere = Member {
            consumer: "two",
            ..other
        };
        assert_standby(it.transport.lead(elsewhere, LEASE));
        let renewed = it.transport.renew(other.under(epoch), LEASE, &[]);
        renewed.expect("the epoch is still current");
        let renewed = it.transport.renew(other.under(here), LEASE, &[]);
        assert_old("renew", renewed);
    }
    it.lead("two", LEASE);
}
