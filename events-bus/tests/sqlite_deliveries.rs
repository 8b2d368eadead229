//! Deliveries of a file: suspects, the retry queue, duplicates and limits.

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
use std::time::Duration;

use events_bus::Requeued;
use events_bus::transport::{
    Claim, DeadLetter, DeadReason, Groups, Limit, Log, Maintenance, Position, RetryState,
    Settlement, Start,
};
use events_core::Timestamp;
use support::sqlite_store::{LONG, NOW, ONE, Store, TWO, claim, done, ids, open, record, state};

#[test]
fn a_suspect_ends_a_claim_and_is_tried_alone() {
    let store = Store::new();
    let published = store.publish(4);
    let transport = &store.transport;
    let leader = store.lead(ONE, LONG);
    store.receive(leader);
    // The third is delivered five times.
    for _ in 0..4 {
        let third = Claim {
            after: Some(published[1]),
            limit: Limit::entries(1),
            ..claim()
        };
        assert_eq!(
            ids(&transport.claim(leader, third).unwrap().entries),
            [published[2]]
        );
    }
    let claimed = transport.claim(leader, claim()).unwrap();
    assert_eq!(ids(&claimed.entries), published[..2]);
    assert_eq!(claimed.suspect, Some(published[2]));
    let from_third = Claim {
        after: Some(published[1]),
        ..claim()
    };
    let claimed = transport.claim(leader, from_third).unwrap();
    assert_eq!(
        (claimed.entries.len(), claimed.suspect),
        (0, Some(published[2]))
    );
    let trial = Claim {
        trial: true,
        ..from_third
    };
    // Two trials end the process.
    for trials in 1..=2 {
        let claimed = transport.claim(leader, trial).unwrap();
        assert_eq!(ids(&claimed.entries), [published[2]]);
        assert_eq!(claimed.entries[0].trials, trials);
        assert_eq!(claimed.suspect, None);
    }
    // A mark makes it a suspect, whatever the number of deliveries.
    let claimed = transport.claim(
        leader,
        Claim {
            max_deliveries: u64::MAX,
            ..from_third
        },
    );
    assert_eq!(claimed.unwrap().suspect, Some(published[2]));
    transport.release(leader).unwrap();
    let leader = store.lead(TWO, LONG);
    let claimed = transport.claim(leader, trial).unwrap();
    assert_eq!(
        claimed.entries[0].trials, 2,
        "the released trial does not count"
    );
    transport.settle(leader, &[done(published[2])]).unwrap();
    let claimed = transport.claim(leader, from_third).unwrap();
    assert_eq!(ids(&claimed.entries), [published[3]]);
}

#[test]
fn a_parked_delivery_is_claimed_updated_and_settled() {
    let store = Store::new();
    let transport = &store.transport;
    let published = store.publish(2);
    let leader = store.lead(ONE, LONG);
    let entries = store.receive(leader);
    let states = vec![state("shop.mail", LONG), state("shop.audit", NOW)];
    let parked = record(50).with_key(Some("customer-7"));
    let settlements = [
        done(published[1]).with_parked(parked.clone(), states.clone()),
        done(published[0]).with_parked(parked.clone(), vec![state("shop.mail", Duration::MAX)]),
    ];
    transport.settle(leader, &settlements).unwrap();
    let status = &transport.topics().unwrap()[0].groups[0];
    assert_eq!(
        (status.pending, status.parked, status.lag()),
        (0, 3, Some(0))
    );
    let listed = transport.retries(leader).unwrap();
    let order: Vec<_> = listed
        .iter()
        .map(|(id, state)| (*id, &*state.receiver))
        .collect();
    assert_eq!(
        order,
        [
            (published[0], "shop.mail"),
            (published[1], "shop.audit"),
            (published[1], "shop.mail"),
        ]
    );
    assert_eq!(listed[1].1, states[1]);
    assert_eq!(listed[2].1, states[0]);
    assert!(listed[0].1.delay > Duration::from_hours(24 * 365 * 200));

    // Trimming does not reach them, and neither does closing the file.
    assert_eq!(transport.trim("orders", <_>::default()).unwrap().entries, 2);
    let transport = open(&store.path);
    let mail = (published[1], Arc::<str>::from("shop.mail"));
    let claim = |member, idle, trial| {
        transport
            .claim_retries(member, std::slice::from_ref(&mail), idle, trial)
            .unwrap()
    };
    let claimed = claim(leader, NOW, false);
    assert_eq!(claimed[0].retry.as_deref(), Some(&states[0]));
    assert_eq!(claimed[0].record.as_ref().unwrap(), &parked);
    assert_eq!(claimed[0].published_at, entries[1].published_at);
    assert_eq!((claimed[0].deliveries, claimed[0].trials), (1, 0));
    assert!(claim(TWO, LONG, false).is_empty(), "it is the leader's");
    assert_eq!(claim(leader, LONG, true)[0].trials, 1);
    assert_eq!(claim(TWO, NOW, true)[0].deliveries, 3);
    // Parked again: in place, with fresh counts.
    let later = RetryState {
        attempts: 4,
        error: "refused".into(),
        ..state("shop.mail", LONG)
    };
    let again = done(published[1])
        .of_retry("shop.mail".into())
        .with_parked(parked, vec![later.clone()]);
    transport.settle(leader, &[again]).unwrap();
    assert_eq!(transport.retries(leader).unwrap()[2].1, later);
    let claimed = claim(leader, NOW, false);
    assert_eq!((claimed[0].deliveries, claimed[0].trials), (1, 0));
    transport.release(leader).unwrap();
    assert_eq!(
        claim(TWO, LONG, false)[0].deliveries,
        1,
        "released deliveries do not count"
    );
    // Settled twice: the second time with everything that belongs to it.
    let settled = done(published[1]).of_retry("shop.mail".into());
    let letter = DeadLetter::new(
        "billing".into(),
        DeadReason::Exhausted,
        "no",
        published[1],
        Timestamp::now(),
        Ok(record(10)),
    );
    let settled = settled.with_dead(vec![letter]);
    transport
        .settle(TWO, &[settled.clone(), settled.clone()])
        .unwrap();
    transport.settle(TWO, &[settled]).unwrap();
    let status = &transport.topics().unwrap()[0];
    assert_eq!((status.groups[0].parked, status.dead_letters), (2, 1));
    assert!(transport.delete_group("orders", "billing").unwrap());
    transport
        .join("orders", "billing", Start::Beginning)
        .unwrap();
    assert_eq!(transport.retries(TWO).unwrap().len(), 0);
}

#[test]
fn duplicates_are_known_when_claimed() {
    let store = Store::new();
    let transport = &store.transport;
    let first = record(10);
    let event = Some(first.metadata.id());
    let requeued = first.clone().with_requeued(Requeued::new("retry", "1-0"));
    let records = [first.clone(), first.clone(), requeued, first.clone()];
    let published = transport.publish("orders", &records).unwrap();
    let leader = store.lead(ONE, LONG);
    store.receive(leader);
    let mail: Arc<[Arc<str>]> = Arc::from([Arc::from("shop.mail")]);
    let parked = done(published[3]).with_parked(first, vec![state("shop.mail", LONG)]);
    let handled = Settlement::new(published[0], event, Arc::clone(&mail));
    transport.settle(leader, &[handled, parked]).unwrap();
    let claimed = transport.claim(leader, claim()).unwrap().entries;
    let handled: Vec<_> = claimed.iter().map(|entry| entry.handled_by.len()).collect();
    assert_eq!(handled, [1, 0], "a requeued record is not a duplicate");
    let retries = [(published[3], Arc::clone(&mail[0]))];
    let claimed = transport
        .claim_retries(leader, &retries, NOW, false)
        .unwrap();
    assert_eq!(claimed[0].handled_by, *mail);
    // A group of the same name that comes later knows nothing of it.
    transport.delete_group("orders", "billing").unwrap();
    transport
        .join("orders", "billing", Start::Beginning)
        .unwrap();
    assert!(
        store
            .receive(ONE)
            .iter()
            .all(|entry| entry.handled_by.is_empty())
    );
}

#[test]
fn a_call_hands_out_at_most_its_bytes_and_at_least_one_entry() {
    let store = Store::new();
    let transport = &store.transport;
    let overhead = record(0).size();
    let sizes = [100, 100, 100, 5000, 100];
    let records: Vec<_> = sizes.iter().map(|size| record(*size)).collect();
    let published = transport.publish("orders", &records).unwrap();
    let limit = |entries, size| Limit {
        entries,
        bytes: size * (100 + overhead),
    };
    let leader = store.lead(ONE, LONG);
    let given: Vec<usize> = (0..5)
        .map(|_| transport.receive(leader, limit(10, 2), NOW).unwrap().len())
        .collect();
    assert_eq!(given, [2, 1, 1, 1, 0]);
    let mut after = None;
    for expected in [
        &published[..2],
        &published[2..3],
        &published[3..4],
        &published[4..],
    ] {
        let next = Claim {
            after,
            limit: limit(10, 2),
            ..claim()
        };
        let claimed = transport.claim(leader, next).unwrap();
        assert_eq!(ids(&claimed.entries), expected);
        after = expected.last().copied();
    }
    let none = Claim {
        limit: Limit::entries(0),
        ..claim()
    };
    assert!(transport.claim(leader, none).unwrap().entries.is_empty());
}

#[test]
fn requeued_entries_take_half_of_a_call_while_new_ones_wait() {
    let store = Store::new();
    let transport = &store.transport;
    store.publish(6);
    let again: Vec<_> = (0..20).map(|_| record(10)).collect();
    transport.requeue("orders", "billing", &again).unwrap();
    let leader = store.lead(ONE, LONG);
    let requeued = |limit| {
        let entries = transport.receive(leader, limit, NOW).unwrap();
        let requeued = entries
            .iter()
            .filter(|entry| entry.id.to_string().starts_with("requeued:"));
        (requeued.count(), entries.len())
    };
    assert_eq!(requeued(Limit::entries(4)), (2, 4));
    let four = Limit {
        entries: 100,
        bytes: 4 * record(10).size(),
    };
    assert_eq!(requeued(four), (2, 4));
    // The first is one of them, or they would never come.
    assert_eq!(requeued(Limit::entries(1)), (1, 1));
    assert_eq!(requeued(Limit::entries(4)), (2, 4));
    assert_eq!(requeued(Limit::entries(4)), (4, 4), "no new one waits");
    let status = &transport.topics().unwrap()[0].groups[0];
    assert_eq!(
        (status.unread, status.pending, status.requeued),
        (Some(0), 6, 20)
    );
}

#[test]
fn reading_counts_no_delivery() {
    let store = Store::new();
    store.publish(1);
    let entries = store
        .transport
        .read("orders", Position::Oldest, 10)
        .unwrap();
    assert_eq!((entries[0].deliveries, entries[0].trials), (0, 0));
}
