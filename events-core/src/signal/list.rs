//! A snapshot of the receivers of a signal, in their order.
//!
//! What is called knows the type of its event; everything else does not. So all the bookkeeping is compiled once, in this
//! crate, and not once for every event: what is called is kept as `dyn Any`, and becomes a typed list once per list,
//! by the first sender that uses it.

use core::any::Any;
use std::sync::{Arc, OnceLock};

use crate::dispatch::{BoxError, Delivery, InfoTable, discard};
use crate::event::{AnyEvent, Event};
use crate::receiver::ReceiverInfo;

pub(crate) type Function<E> = fn(&E, &Delivery<'_>) -> Result<(), BoxError>;
pub(crate) type AnyFunction = fn(AnyEvent<'_>, &Delivery<'_>) -> Result<(), BoxError>;

/// A closure that was connected. Whoever drops the last list that holds it drops what it captured, and that may be a
/// sender, long after it was disconnected: a panic in there must not reach it.
pub(crate) struct Closure<F: ?Sized>(Option<Box<F>>);

pub(crate) type TypedFn<E> = dyn Fn(&E, &Delivery<'_>) -> Result<(), BoxError> + Send + Sync;
pub(crate) type AnyFn = dyn Fn(AnyEvent<'_>, &Delivery<'_>) -> Result<(), BoxError> + Send + Sync;

impl<F: ?Sized> Closure<F> {
    pub(crate) fn new(closure: Box<F>) -> Self {
        Self(Some(closure))
    }

    /// Runs it. It is taken out only to be dropped.
    #[inline]
    fn invoke(&self, call: impl FnOnce(&F) -> Result<(), BoxError>) -> Result<(), BoxError> {
        self.0.as_deref().map_or(Ok(()), call)
    }
}

impl<F: ?Sized> Drop for Closure<F> {
    fn drop(&mut self) {
        discard(self.0.take());
    }
}

/// What is called to run a receiver, without the type of the event.
#[derive(Clone)]
pub(crate) enum ErasedCall {
    /// A [`Function`] of the signal's event.
    Function(Arc<dyn Any + Send + Sync>),
    /// A [`Closure`] of the signal's event.
    Closure(Arc<dyn Any + Send + Sync>),
    Any(AnyCall),
}

/// What is called to run a receiver.
pub(crate) enum Call<E> {
    Function(Function<E>),
    Closure(Arc<Closure<TypedFn<E>>>),
    Any(AnyCall),
}

/// What is called with an event of whatever type.
#[derive(Clone)]
pub(crate) enum AnyCall {
    Function(AnyFunction),
    Closure(Arc<Closure<AnyFn>>),
    /// In place of a durable receiver: its work is stored, and it is not run.
    Store,
}

impl AnyCall {
    fn invoke(&self, event: AnyEvent<'_>, delivery: &Delivery<'_>) -> Result<(), BoxError> {
        match self {
            Self::Function(function) => function(event, delivery),
            Self::Closure(closure) => closure.invoke(|closure| closure(event, delivery)),
            Self::Store => delivery.store(event),
        }
    }
}

/// An entry of a signal holds what is called for the signal's event, because only a signal of that type adds entries.
const TYPED: &str = "what is connected to a signal is called with the event of the signal";

impl ErasedCall {
    /// Runs the receiver, with an event of its signal. Compiled for each event: without closures, which are functions more.
    pub(crate) fn invoke<E: Event>(
        &self,
        event: &E,
        delivery: &Delivery<'_>,
    ) -> Result<(), BoxError> {
        match self {
            Self::Function(function) => match function.downcast_ref::<Function<E>>() {
                Some(function) => function(event, delivery),
                None => of_another_event(),
            },
            Self::Closure(closure) => match closure.downcast_ref::<Closure<TypedFn<E>>>() {
                Some(Closure(Some(closure))) => closure(event, delivery),
                Some(Closure(None)) => Ok(()),
                None => of_another_event(),
            },
            Self::Any(call) => call.invoke(AnyEvent::new(event), delivery),
        }
    }
}

#[cold]
fn of_another_event() -> ! {
    unreachable!("{TYPED}")
}

impl<E: Event> Call<E> {
    fn new(erased: &ErasedCall) -> Self {
        match erased {
            ErasedCall::Function(function) => {
                Self::Function(*function.downcast_ref::<Function<E>>().expect(TYPED))
            }
            ErasedCall::Closure(closure) => Self::Closure(closure.clone().downcast().expect(TYPED)),
            ErasedCall::Any(call) => Self::Any(call.clone()),
        }
    }

    /// Whether it is a durable receiver, whose work is stored.
    pub(crate) fn stores(&self) -> bool {
        matches!(self, Self::Any(AnyCall::Store))
    }

    #[inline]
    pub(crate) fn invoke(&self, event: &E, delivery: &Delivery<'_>) -> Result<(), BoxError> {
        match self {
            Self::Function(function) => function(event, delivery),
            Self::Closure(closure) => closure.invoke(|closure| closure(event, delivery)),
            Self::Any(call) => call.invoke(AnyEvent::new(event), delivery),
        }
    }
}

/// What a send calls, in order.
pub(crate) enum Calls<E> {
    /// Annotated receivers of this very event, as nearly all are: the loop over them is a loop over functions.
    Functions(Box<[Function<E>]>),
    Mixed(Box<[Call<E>]>),
}

impl<E: Event> Calls<E> {
    pub(crate) fn new(list: &ReceiverList) -> Self {
        let functions = list.entries.iter().map(|entry| match &entry.call {
            _ if list.stores(entry) => None,
            ErasedCall::Function(function) => function.downcast_ref::<Function<E>>().copied(),
            ErasedCall::Closure(_) | ErasedCall::Any(_) => None,
        });
        match functions.collect() {
            Some(functions) => Self::Functions(functions),
            None => Self::Mixed(
                list.entries
                    .iter()
                    .map(|entry| {
                        if list.stores(entry) {
                            Call::Any(AnyCall::Store)
                        } else {
                            Call::new(&entry.call)
                        }
                    })
                    .collect(),
            ),
        }
    }
}

/// What is known of a receiver: for ever where the linker found it, while connected where it is a closure.
#[derive(Clone)]
pub(crate) enum InfoRef {
    Linked(&'static ReceiverInfo),
    Connected(Arc<ReceiverInfo>),
}

impl core::ops::Deref for InfoRef {
    type Target = ReceiverInfo;

    fn deref(&self) -> &ReceiverInfo {
        match self {
            Self::Linked(info) => info,
            Self::Connected(info) => info,
        }
    }
}

/// One receiver: what to call and what is known of it.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) call: ErasedCall,
    pub(crate) info: InfoRef,
}

/// The receivers of a signal in their order.
pub(crate) struct ReceiverList {
    entries: Box<[Entry]>,
    table: Arc<InfoTable>,
    wants_metadata: bool,
    runs_durable: bool,
    /// The [`Calls`] of the signal's event, made by the first send to a list that is not the frozen one.
    calls: OnceLock<Box<dyn Any + Send + Sync>>,
}

impl ReceiverList {
    /// Takes entries that are in order.
    pub(crate) fn new(entries: Vec<Entry>, event_type: &'static str) -> Self {
        let infos = entries.iter().map(|entry| entry.info.clone()).collect();
        Self {
            // What is stored is stored with its metadata.
            wants_metadata: entries
                .iter()
                .any(|entry| entry.info.wants_metadata || entry.info.is_durable),
            runs_durable: false,
            entries: entries.into(),
            table: Arc::new(InfoTable { event_type, infos }),
            calls: OnceLock::new(),
        }
    }

    /// One list of what the linker found and what was connected, in the declared order.
    pub(crate) fn merged(
        linked: &[Entry],
        connected: impl Iterator<Item = Entry>,
        event_type: &'static str,
    ) -> Self {
        let mut entries: Vec<_> = linked.iter().cloned().chain(connected).collect();
        entries.sort_by(|a, b| a.info.order(&b.info));
        Self::new(entries, event_type)
    }

    /// Durable receivers are to be run as others are, for as long as nobody has asked for the calls.
    #[cfg(feature = "testing")]
    pub(crate) fn running_durable(mut self) -> Self {
        self.runs_durable = true;
        self
    }

    pub(crate) fn runs_durable(&self) -> bool {
        self.runs_durable
    }

    fn stores(&self, entry: &Entry) -> bool {
        entry.info.is_durable && !self.runs_durable
    }

    pub(crate) fn calls<E: Event>(&self) -> &Calls<E> {
        let calls = self.calls.get_or_init(|| Box::new(Calls::<E>::new(self)));
        calls.downcast_ref().expect(TYPED)
    }

    pub(crate) fn wants_metadata(&self) -> bool {
        self.wants_metadata
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The receivers, for [`Responses`](crate::Responses).
    pub(crate) fn table(&self) -> &Arc<InfoTable> {
        &self.table
    }

    pub(crate) fn infos(&self) -> Vec<ReceiverInfo> {
        self.entries
            .iter()
            .map(|entry| ReceiverInfo::clone(&entry.info))
            .collect()
    }
}
