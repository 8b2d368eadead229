//! What a send gives back: the receivers that ran and how each ended.

use core::error::Error;
use core::fmt;
use std::sync::Arc;

use super::outcome::Failure;
use super::{ReceiverError, ReceiverErrors};
use crate::receiver::ReceiverInfo;
use crate::signal::InfoRef;

/// The receivers that a list holds, without the type of the event.
pub(crate) struct InfoTable {
    pub(crate) event_type: &'static str,
    pub(crate) infos: Box<[InfoRef]>,
}

/// The receivers that a send went to, kept without counting references where they live for ever.
#[derive(Clone)]
pub(crate) enum Infos {
    Linked(&'static InfoTable),
    Shared(Arc<InfoTable>),
}

impl Infos {
    #[inline]
    pub(crate) fn table(&self) -> &InfoTable {
        match self {
            Self::Linked(table) => table,
            Self::Shared(table) => table,
        }
    }
}

/// What is not plain success.
#[derive(Default)]
pub(crate) struct Details {
    /// By index of the receiver, ascending.
    failures: Vec<(usize, Failure)>,
    /// How it ended to store the work of the durable receivers, of all of them at once.
    pub(super) stored: Option<Result<(), Arc<Failure>>>,
    #[cfg(feature = "tokio")]
    tasks: Vec<super::task::Task>,
}

impl Details {
    pub(crate) fn fail(&mut self, index: usize, failure: Failure) {
        self.failures.push((index, failure));
    }

    #[cfg(feature = "tokio")]
    pub(super) fn spawned(&mut self, task: super::task::Task) {
        self.tasks.push(task);
    }
}

/// The receivers that a send reached and how each of them ended, in the order in which they ran.
///
/// A failure was caught, noted here and logged; nothing needs to be done about it. A sender that cares looks:
///
/// ```
/// # use events_core::event;
/// # #[event(type = "org.example.shop.order.placed.v1")]
/// # pub struct OrderPlaced { pub number: i64 }
/// let responses = ORDER_PLACED.send_event(OrderPlaced { number: 17 });
/// for failure in responses.failures() {
///     eprintln!("{} did not take the order: {:?}", failure.receiver().id, failure.outcome());
/// }
/// ```
pub struct Responses(Inner);

/// The details of a send are in an `Arc` of which nobody makes a second.
fn unshared<T>(details: Option<T>) -> T {
    details.expect("the details of a send belong to its responses alone")
}

/// Two words, so that success is handed to the sender in registers.
enum Inner {
    /// No receiver ran.
    Empty,
    /// All is well, and the receivers are those that the linker found.
    Linked(&'static InfoTable),
    /// All is well.
    Shared(Arc<InfoTable>),
    /// In an `Arc` that nobody else holds, because what drops an `Arc` is short, and stands in every sender.
    Detailed(Arc<(Infos, Details)>),
}

impl Responses {
    /// No receiver ran.
    #[inline]
    pub(crate) const fn empty() -> Self {
        Self(Inner::Empty)
    }

    #[inline]
    pub(crate) fn new(infos: Infos, details: Option<Box<Details>>) -> Self {
        Self(match (details, infos) {
            (None, Infos::Linked(table)) => Inner::Linked(table),
            (None, Infos::Shared(table)) => Inner::Shared(table),
            (Some(details), infos) => Self::detailed(infos, details),
        })
    }

    #[cold]
    #[inline(never)]
    #[expect(
        clippy::boxed_local,
        reason = "the box is what the loop has; the cold path moves out of it"
    )]
    fn detailed(infos: Infos, details: Box<Details>) -> Inner {
        Inner::Detailed(Arc::new((infos, *details)))
    }

    fn table(&self) -> Option<&InfoTable> {
        match &self.0 {
            Inner::Empty => None,
            Inner::Linked(table) => Some(table),
            Inner::Shared(table) => Some(table),
            Inner::Detailed(detailed) => Some(detailed.0.table()),
        }
    }

    #[inline]
    fn details(&self) -> Option<&Details> {
        match &self.0 {
            Inner::Detailed(detailed) => Some(&detailed.1),
            _ => None,
        }
    }

    /// The number of receivers that ran, or whose work was to be stored.
    pub fn len(&self) -> usize {
        self.table().map_or(0, |table| table.infos.len())
    }

    /// Whether no receiver ran: none is connected, or the signal is disabled.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether no receiver failed. A task of an `async fn` that still runs has not failed, nor has a durable receiver whose
    /// work is stored.
    #[inline]
    pub fn is_ok(&self) -> bool {
        self.details()
            .is_none_or(|details| details.failures.is_empty())
    }

    /// The receivers with their outcomes, in the order in which they ran.
    pub fn iter(&self) -> impl Iterator<Item = Response<'_>> {
        (0..self.len()).filter_map(|index| self.get(index))
    }

    /// The receivers that failed.
    pub fn failures(&self) -> impl Iterator<Item = Response<'_>> {
        let failures = self
            .details()
            .into_iter()
            .flat_map(|details| &details.failures);
        failures.filter_map(|(index, _)| self.get(*index))
    }

    fn get(&self, index: usize) -> Option<Response<'_>> {
        let receiver = self.table()?.infos.get(index)?;
        Some(Response {
            receiver,
            outcome: self.outcome(index),
        })
    }

    fn outcome(&self, index: usize) -> Outcome<'_> {
        let Some(details) = self.details() else {
            return Outcome::Ok;
        };
        if let Ok(found) = details.failures.binary_search_by_key(&index, |(at, _)| *at) {
            return match &details.failures[found].1 {
                Failure::Error(error) => Outcome::Failed(&**error),
                Failure::Panic(message) => Outcome::Panicked(message),
            };
        }
        #[cfg(feature = "tokio")]
        if details.tasks.iter().any(|task| task.index == index) {
            return Outcome::Spawned;
        }
        let durable = || {
            self.table()
                .is_some_and(|table| table.infos[index].is_durable)
        };
        if matches!(details.stored, Some(Ok(()))) && durable() {
            return Outcome::Stored;
        }
        Outcome::Ok
    }

    /// `Ok` when no receiver failed, else all the failures.
    ///
    /// # Errors
    /// With every receiver that failed, in their order.
    pub fn into_result(self) -> Result<(), ReceiverErrors> {
        let Inner::Detailed(detailed) = self.0 else {
            return Ok(());
        };
        let (infos, details) = unshared(Arc::into_inner(detailed));
        let table = infos.table();
        let errors = details.failures.into_iter().map(|(index, failure)| {
            ReceiverError::new(
                ReceiverInfo::clone(&table.infos[index]),
                table.event_type,
                failure,
            )
        });
        let errors: Vec<_> = errors.collect();
        if errors.is_empty() {
            Ok(())
        } else {
            Err(ReceiverErrors(errors))
        }
    }

    /// Waits until the tasks of the `async fn` receivers have ended, and notes how.
    #[cfg(feature = "tokio")]
    pub async fn settled(mut self) -> Self {
        let Inner::Detailed(detailed) = &mut self.0 else {
            return self;
        };
        let details = &mut unshared(Arc::get_mut(detailed)).1;
        for task in core::mem::take(&mut details.tasks) {
            let index = task.index;
            if let Err(failure) = task.join().await {
                details.fail(index, failure);
            }
        }
        details.failures.sort_by_key(|(index, _)| *index);
        self
    }
}

impl fmt::Debug for Responses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// One receiver of a send and how it ended.
#[derive(Clone, Copy)]
pub struct Response<'a> {
    receiver: &'a ReceiverInfo,
    outcome: Outcome<'a>,
}

impl<'a> Response<'a> {
    /// The receiver.
    pub fn receiver(&self) -> &'a ReceiverInfo {
        self.receiver
    }

    /// How it ended.
    pub fn outcome(&self) -> Outcome<'a> {
        self.outcome
    }

    /// Whether it did not fail.
    pub fn is_ok(&self) -> bool {
        !matches!(self.outcome, Outcome::Failed(_) | Outcome::Panicked(_))
    }
}

impl fmt::Debug for Response<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?}", self.receiver.id, self.outcome)
    }
}

/// How a receiver ended.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Outcome<'a> {
    /// It returned `()` or `Ok(())`.
    Ok,
    /// It returned an error.
    Failed(&'a (dyn Error + Send + Sync + 'static)),
    /// It panicked, with this message.
    Panicked(&'a str),
    /// It is an `async fn`, and runs as a task of its own; see `Responses::settled` (feature `tokio`).
    Spawned,
    /// It is durable: its work is stored, and will be done.
    Stored,
}
