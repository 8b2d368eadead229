//! Connecting receivers at run time: closures, and the manual receivers that configuration names.

use core::fmt;
use std::borrow::Cow;
use std::panic::Location;
use std::sync::Arc;

use super::core::{ConnectionId, SignalCore};
use super::list::{AnyCall, Closure, Entry, ErasedCall, InfoRef, TypedFn};
use super::{AnySignal, Signal};
use crate::dispatch::{Delivery, IntoOutcome};
use crate::event::{AnyEvent, Event};
use crate::metadata::EventMetadata;
use crate::receiver::{ReceiverInfo, ReceiverKind, ReceiverSignals, SourceLocation};

/// Keeps a receiver connected until it is dropped.
#[must_use = "the receiver is disconnected when the connection is dropped; \
              hold the connection, or call `.keep()` to stay connected for good"]
pub struct Connection {
    undo: Option<Undo>,
}

struct Undo {
    signal: &'static SignalCore,
    id: ConnectionId,
    #[cfg(feature = "testing")]
    scope: Option<crate::testing::ScopeHandle>,
}

impl Connection {
    pub(super) fn new(signal: &'static SignalCore, id: ConnectionId) -> Self {
        Self {
            undo: Some(Undo {
                signal,
                id,
                #[cfg(feature = "testing")]
                scope: None,
            }),
        }
    }

    #[cfg(feature = "testing")]
    pub(super) fn in_scope(
        signal: &'static SignalCore,
        id: ConnectionId,
        scope: crate::testing::ScopeHandle,
    ) -> Self {
        Self {
            undo: Some(Undo {
                signal,
                id,
                scope: Some(scope),
            }),
        }
    }

    /// Stays connected for as long as the process lives.
    pub fn keep(mut self) {
        self.undo = None;
    }

    /// Disconnects now; the same as dropping the connection.
    ///
    /// A send that runs meanwhile, on this thread or another, may still reach the receiver; later ones do not.
    pub fn disconnect(self) {
        drop(self);
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let Some(undo) = self.undo.take() else { return };
        #[cfg(feature = "testing")]
        if let Some(scope) = undo.scope {
            scope.disconnect(undo.signal, undo.id);
            return;
        }
        undo.signal.disconnect(undo.id);
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.undo {
            Some(undo) => write!(f, "Connection({} of {})", undo.id, undo.signal.info.name),
            None => f.write_str("Connection(kept)"),
        }
    }
}

/// No manual receiver of the signal has this id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "signal `{signal}` has no manual receiver `{id}`; {}",
    if known.is_empty() {
        "no `#[receiver(…, manual)]` of this signal is linked into this binary".to_owned()
    } else {
        format!("its manual receivers are {}", known.join(", "))
    }
)]
#[non_exhaustive]
pub struct UnknownReceiver {
    /// The name of the signal.
    pub signal: &'static str,
    /// The id that was asked for.
    pub id: String,
    /// The ids of the manual receivers that the signal has.
    pub known: Vec<String>,
}

impl<E: Event> Signal<E> {
    /// Connects a closure. It is called after the annotated receivers of priority 0.
    ///
    /// A closure gets the metadata with every event; where that is not needed, [`connect_with`](Self::connect_with)
    /// saves the clock read.
    ///
    /// ```
    /// # use events_core::event;
    /// # #[event(type = "org.example.shop.order.placed.v1")]
    /// # pub struct OrderPlaced { pub number: i64 }
    /// let connection = ORDER_PLACED.connect(|event, metadata| {
    ///     println!("order {} at {}", event.number, metadata.time());
    /// });
    /// ORDER_PLACED.send_event(OrderPlaced { number: 17 });
    /// drop(connection); // disconnected
    /// ```
    #[track_caller]
    pub fn connect<F, R>(&'static self, receiver: F) -> Connection
    where
        F: Fn(&E, &EventMetadata) -> R + Send + Sync + 'static,
        R: IntoOutcome,
    {
        self.connect_closure(
            None,
            0,
            true,
            Box::new(move |event, delivery| receiver(event, delivery.metadata()).into_outcome()),
        )
    }

    /// Connects a closure that wants only the event, under a name and with a priority.
    ///
    /// The name is what [`Responses`](crate::Responses) and the `events` command show.
    #[track_caller]
    pub fn connect_with<F, R>(
        &'static self,
        id: impl Into<String>,
        priority: i32,
        receiver: F,
    ) -> Connection
    where
        F: Fn(&E) -> R + Send + Sync + 'static,
        R: IntoOutcome,
    {
        let closure = move |event: &E, _: &Delivery<'_>| receiver(event).into_outcome();
        self.connect_closure(Some(id.into()), priority, false, Box::new(closure))
    }

    /// Connects a receiver that is annotated with `manual`, by its id or an alias.
    ///
    /// # Errors
    /// When no manual receiver of this signal has the id.
    pub fn connect_receiver(&'static self, id: &str) -> Result<Connection, UnknownReceiver> {
        self.core.connect_receiver(id)
    }

    #[track_caller]
    fn connect_closure(
        &'static self,
        id: Option<String>,
        priority: i32,
        wants_metadata: bool,
        closure: Box<TypedFn<E>>,
    ) -> Connection {
        let call = ErasedCall::Closure(Arc::new(Closure::new(closure)));
        connect_call(&self.core, id, priority, wants_metadata, call)
    }
}

impl dyn AnySignal {
    /// Connects a closure that takes the event untyped, under a name and with a priority, as
    /// [`connect_with`](Signal::connect_with) does where the type is known.
    ///
    /// For what handles events of every type, such as what hands them to an event bus.
    ///
    /// ```standalone_crate
    /// # use events_core::{event, registry};
    /// # #[event(type = "org.example.shop.order.placed.v1")]
    /// # pub struct OrderPlaced { pub number: i64 }
    /// for signal in registry::signals() {
    ///     let tap = signal.connect_any("shop.tap", 100, |event, delivery| {
    ///         println!("{} at {}", event.info().event_type, delivery.metadata().time());
    ///     });
    ///     tap.keep();
    /// }
    /// ORDER_PLACED.send_event(OrderPlaced { number: 17 });
    /// ```
    #[track_caller]
    pub fn connect_any<F, R>(
        &'static self,
        id: impl Into<String>,
        priority: i32,
        receiver: F,
    ) -> Connection
    where
        F: Fn(AnyEvent<'_>, &Delivery<'_>) -> R + Send + Sync + 'static,
        R: IntoOutcome,
    {
        let closure = move |event: AnyEvent<'_>, delivery: &Delivery<'_>| {
            receiver(event, delivery).into_outcome()
        };
        let call = ErasedCall::Any(AnyCall::Closure(Arc::new(Closure::new(Box::new(closure)))));
        connect_call(self.__core(), Some(id.into()), priority, true, call)
    }
}

#[track_caller]
fn connect_call(
    signal: &'static SignalCore,
    id: Option<String>,
    priority: i32,
    wants_metadata: bool,
    call: ErasedCall,
) -> Connection {
    let info = connected_info(signal, id, priority, wants_metadata);
    signal.connect(Entry {
        call,
        info: InfoRef::Connected(Arc::new(info)),
    })
}

#[track_caller]
fn connected_info(
    signal: &SignalCore,
    id: Option<String>,
    priority: i32,
    wants_metadata: bool,
) -> ReceiverInfo {
    let location = Location::caller();
    let id = id.unwrap_or_else(|| format!("closure at {}:{}", location.file(), location.line()));
    ReceiverInfo {
        id: Cow::Owned(id),
        aliases: &[],
        name: "closure",
        module: signal.info.module,
        location: SourceLocation::of(location),
        priority,
        kind: ReceiverKind::Connected,
        wants_metadata,
        is_async: false,
        is_durable: false,
        signals: ReceiverSignals::Named(&[]),
    }
}
