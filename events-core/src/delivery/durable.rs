//! Durable receivers: a send stores their work, and a bus has it done.

use core::error::Error;
use core::fmt;
use core::panic::Location;
use std::borrow::Cow;
use std::sync::Arc;

use arc_swap::ArcSwapOption;

use crate::dispatch::{BoxError, Delivery, Failure, contain};
use crate::event::AnyEvent;
use crate::receiver::{ReceiverInfo, SourceLocation};

/// Where a send stores the work of durable receivers, see [`receiver`](macro@crate::receiver).
///
/// An event bus implements it, and [installs](set_durable_store) itself.
pub trait DurableStore: Send + Sync {
    /// Stores that these receivers are to be run with this event, in this order: all of them or none.
    ///
    /// It is called once for each send that reaches durable receivers, on the thread of the sender, which waits. When it
    /// returns `Ok`, the work is safe: from then on it is up to the store that the receivers run, by
    /// [`AnyEvent::redeliver`] with [`running_durable`](super::Redelivery::running_durable). What they are to see then,
    /// the metadata and whether the event came from a bus, the delivery says.
    ///
    /// A receiver is stored by its [`id`](ReceiverInfo::id), and found again with
    /// [`is_called`](ReceiverInfo::is_called), which knows its earlier ids as well.
    ///
    /// # Errors
    /// When nothing was stored. Each of the receivers has then failed, as far as the sender can see. So it has when this
    /// panics.
    fn store(
        &self,
        event: AnyEvent<'_>,
        delivery: &Delivery<'_>,
        receivers: &[&ReceiverInfo],
    ) -> Result<(), BoxError>;
}

struct Installed {
    store: Arc<dyn DurableStore>,
    location: SourceLocation,
}

static INSTALLED: ArcSwapOption<Installed> = ArcSwapOption::const_empty();

/// Makes this the durable store of the process, until the guard is dropped.
///
/// [`registry::verify`](crate::registry::verify) does not ask for a store: it is called before a bus starts.
///
/// # Errors
/// When there is one already. The process has one durable store: two would not know of each other's work.
#[track_caller]
pub fn set_durable_store(
    store: Arc<dyn DurableStore>,
) -> Result<DurableStoreGuard, DurableStoreExists> {
    let installed = Arc::new(Installed {
        store,
        location: SourceLocation::of(Location::caller()),
    });
    let before = INSTALLED.compare_and_swap(&None::<Arc<Installed>>, Some(installed.clone()));
    match &*before {
        None => Ok(DurableStoreGuard(installed)),
        Some(first) => Err(DurableStoreExists {
            location: first.location,
        }),
    }
}

/// Keeps a durable store installed until it is dropped. A send that runs meanwhile may still use it.
#[must_use = "the store is uninstalled when the guard is dropped; hold the guard for as long as events are sent"]
pub struct DurableStoreGuard(Arc<Installed>);

impl Drop for DurableStoreGuard {
    fn drop(&mut self) {
        INSTALLED.store(None);
    }
}

impl fmt::Debug for DurableStoreGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DurableStoreGuard({})", self.0.location)
    }
}

/// The process has a durable store already.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a durable store is installed already, at {location}, and a process has one: stop the bus that installed it before \
     another is started, or use that bus"
)]
#[non_exhaustive]
pub struct DurableStoreExists {
    /// Where it was installed.
    pub location: SourceLocation,
}

/// The error of a durable receiver whose work could not be stored.
#[derive(Debug)]
pub struct NotStored {
    receiver: Cow<'static, str>,
    /// One for all the receivers of the send.
    cause: Arc<Failure>,
}

impl NotStored {
    pub(crate) fn new(receiver: &ReceiverInfo, cause: Arc<Failure>) -> Self {
        Self {
            receiver: receiver.id.clone(),
            cause,
        }
    }

    /// The id of the receiver.
    pub fn receiver(&self) -> &str {
        &self.receiver
    }
}

impl fmt::Display for NotStored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { receiver, cause } = self;
        write!(
            f,
            "the work of durable receiver `{receiver}` is not stored: "
        )?;
        if matches!(**cause, Failure::Panic(_)) {
            f.write_str("the durable store ")?;
        }
        cause.fmt(f)
    }
}

impl Error for NotStored {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &*self.cause {
            Failure::Error(error) => Some(&**error),
            Failure::Panic(_) => None,
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error(
    "this process has no durable store; start a bus (`events_bus::Bus`) before events are sent, and keep it while they are"
)]
struct NoStore;

/// Has the store that is installed store the work.
#[cold]
pub(crate) fn store(
    event: AnyEvent<'_>,
    delivery: &Delivery<'_>,
    receivers: &[&ReceiverInfo],
) -> Result<(), Failure> {
    // The sender may be the last to hold the store, and then drops it: foreign code, too.
    contain(|| {
        let installed = INSTALLED.load_full().ok_or(NoStore)?;
        installed.store.store(event, delivery, receivers)
    })?
    .map_err(Failure::Error)
}
