//! What was sent inside a scope, and assertions about it.

use core::fmt;
use std::sync::Arc;

use similar::{ChangeTag, TextDiff};

use super::scope::ScopeHandle;
use crate::event::Event;
use crate::metadata::EventMetadata;
use crate::signal::Signal;

/// An event that was sent inside a scope.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Sent<E> {
    /// The event.
    pub event: E,
    /// Its metadata: the same as its receivers saw.
    pub metadata: EventMetadata,
    /// Whether it was sent as coming from an event bus.
    pub from_event_bus: bool,
}

/// What was sent through one signal inside a scope. See [`Scope::capture`](super::Scope::capture).
///
/// The assertions panic where the test calls them, with what was expected, what was sent, and where they differ.
pub struct Capture<E: Event> {
    scope: ScopeHandle,
    signal: &'static Signal<E>,
}

impl<E: Event> Capture<E> {
    pub(super) fn new(scope: ScopeHandle, signal: &'static Signal<E>) -> Self {
        Self { scope, signal }
    }

    /// The events with their metadata, in the order of the sends.
    pub fn sent(&self) -> Vec<Sent<E>> {
        // The clones are made without the scope's lock: they may be foreign code.
        let sent = self.scope.sent(self.signal.core()).into_iter();
        // A signal sends its own event and no other, so none is left out.
        sent.filter_map(|sent| sent.downcast::<Sent<E>>().ok())
            .map(Arc::unwrap_or_clone)
            .collect()
    }

    /// The events, in the order of the sends.
    pub fn events(&self) -> Vec<E> {
        self.sent().into_iter().map(|sent| sent.event).collect()
    }

    /// The number of events.
    pub fn len(&self) -> usize {
        self.scope.sent(self.signal.core()).len()
    }

    /// Whether nothing was sent through the signal.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Checks that exactly one event was sent, and gives it.
    ///
    /// # Panics
    /// When none was, or several were.
    #[track_caller]
    pub fn assert_sent_once(&self) -> Sent<E> {
        let mut sent = self.sent();
        assert!(sent.len() == 1, "{}", self.wrong_count(1, &sent));
        sent.remove(0)
    }

    /// Checks that exactly one event was sent, and that it equals this one.
    ///
    /// # Panics
    /// When not; with the differences.
    #[track_caller]
    pub fn assert_sent_once_with(&self, expected: &E) {
        let sent = self.assert_sent_once();
        assert!(
            sent.event == *expected,
            "{} was sent once, but with other data (- expected, + sent):\n{}",
            self.signal.info().name,
            diff::<E, E>(expected, &sent.event)
        );
    }

    /// Checks that an event that equals this one was sent, once or more often.
    ///
    /// # Panics
    /// When not; with the differences to the one that is most like it.
    #[track_caller]
    pub fn assert_sent_with(&self, expected: &E) {
        let events = self.events();
        if events.contains(expected) {
            return;
        }
        let name = self.signal.info().name;
        let likeness =
            |event: &&E| TextDiff::from_lines(pretty::<E>(expected), pretty::<E>(*event)).ratio();
        match events
            .iter()
            .max_by(|a, b| likeness(a).total_cmp(&likeness(b)))
        {
            Some(closest) => panic!(
                "{name} {}, but not with this data; the closest differs (- expected, + sent):\n{}",
                times("was sent", "was not sent", events.len()),
                diff::<E, E>(expected, closest)
            ),
            None => panic!("{name} was not sent; expected\n{expected:#?}"),
        }
    }

    /// Checks that exactly these events were sent, in this order.
    ///
    /// # Panics
    /// When not; with the differences.
    #[track_caller]
    pub fn assert_sent_exactly(&self, expected: &[E]) {
        let events = self.events();
        assert!(
            events == expected,
            "{} was sent otherwise (- expected, + sent):\n{}",
            self.signal.info().name,
            diff::<E, [E]>(expected, &events)
        );
    }

    /// Checks how often the signal was used.
    ///
    /// # Panics
    /// When more or fewer events were sent; with the events.
    #[track_caller]
    pub fn assert_sent_times(&self, times: usize) {
        let sent = self.sent();
        assert!(sent.len() == times, "{}", self.wrong_count(times, &sent));
    }

    /// Checks that the signal was not used.
    ///
    /// # Panics
    /// When it was; with the events.
    #[track_caller]
    pub fn assert_not_sent(&self) {
        self.assert_sent_times(0);
    }

    fn wrong_count(&self, expected: usize, sent: &[Sent<E>]) -> String {
        let name = self.signal.info().name;
        let events: Vec<_> = sent.iter().map(|sent| &sent.event).collect();
        let disabled = if self.scope.is_enabled(self.signal.core()) {
            ""
        } else {
            " (the signal is disabled in this scope)"
        };
        let events = if events.is_empty() {
            String::new()
        } else {
            format!(":\n{events:#?}")
        };
        let expected = times("to be sent", "not to be sent", expected);
        let sent = times("was sent", "was not sent", sent.len());
        format!("{name} was expected {expected}, and {sent}{disabled}{events}")
    }
}

impl<E: Event> fmt::Debug for Capture<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Capture")
            .field("signal", &self.signal.info().name)
            .field("sent", &self.sent())
            .finish_non_exhaustive()
    }
}

fn times(some: &str, none: &str, count: usize) -> String {
    match count {
        0 => none.to_owned(),
        1 => format!("{some} once"),
        _ => format!("{some} {count} times"),
    }
}

/// Events on several lines. With personal data they are shown as JSON: `Debug` hides it, and what differs with it; what a
/// test compares is made up by the test.
fn pretty<E: Event>(events: &(impl fmt::Debug + serde::Serialize + ?Sized)) -> String {
    let personal = E::INFO.schema.has_personal_data();
    match personal.then(|| serde_json::to_string_pretty(events)) {
        Some(Ok(json)) => format!("{json}\n"),
        _ => format!("{events:#?}\n"),
    }
}

/// The lines of both, with what differs marked.
fn diff<E: Event, T: fmt::Debug + serde::Serialize + ?Sized>(expected: &T, sent: &T) -> String {
    let (expected, sent) = (pretty::<E>(expected), pretty::<E>(sent));
    let diff = TextDiff::from_lines(&expected, &sent);
    let lines = diff.iter_all_changes().map(|change| {
        let sign = match change.tag() {
            ChangeTag::Delete => '-',
            ChangeTag::Insert => '+',
            ChangeTag::Equal => ' ',
        };
        format!("{sign} {change}")
    });
    lines.collect()
}
