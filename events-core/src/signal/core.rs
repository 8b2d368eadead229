//! What a signal is without the type of its event. All of it is compiled once, in this crate.

use core::fmt;
use core::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use arc_swap::ArcSwapOption;

use super::SignalInfo;
use super::connect::{Connection, UnknownReceiver};
use super::list::{Entry, ReceiverList};
use crate::codec::{ReadError, Source};
use crate::dispatch::Infos;
use crate::event::{EventInfo, OwnedEvent};
use crate::receiver::{ReceiverInfo, ReceiverKind};
use crate::registry;

/// The link-time receivers are attached; without this bit the first use must see to it.
pub(super) const READY: u8 = 1;
/// There is a link-time receiver.
pub(super) const LINKED: u8 = 2;
/// Something was connected at run time: the list to use is the overlay.
pub(super) const OVERLAY: u8 = 4;
/// `disable` was called.
pub(super) const DISABLED: u8 = 8;

pub(crate) type ConnectionId = u64;

/// Reads an event of the signal.
pub(super) type Read =
    for<'a, 'de> fn(&'a mut (dyn Source<'de> + 'a)) -> Result<OwnedEvent, ReadError>;

/// A signal without the type of its event.
#[expect(
    unnameable_types,
    reason = "the hidden method of `AnySignal` gives it, and nobody else has a use for it"
)]
pub struct SignalCore {
    pub(crate) info: SignalInfo,
    pub(crate) event: &'static EventInfo,
    pub(super) read: Read,
    pub(super) state: AtomicU8,
    /// The receivers that the linker found, once they are attached.
    linked: OnceLock<ReceiverList>,
    /// What is connected and disconnected at run time, and what is on its way to `linked`. Held only to change the
    /// list, never while foreign code runs.
    connected: Mutex<Connected>,
    /// Everything in its order, where something was connected at run time.
    pub(super) overlay: ArcSwapOption<ReceiverList>,
}

/// What is connected to a signal beside what the linker found, and what the linker found until it is frozen.
struct Connected {
    /// On its way to the signal's frozen list.
    linked: Vec<Entry>,
    /// The manual receivers that the linker found, whether connected or not.
    manual: Vec<Entry>,
    /// In the order in which they were connected.
    entries: Vec<(ConnectionId, Entry)>,
}

impl fmt::Debug for SignalCore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signal({} of {})", self.info.name, self.event.event_type)
    }
}

impl SignalCore {
    pub(super) const fn new(info: SignalInfo, event: &'static EventInfo, read: Read) -> Self {
        Self {
            info,
            event,
            read,
            state: AtomicU8::new(0),
            linked: OnceLock::new(),
            connected: Mutex::new(Connected {
                linked: Vec::new(),
                manual: Vec::new(),
                entries: Vec::new(),
            }),
            overlay: ArcSwapOption::const_empty(),
        }
    }

    #[inline]
    pub(super) fn state(&self) -> u8 {
        self.state.load(Ordering::Acquire)
    }

    /// Adds a receiver that the linker found. They come in their order, see `registry::attach`.
    pub(crate) fn attach(&self, entry: Entry) {
        let mut connected = self.lock();
        match entry.info.kind {
            ReceiverKind::Manual => connected.manual.push(entry),
            _ => connected.linked.push(entry),
        }
    }

    /// The receivers that the linker found. The first use attaches those of all signals.
    #[inline]
    pub(crate) fn linked(&'static self) -> &'static ReceiverList {
        match self.linked.get() {
            Some(list) => list,
            None => self.attach_all(),
        }
    }

    #[cold]
    #[inline(never)]
    fn attach_all(&'static self) -> &'static ReceiverList {
        registry::attach();
        let list = self.linked.get_or_init(|| {
            let entries = core::mem::take(&mut self.lock().linked);
            ReceiverList::new(entries, self.event.event_type)
        });
        let bits = if list.entries().is_empty() {
            READY
        } else {
            READY | LINKED
        };
        self.state.fetch_or(bits, Ordering::AcqRel);
        list
    }

    /// The receivers to send to, outside of testing scopes; `None` where the signal is disabled.
    pub(crate) fn with_list<T>(
        &'static self,
        f: impl FnOnce(&ReceiverList, Infos) -> T,
    ) -> Option<T> {
        let linked = self.linked();
        let state = self.state();
        if state & DISABLED != 0 {
            return None;
        }
        if state & OVERLAY != 0
            && let Some(list) = &*self.overlay.load()
        {
            return Some(f(list, Infos::Shared(list.table().clone())));
        }
        Some(f(linked, Infos::Linked(linked.table())))
    }

    pub(crate) fn receivers(&'static self) -> Vec<ReceiverInfo> {
        #[cfg(feature = "testing")]
        if let Some(scope) = crate::testing::current() {
            return scope.list(self).infos();
        }
        let linked = self.linked();
        match &*self.overlay.load() {
            Some(list) => list.infos(),
            None => linked.infos(),
        }
    }

    pub(crate) fn manual_receivers(&'static self) -> Vec<ReceiverInfo> {
        self.linked();
        let connected = self.lock();
        connected
            .manual
            .iter()
            .map(|entry| ReceiverInfo::clone(&entry.info))
            .collect()
    }

    pub(crate) fn connect_receiver(&'static self, id: &str) -> Result<Connection, UnknownReceiver> {
        self.linked();
        let connected = self.lock();
        let Some(entry) = connected
            .manual
            .iter()
            .find(|entry| entry.info.is_called(id))
            .cloned()
        else {
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
        Ok(self.connect(entry))
    }

    pub(super) fn connect(&'static self, entry: Entry) -> Connection {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        #[cfg(feature = "testing")]
        if let Some(scope) = crate::testing::current() {
            scope.connect(self, id, entry);
            return Connection::in_scope(self, id, scope);
        }
        self.change(|entries| entries.push((id, entry)));
        Connection::new(self, id)
    }

    pub(super) fn disconnect(&'static self, id: ConnectionId) {
        self.change(|entries| entries.retain(|(other, _)| *other != id));
    }

    /// Changes what is connected and publishes the new list.
    fn change(&'static self, change: impl FnOnce(&mut Vec<(ConnectionId, Entry)>)) {
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
            let entries = connected.entries.iter().map(|(_, entry)| entry.clone());
            let list = ReceiverList::merged(linked.entries(), entries, self.event.event_type);
            let old = self.overlay.swap(Some(Arc::new(list)));
            self.state.fetch_or(OVERLAY, Ordering::AcqRel);
            old
        };
        drop(connected);
        drop(before);
        drop(old);
    }

    pub(crate) fn set_enabled(&'static self, enabled: bool) {
        #[cfg(feature = "testing")]
        if let Some(scope) = crate::testing::current() {
            scope.set_enabled(self, enabled);
            return;
        }
        if enabled {
            self.state.fetch_and(!DISABLED, Ordering::AcqRel);
        } else {
            self.state.fetch_or(DISABLED, Ordering::AcqRel);
        }
    }

    pub(crate) fn is_enabled(&'static self) -> bool {
        #[cfg(feature = "testing")]
        if let Some(scope) = crate::testing::current() {
            return scope.is_enabled(self);
        }
        self.state() & DISABLED == 0
    }

    fn lock(&self) -> MutexGuard<'_, Connected> {
        // Nothing that can panic runs under the lock but the allocator.
        self.connected
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
