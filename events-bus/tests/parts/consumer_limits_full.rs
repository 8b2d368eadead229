//! A transport that has no room for retries and dead letters: the rest goes on.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use events_bus::delegate_transport;
use events_bus::transport::{
    Groups, Member, Settlement, SharedTransport, TransportError, TransportErrorKind,
};
use events_core::event;

use crate::support::bus::{Log, eventually, stop};
use crate::support::hooked::record;
use crate::{memory, start};

#[event(type = "org.example.limits.order.crammed.v1", key = customer)]
pub(crate) struct Crammed {
    pub(crate) number: i64,
    pub(crate) customer: String,
}

/// A transport that refuses settlements that store something, as a server at its limit of memory does.
struct Full {
    inner: SharedTransport,
    is_full: AtomicBool,
}

impl fmt::Debug for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Full")
    }
}

delegate_transport!(impl Log, Maintenance for Full => inner);

impl Groups for Full {
    delegate_transport!(inner: join, lead, renew, receive, claim, release, requeue, retries, claim_retries);

    fn settle(&self, member: Member<'_>, settlements: &[Settlement]) -> Result<(), TransportError> {
        let stores = |one: &Settlement| one.parked.is_some() || !one.dead.is_empty();
        if self.is_full.load(Ordering::Relaxed) && settlements.iter().any(stores) {
            return Err(TransportError::new(
                TransportErrorKind::Full,
                "full",
                "is out of memory",
            ));
        }
        self.inner.settle(member, settlements)
    }
}

/// What is parked or dead waits for room, in order. The entries beside it are settled, so that they can be trimmed.
#[test]
fn a_full_transport_settles_what_needs_no_room() {
    let log = Log::default();
    let seen = log.clone();
    let is_cured = Arc::new(AtomicBool::new(false));
    let cured = Arc::clone(&is_cured);
    let _connection = CRAMMED.connect_with("crammed", 0, move |event| {
        let fails = event.customer == "ada" && !cured.load(Ordering::Relaxed);
        if fails {
            return Err("not yet");
        }
        if event.customer == "ada" {
            seen.add(event.number.to_string());
        }
        Ok(())
    });
    let inner = memory();
    let full = Arc::new(Full {
        inner: Arc::clone(&inner),
        is_full: AtomicBool::new(true),
    });
    let transport: SharedTransport = Arc::clone(&full) as SharedTransport;
    let bus = start(&transport, |_| {});
    for number in 0..50 {
        let customer = if number % 10 == 0 { "ada" } else { "bob" };
        let event = Crammed {
            number,
            customer: customer.to_owned(),
        };
        transport.publish("t", &[record(&event)]).unwrap();
    }
    let lag = || inner.status("t").unwrap().unwrap().groups[0].lag().unwrap();
    eventually(|| lag() == 5, || format!("{} entries are left", lag()));
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(lag(), 5);
    is_cured.store(true, Ordering::Relaxed);
    full.is_full.store(false, Ordering::Relaxed);
    let all = [0, 10, 20, 30, 40].map(|number| number.to_string());
    eventually(|| log.lines() == all, || format!("{:?}", log.lines()));
    eventually(|| lag() == 0, || format!("{} entries are left", lag()));
    stop(bus);
}
