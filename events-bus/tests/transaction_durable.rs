//! A durable receiver of relayed events. A process has one durable store, so this file has one test.

#![allow(
    clippy::exhaustive_structs,
    clippy::unwrap_used,
    missing_docs,
    clippy::allow_attributes,
    reason = "a test that cannot go on has failed"
)]

mod support {
    pub mod bus;
    pub mod gate;
    mod orders;
    pub mod shop;
}

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use support::bus::{eventually, stop};
use support::gate::Gate;
use support::shop::{Shop, start};

order_events! {
    Durable = "org.example.receivers.order.durable.v1";
}

static SUM: AtomicI64 = AtomicI64::new(0);

#[events_core::receiver(DURABLE, id = "receivers.durable", durable)]
fn durable(number: i64, from_event_bus: bool) {
    assert!(!from_event_bus);
    SUM.fetch_add(number, Ordering::SeqCst);
}

/// Relayed work is durable already: it is not stored a second time.
#[test]
fn a_durable_receiver_runs_once() {
    let (shop, transport) = (Shop::new(), Arc::new(Gate::default()));
    let bus = start::<Durable>(&transport, shop.outbox());
    shop.send(&DURABLE, [Durable::of(1), Durable::of(10)]);
    eventually(|| SUM.load(Ordering::SeqCst) >= 11, || "it runs".into());
    shop.is_emptied();
    stop(bus);
    assert_eq!(SUM.load(Ordering::SeqCst), 11);
}
