//! A snapshot of the receivers of a signal, in their order.

use std::sync::Arc;

use crate::dispatch::{BoxError, Delivery, InfoTable};
use crate::event::{AnyEvent, Event};
use crate::receiver::ReceiverInfo;

pub(crate) type Function<E> = fn(&E, &Delivery<'_>) -> Result<(), BoxError>;
pub(crate) type AnyFunction = fn(AnyEvent<'_>, &Delivery<'_>) -> Result<(), BoxError>;
pub(crate) type Closure<E> = dyn Fn(&E, &Delivery<'_>) -> Result<(), BoxError> + Send + Sync;

/// What is called to run a receiver.
pub(crate) enum Call<E> {
    Function(Function<E>),
    Any(AnyFunction),
    Closure(Arc<Closure<E>>),
}

impl<E: Event> Call<E> {
    #[inline]
    pub(crate) fn invoke(&self, event: &E, delivery: &Delivery<'_>) -> Result<(), BoxError> {
        match self {
            Self::Function(function) => function(event, delivery),
            Self::Any(function) => function(AnyEvent::new(event), delivery),
            Self::Closure(closure) => closure(event, delivery),
        }
    }
}

impl<E> Clone for Call<E> {
    fn clone(&self) -> Self {
        match self {
            Self::Function(function) => Self::Function(*function),
            Self::Any(function) => Self::Any(*function),
            Self::Closure(closure) => Self::Closure(closure.clone()),
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
pub(crate) struct Entry<E> {
    pub(crate) call: Call<E>,
    pub(crate) info: InfoRef,
}

impl<E> Clone for Entry<E> {
    fn clone(&self) -> Self {
        Self {
            call: self.call.clone(),
            info: self.info.clone(),
        }
    }
}

/// What a send calls, in order.
pub(crate) enum Calls<E> {
    /// Annotated receivers of this very event, as nearly all are: the loop over them is a loop over functions.
    Functions(Box<[Function<E>]>),
    Mixed(Box<[Call<E>]>),
}

/// The receivers of a signal in their order. What the loop reads stands apart from what only reports read.
pub(crate) struct ReceiverList<E> {
    calls: Calls<E>,
    infos: Arc<InfoTable>,
    wants_metadata: bool,
}

impl<E: Event> ReceiverList<E> {
    /// Takes entries that are in order.
    pub(crate) fn new(entries: Vec<Entry<E>>) -> Self {
        let wants_metadata = entries.iter().any(|entry| entry.info.wants_metadata);
        let (calls, infos): (Vec<_>, Vec<_>) = entries
            .into_iter()
            .map(|entry| (entry.call, entry.info))
            .unzip();
        let functions = calls.iter().map(|call| match call {
            Call::Function(function) => Some(*function),
            Call::Any(_) | Call::Closure(_) => None,
        });
        let calls = match functions.collect() {
            Some(functions) => Calls::Functions(functions),
            None => Calls::Mixed(calls.into()),
        };
        Self {
            calls,
            infos: Arc::new(InfoTable {
                event_type: E::INFO.event_type,
                infos: infos.into(),
            }),
            wants_metadata,
        }
    }

    #[inline]
    pub(crate) fn calls(&self) -> &Calls<E> {
        &self.calls
    }

    #[inline]
    pub(crate) fn wants_metadata(&self) -> bool {
        self.wants_metadata
    }

    /// The receivers, for [`Responses`](crate::Responses).
    #[inline]
    pub(crate) fn infos(&self) -> &Arc<InfoTable> {
        &self.infos
    }

    pub(crate) fn info(&self, index: usize) -> &ReceiverInfo {
        &self.infos.infos[index]
    }

    pub(crate) fn len(&self) -> usize {
        self.infos.infos.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = Entry<E>> {
        self.infos
            .infos
            .iter()
            .enumerate()
            .map(|(index, info)| Entry {
                call: self.call(index),
                info: info.clone(),
            })
    }

    fn call(&self, index: usize) -> Call<E> {
        match &self.calls {
            Calls::Functions(functions) => Call::Function(functions[index]),
            Calls::Mixed(calls) => calls[index].clone(),
        }
    }
}

impl<E: Event> ReceiverList<E> {
    /// Runs one receiver.
    pub(crate) fn invoke(
        &self,
        index: usize,
        event: &E,
        delivery: &Delivery<'_>,
    ) -> Result<(), BoxError> {
        match &self.calls {
            Calls::Functions(functions) => functions[index](event, delivery),
            Calls::Mixed(calls) => calls[index].invoke(event, delivery),
        }
    }
}
