//! What a send gives back: the receivers that ran and how each ended.

use core::error::Error;
use core::fmt;
use std::sync::Arc;

use super::outcome::Failure;
use super::{ReceiverError, ReceiverErrors};
use crate::receiver::ReceiverInfo;

/// The receivers of a send, without the type of the event.
pub(crate) trait InfoList: Send + Sync {
    fn get(&self, index: usize) -> &ReceiverInfo;
    fn len(&self) -> usize;
    fn event_type(&self) -> &'static str;
}

/// The list of receivers that a send went to, kept without counting references where it lives for ever.
#[derive(Clone)]
pub(crate) enum Infos {
    None,
    Linked(&'static dyn InfoList),
    Shared(Arc<dyn InfoList>),
}

impl Infos {
    fn list(&self) -> Option<&dyn InfoList> {
        match self {
            Self::None => None,
            Self::Linked(list) => Some(*list),
            Self::Shared(list) => Some(&**list),
        }
    }
}

/// What is not plain success.
#[derive(Debug, Default)]
pub(crate) struct Details {
    /// By index of the receiver, ascending.
    failures: Vec<(usize, Failure)>,
    #[cfg(feature = "tokio")]
    tasks: Vec<super::task::Task>,
}

impl Details {
    pub(crate) fn fail(&mut self, index: usize, failure: Failure) {
        self.failures.push((index, failure));
    }

    #[cfg(feature = "tokio")]
    #[inline]
    pub(crate) fn take_tasks(details: &mut Option<Box<Self>>, delivery: &super::Delivery<'_>) {
        let tasks = delivery.tasks.take();
        if !tasks.is_empty() {
            details.get_or_insert_default().tasks = tasks;
        }
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
pub struct Responses {
    infos: Infos,
    details: Option<Box<Details>>,
}

impl Responses {
    /// No receiver ran.
    #[inline]
    pub(crate) const fn empty() -> Self {
        Self {
            infos: Infos::None,
            details: None,
        }
    }

    #[inline]
    pub(crate) const fn new(infos: Infos, details: Option<Box<Details>>) -> Self {
        Self { infos, details }
    }

    /// The number of receivers that ran.
    pub fn len(&self) -> usize {
        self.infos.list().map_or(0, InfoList::len)
    }

    /// Whether no receiver ran: none is connected, or the signal is disabled.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether no receiver failed. A task of an `async fn` that still runs has not failed.
    pub fn is_ok(&self) -> bool {
        self.details
            .as_ref()
            .is_none_or(|details| details.failures.is_empty())
    }

    /// The receivers with their outcomes, in the order in which they ran.
    pub fn iter(&self) -> impl Iterator<Item = Response<'_>> {
        (0..self.len()).filter_map(|index| self.get(index))
    }

    /// The receivers that failed.
    pub fn failures(&self) -> impl Iterator<Item = Response<'_>> {
        let failures = self.details.iter().flat_map(|details| &details.failures);
        failures.filter_map(|(index, _)| self.get(*index))
    }

    fn get(&self, index: usize) -> Option<Response<'_>> {
        let receiver = self.infos.list()?.get(index);
        Some(Response {
            receiver,
            outcome: self.outcome(index),
        })
    }

    fn outcome(&self, index: usize) -> Outcome<'_> {
        let Some(details) = &self.details else {
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
        Outcome::Ok
    }

    /// `Ok` when no receiver failed, else all the failures.
    ///
    /// # Errors
    /// With every receiver that failed, in their order.
    pub fn into_result(mut self) -> Result<(), ReceiverErrors> {
        let failures = self
            .details
            .take()
            .map(|details| details.failures)
            .unwrap_or_default();
        let errors: Vec<_> = failures
            .into_iter()
            .filter_map(|(index, failure)| self.error(index, failure))
            .collect();
        if errors.is_empty() {
            Ok(())
        } else {
            Err(ReceiverErrors(errors))
        }
    }

    fn error(&self, index: usize, failure: Failure) -> Option<ReceiverError> {
        let list = self.infos.list()?;
        Some(ReceiverError::new(
            list.get(index).clone(),
            list.event_type(),
            failure,
        ))
    }

    /// Waits until the tasks of the `async fn` receivers have ended, and notes how.
    #[cfg(feature = "tokio")]
    pub async fn settled(mut self) -> Self {
        let Some(details) = &mut self.details else {
            return self;
        };
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
}
