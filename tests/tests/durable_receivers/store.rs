//! A durable store that writes down what it is given, and the turns that tests take with it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use events_core::delivery::{DurableStore, DurableStoreGuard, set_durable_store};
use events_core::{AnyEvent, BoxError, Delivery, ReceiverInfo};

use super::see;

/// What a store does with the next work.
#[derive(Clone, Copy)]
pub(crate) enum Mood {
    Well,
    Full,
    Panicking,
}

pub(crate) struct Store {
    mood: Mood,
    calls: Mutex<Vec<String>>,
}

impl Store {
    fn calls(&self) -> MutexGuard<'_, Vec<String>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DurableStore for Store {
    fn store(
        &self,
        event: AnyEvent<'_>,
        delivery: &Delivery<'_>,
        receivers: &[&ReceiverInfo],
    ) -> Result<(), BoxError> {
        see("store");
        let ids: Vec<_> = receivers.iter().map(|receiver| &*receiver.id).collect();
        assert_eq!(delivery.metadata().event_type(), event.info().event_type);
        self.calls().push(format!(
            "{event:?} for {}, bus: {}, {}",
            ids.join(" and "),
            delivery.from_event_bus(),
            delivery.metadata().source()
        ));
        match self.mood {
            Mood::Well => Ok(()),
            Mood::Full => Err("the disk is full".into()),
            Mood::Panicking => panic!("no disk"),
        }
    }
}

/// The process has one store: whoever needs one, or none, waits for the others.
pub(crate) struct Turn {
    pub(crate) store: Arc<Store>,
    pub(crate) guard: Option<DurableStoreGuard>,
    #[expect(dead_code, reason = "held for its `Drop`, which comes last")]
    mine: MutexGuard<'static, ()>,
}

impl Turn {
    /// What was given to the store since the last call.
    pub(crate) fn calls(&self) -> Vec<String> {
        std::mem::take(&mut *self.store.calls())
    }
}

pub(crate) fn turn(mood: Option<Mood>) -> Turn {
    static TURN: Mutex<()> = Mutex::new(());
    let mine = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let store = Arc::new(Store {
        mood: mood.unwrap_or(Mood::Well),
        calls: Mutex::new(Vec::new()),
    });
    let guard = mood.map(|_| set_durable_store(store.clone()).expect("it is our turn"));
    Turn { store, guard, mine }
}
