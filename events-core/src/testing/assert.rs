//! Assertions about what is connected.

use crate::event::Event;
use crate::receiver::ReceiverInfo;
use crate::signal::Signal;

/// Checks that a receiver is connected to a signal: one with this id, or a function of this name.
///
/// ```
/// # use events_core::{event, receiver, testing};
/// # #[event(type = "org.example.shop.order.placed.v1")]
/// # pub struct OrderPlaced { pub number: i64 }
/// #[receiver(ORDER_PLACED)]
/// fn pack(number: i64) {
/// #   let _ = number;
/// }
///
/// testing::assert_receiver_connected(&ORDER_PLACED, "pack");
/// ```
///
/// # Panics
/// When it is not; with the receivers that are, and with what kept the receiver away, where that is known.
#[track_caller]
pub fn assert_receiver_connected<E: Event>(signal: &'static Signal<E>, receiver: &str) {
    let connected = signal.receivers();
    if connected.iter().any(|info| is_meant(info, receiver)) {
        return;
    }
    let name = signal.info().name;
    if signal
        .manual_receivers()
        .iter()
        .any(|info| is_meant(info, receiver))
    {
        panic!(
            "receiver `{receiver}` is not connected to {name}: it is annotated with `manual`, and no configuration connects \
             it here. In a test, `{name}.connect_receiver(…)` does"
        );
    }
    assert!(
        super::current().is_none_or(|scope| scope.runs_receivers()),
        "receiver `{receiver}` is not connected to {name}: the scope is `without_receivers()`, so only what the test \
         connects runs"
    );
    let ids: Vec<_> = connected.iter().map(|info| info.id.as_ref()).collect();
    let connected = if ids.is_empty() {
        "no receivers".to_owned()
    } else {
        ids.join(", ")
    };
    panic!(
        "receiver `{receiver}` is not connected to {name}; connected are {connected}. If its crate is a dependency, see that \
         this test binary names it: `use the_crate as _;`"
    );
}

/// Checks that a receiver is not connected to a signal, see [`assert_receiver_connected`].
///
/// # Panics
/// When it is.
#[track_caller]
pub fn assert_receiver_not_connected<E: Event>(signal: &'static Signal<E>, receiver: &str) {
    let connected = signal.receivers();
    if let Some(info) = connected.iter().find(|info| is_meant(info, receiver)) {
        panic!(
            "receiver `{}` ({}) is connected to {}",
            info.id,
            info.location,
            signal.info().name
        );
    }
}

fn is_meant(info: &ReceiverInfo, receiver: &str) -> bool {
    info.is_called(receiver) || info.name == receiver
}
