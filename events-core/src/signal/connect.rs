//! Connecting receivers at run time: closures, and the manual receivers that configuration names.

use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};
use std::borrow::Cow;
use std::panic::Location;
use std::sync::Arc;

use super::list::{Call, Entry, InfoRef, ReceiverList};
use super::{AnySignal, OVERLAY, Signal};
use crate::dispatch::IntoOutcome;
use crate::event::Event;
use crate::metadata::EventMetadata;
use crate::receiver::{ReceiverInfo, ReceiverKind, ReceiverSignals, SourceLocation};

pub(crate) type ConnectionId = u64;

/// What is connected to a signal beside what the linker found, and what the linker found until it is frozen.
pub(crate) struct Connected<E> {
    /// On its way to the signal's frozen list.
    linked: Vec<Entry<E>>,
    /// The manual receivers that the linker found, whether connected or not.
    manual: Vec<Entry<E>>,
    /// In the order in which they were connected.
    entries: Vec<(ConnectionId, Entry<E>)>,
}

impl<E> Connected<E> {
    pub(crate) const fn new() -> Self {
        Self {
            linked: Vec::new(),
            manual: Vec::new(),
            entries: Vec::new(),
        }
    }
}

impl<E: Event> Connected<E> {
    /// The link-time receivers come in their order, see `registry::attach`.
    pub(crate) fn push(&mut self, entry: Entry<E>) {
        match entry.info.kind {
            ReceiverKind::Manual => self.manual.push(entry),
            _ => self.linked.push(entry),
        }
    }

    pub(crate) fn take_linked(&mut self) -> ReceiverList<E> {
        ReceiverList::new(core::mem::take(&mut self.linked))
    }

    pub(crate) fn manual_infos(&self) -> Vec<ReceiverInfo> {
        self.manual
            .iter()
            .map(|entry| ReceiverInfo::clone(&entry.info))
            .collect()
    }

    fn manual(&self, id: &str) -> Option<Entry<E>> {
        self.manual
            .iter()
            .find(|entry| entry.info.is_called(id))
            .cloned()
    }
}

/// Keeps a receiver connected until it is dropped.
#[must_use = "the receiver is disconnected when the connection is dropped; \
              hold the connection, or call `.keep()` to stay connected for good"]
pub struct Connection {
    undo: Option<Undo>,
}

struct Undo {
    signal: &'static dyn AnySignal,
    id: ConnectionId,
    #[cfg(feature = "testing")]
    scope: Option<crate::testing::ScopeHandle>,
}

impl Connection {
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
            undo.signal.__disconnect_in_scope(&scope, undo.id);
            return;
        }
        undo.signal.__disconnect(undo.id);
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.undo {
            Some(undo) => write!(f, "Connection({} of {})", undo.id, undo.signal.info().name),
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
        let info = connected_info(self, None, 0, true);
        let call = Call::Closure(Arc::new(
            move |event: &E, delivery: &crate::Delivery<'_>| {
                receiver(event, delivery.metadata()).into_outcome()
            },
        ));
        self.connect_entry(Entry {
            call,
            info: InfoRef::Connected(Arc::new(info)),
        })
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
        let info = connected_info(self, Some(id.into()), priority, false);
        let call = Call::Closure(Arc::new(move |event: &E, _: &crate::Delivery<'_>| {
            receiver(event).into_outcome()
        }));
        self.connect_entry(Entry {
            call,
            info: InfoRef::Connected(Arc::new(info)),
        })
    }

    /// Connects a receiver that is annotated with `manual`, by its id or an alias.
    ///
    /// # Errors
    /// When no manual receiver of this signal has the id.
    pub fn connect_receiver(&'static self, id: &str) -> Result<Connection, UnknownReceiver> {
        self.linked();
        let connected = self.lock();
        let Some(entry) = connected.manual(id) else {
            let known = connected
                .manual
                .iter()
                .map(|entry| entry.info.id.to_string())
                .collect();
            return Err(UnknownReceiver {
                signal: self.info.name,
                id: id.to_owned(),
                known,
            });
        };
        drop(connected);
        Ok(self.connect_entry(entry))
    }

    fn connect_entry(&'static self, entry: Entry<E>) -> Connection {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        #[cfg(feature = "testing")]
        if let Some(scope) = crate::testing::current() {
            scope.with(self, |signal| signal.connect(id, entry));
            return Connection {
                undo: Some(Undo {
                    signal: self,
                    id,
                    scope: Some(scope),
                }),
            };
        }
        self.change(|connected| connected.push((id, entry)));
        Connection {
            undo: Some(Undo {
                signal: self,
                id,
                #[cfg(feature = "testing")]
                scope: None,
            }),
        }
    }

    pub(super) fn disconnect(&'static self, id: ConnectionId) {
        self.change(|connected| connected.retain(|(other, _)| *other != id));
    }

    /// Changes what is connected and publishes the new list.
    fn change(&'static self, change: impl FnOnce(&mut Vec<(ConnectionId, Entry<E>)>)) {
        let linked = self.linked();
        let mut connected = self.lock();
        // Entries own closures, and closures own what they captured. Whatever of that dies with this change is kept
        // until the lock is gone: a destructor may use the signal.
        let before = connected.entries.clone();
        change(&mut connected.entries);
        let old = if connected.entries.is_empty() {
            self.state.fetch_and(!OVERLAY, Ordering::AcqRel);
            self.overlay.swap(None)
        } else {
            let list = merge(
                linked.entries(),
                connected.entries.iter().map(|(_, entry)| entry.clone()),
            );
            let old = self.overlay.swap(Some(Arc::new(list)));
            self.state.fetch_or(OVERLAY, Ordering::AcqRel);
            old
        };
        drop(connected);
        drop(before);
        drop(old);
    }
}

/// One list of both, in the declared order.
pub(crate) fn merge<E: Event>(
    linked: impl Iterator<Item = Entry<E>>,
    connected: impl Iterator<Item = Entry<E>>,
) -> ReceiverList<E> {
    let mut entries: Vec<_> = linked.chain(connected).collect();
    entries.sort_by(|a, b| a.info.order(&b.info));
    ReceiverList::new(entries)
}

#[track_caller]
fn connected_info<E: Event>(
    signal: &Signal<E>,
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
        signals: ReceiverSignals::Named(&[]),
    }
}
