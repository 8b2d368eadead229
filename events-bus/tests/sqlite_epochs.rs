//! Epochs in a file: a paused leader changes nothing.

#![cfg(feature = "sqlite")]
#![allow(
    clippy::unwrap_used,
    clippy::allow_attributes,
    reason = "a test that cannot go on has failed"
)]

mod support {
    pub mod sqlite_store;
}

use std::sync::Arc;

use events_bus::transport::{
    Claim, DeadLetter, DeadReason, Groups, Limit, Maintenance, Member, Settlement, TransportError,
    TransportErrorKind,
};
use events_core::Timestamp;
use support::sqlite_store::{
    LONG, MANY, NOW, ONE, Store, TWO, claim, done, ids, open, record, state,
};

fn assert_lost<T: std::fmt::Debug>(result: Result<T, TransportError>) {
    let error = result.expect_err("the epoch is old");
    assert_eq!(error.kind(), TransportErrorKind::LostLease, "{error}");
    assert!(!error.is_outcome_unknown(), "{error}");
    let text = error.to_string();
    assert!(text.contains("`one` no longer leads group"), "{text}");
}

/// A leader that was paused wakes up: the epoch is another one's, or was released.
#[test]
fn an_old_epoch_changes_nothing() {
    let store = Store::new();
    let transport = &store.transport;
    let published = store.publish(6);
    let old = store.lead(ONE, NOW);
    let limit = Limit::entries(4);
    let entries = transport.receive(old, limit, NOW).unwrap();
    let parked = done(published[0]).with_parked(record(10), vec![state("shop.mail", LONG)]);
    transport.settle(old, &[parked]).unwrap();
    transport
        .requeue("orders", "billing", &[record(10)])
        .unwrap();
    let attack = |old: Member<'_>| {
        let rows = store.rows();
        let status = transport.topics().unwrap();
        assert_lost(transport.receive(old, MANY, NOW));
        assert_lost(transport.receive(old, Limit::entries(0), NOW));
        assert_lost(transport.claim(old, claim()));
        assert_lost(transport.claim(
            old,
            Claim {
                max_deliveries: 1,
                trial: true,
                ..claim()
            },
        ));
        assert_lost(transport.renew(old, LONG, &ids(&entries)));
        let letter = DeadLetter::new(
            "billing".into(),
            DeadReason::Exhausted,
            "no",
            published[1],
            Timestamp::now(),
            Ok(record(10)),
        );
        let handled: Arc<[Arc<str>]> = Arc::from([Arc::from("shop.mail")]);
        let event = record(10).metadata.id();
        let settlement = Settlement::new(published[1], Some(event), handled)
            .with_dead(vec![letter])
            .with_parked(record(10), vec![state("shop.mail", LONG)]);
        assert_lost(transport.settle(old, &[settlement]));
        assert_lost(transport.settle(old, &[]));
        assert_lost(transport.settle(old, &[done(published[0]).of_retry("shop.mail".into())]));
        assert_lost(transport.retries(old));
        let retry = (published[0], Arc::from("shop.mail"));
        assert_lost(transport.claim_retries(old, &[retry], NOW, true));
        transport.release(old).unwrap();
        assert_eq!(store.rows(), rows);
        assert_eq!(transport.topics().unwrap(), status);
    };
    let new = store.lead(TWO, LONG);
    attack(old);
    // The new leader goes on with everything.
    assert_eq!(transport.claim(new, claim()).unwrap().entries.len(), 3);
    assert_eq!(transport.retries(new).unwrap().len(), 1);
    // The same consumer leads again, and then nobody does.
    transport.release(new).unwrap();
    let again = store.lead(ONE, LONG);
    attack(old);
    transport.release(again).unwrap();
    attack(old);
    attack(again);
}

#[test]
fn an_epoch_lasts_until_somebody_else_leads() {
    let store = Store::new();
    store.publish(3);
    let first = store.lead(ONE, NOW);
    assert_eq!(store.transport.topics().unwrap()[0].groups[0].leader, None);
    let limit = Limit::entries(1);
    // Its lease is over, and nobody has led since.
    let given = store.transport.receive(first, limit, NOW).unwrap();
    assert_eq!(given.len(), 1);
    store.transport.renew(first, LONG, &[]).unwrap();
    let status = store.transport.topics().unwrap();
    assert_eq!(status[0].groups[0].leader.as_deref(), Some("one"));
    assert_eq!(store.transport.lead(TWO, LONG).unwrap().epoch(), None);
    // Leading again begins a new epoch.
    let second = store.lead(ONE, LONG);
    assert_lost(store.transport.receive(first, MANY, NOW));
    assert_eq!(store.receive(second).len(), 2);
    let (first, second) = (first.epoch.unwrap(), second.epoch.unwrap());
    assert_eq!(second.counter(), first.counter() + 1);
    assert_ne!(second.holder(), first.holder());
}

/// Two copies of a file have the same counter, and each its own holder.
#[test]
fn an_epoch_of_a_copy_is_not_ours() {
    let store = Store::new();
    let copy = store.path.with_file_name("copy.db");
    store.transport.backup(&copy).unwrap();
    let ours = store.lead(ONE, LONG);
    let copy = open(&copy);
    let theirs = copy.lead(ONE, LONG).unwrap().epoch().unwrap();
    assert_eq!(theirs.counter(), ours.epoch.unwrap().counter());
    assert_lost(store.transport.renew(ONE.under(theirs), LONG, &[]));
}

#[test]
fn a_release_takes_deliveries_back() {
    let store = Store::new();
    store.publish(2);
    let mut leader = store.lead(ONE, LONG);
    store.receive(leader);
    for next in [TWO, ONE, TWO, ONE] {
        store.transport.release(leader).unwrap();
        leader = store.lead(next, LONG);
        let held = Claim {
            own: false,
            idle: LONG,
            ..claim()
        };
        let claimed = store.transport.claim(leader, held).unwrap().entries;
        let deliveries: Vec<_> = claimed.iter().map(|entry| entry.deliveries).collect();
        assert_eq!(deliveries, [1, 1]);
    }
}

#[test]
fn a_partition_that_does_not_exist_is_refused() {
    let store = Store::new();
    let mut member = ONE;
    member.partition = 1;
    let error = store.transport.lead(member, LONG).unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Refused);
    assert!(error.to_string().contains("use partition 0"), "{error}");
}
