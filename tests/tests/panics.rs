//! Panics of receivers, of whatever kind, never reach the sender and leave nothing poisoned.

use std::error::Error;
use std::fmt;
use std::panic::{catch_unwind, panic_any};

use events_core::{Connection, Event, IntoOutcome, Outcome, Signal, event, receiver};

macro_rules! signals {
    ($($event:ident $type:literal),* $(,)?) => {
        $(#[event(type = $type)]
        struct $event {})*
    };
}

signals! {
    Literal "org.example.tests.panics.literal.v1",
    Formatted "org.example.tests.panics.formatted.v1",
    Other "org.example.tests.panics.other.v1",
    Dropping "org.example.tests.panics.dropping.v1",
    Displaying "org.example.tests.panics.displaying.v1",
    Connecting "org.example.tests.panics.connecting.v1",
    Unwinding "org.example.tests.panics.unwinding.v1",
    Nested "org.example.tests.panics.nested.v1",
    Every "org.example.tests.panics.every.v1",
    Lost "org.example.tests.panics.lost.v1",
}

/// Connects a closure and one behind it, so that a test sees whether the run goes on.
fn connect<E: Event, R: IntoOutcome>(
    signal: &'static Signal<E>,
    closure: impl Fn() -> R + Send + Sync + 'static,
) -> (Connection, Connection) {
    (
        signal.connect_with("bad", 0, move |_| closure()),
        signal.connect_with("good", 1, |_| ()),
    )
}

/// Sends several times, so that a poisoned signal would show, and gives what the panic was reported as.
fn report<E: Event>(signal: &'static Signal<E>, event: fn() -> E) -> String {
    let mut last = String::new();
    for _ in 0..3 {
        let responses = signal.send_event(event());
        assert_eq!(responses.len(), 2, "{responses:?}");
        let outcomes: Vec<_> = responses.iter().collect();
        assert!(
            matches!(outcomes[1].outcome(), Outcome::Ok),
            "the rest runs: {responses:?}"
        );
        let Outcome::Panicked(message) = outcomes[0].outcome() else {
            panic!("a panic expected: {responses:?}");
        };
        message.clone_into(&mut last);
        let error = signal
            .send_event_strict(event())
            .expect_err("strict sees it, too");
        assert!(
            error.is_panic() && error.to_string().ends_with(&format!(" panicked: {last}")),
            "{error}"
        );
    }
    // Nothing is poisoned: connecting, listing and disconnecting still work.
    let connection = signal.connect_with("after", 2, |_| ());
    assert_eq!(signal.send_event(event()).len(), 3);
    drop(connection);
    assert_eq!(signal.send_event(event()).len(), 2);
    last
}

#[test]
fn a_literal_is_the_message() {
    let _connections = connect(&LITERAL, || -> () { panic!("plain words") });
    assert_eq!(report(&LITERAL, || Literal {}), "plain words");
}

#[test]
fn a_formatted_text_is_the_message() {
    let _connections = connect(&FORMATTED, || -> () { panic!("{} of {}", 1, 2) });
    assert_eq!(report(&FORMATTED, || Formatted {}), "1 of 2");
}

#[test]
fn any_other_payload_is_said_to_be_none_of_these() {
    let _connections = connect(&OTHER, || -> () { panic_any(17_u8) });
    assert_eq!(report(&OTHER, || Other {}), "(a payload that is not text)");
}

/// Panics when it is dropped, with itself.
struct Hydra;

impl Drop for Hydra {
    fn drop(&mut self) {
        panic_any(Self);
    }
}

#[test]
fn a_payload_whose_drop_panics_is_contained() {
    let _connections = connect(&DROPPING, || -> () { panic_any(Hydra) });
    assert_eq!(
        report(&DROPPING, || Dropping {}),
        "(a payload that is not text)"
    );
}

#[derive(Debug)]
struct Unspeakable;

impl fmt::Display for Unspeakable {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("cannot be said")
    }
}

impl Error for Unspeakable {}

/// Shows every failure to somebody, so that the `Display` of an error runs while it is logged.
mod listening {
    use tracing::field::{Field, Visit};
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Metadata, Subscriber};

    pub(crate) struct Listener;

    struct Reader;

    impl Visit for Reader {
        fn record_debug(&mut self, _: &Field, value: &dyn std::fmt::Debug) {
            let _ = format!("{value:?}");
        }
    }

    impl Subscriber for Listener {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }
        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }
        fn record(&self, _: &Id, _: &Record<'_>) {}
        fn record_follows_from(&self, _: &Id, _: &Id) {}
        fn event(&self, event: &Event<'_>) {
            event.record(&mut Reader);
        }
        fn enter(&self, _: &Id) {}
        fn exit(&self, _: &Id) {}
    }
}

#[test]
fn an_error_that_panics_when_it_is_shown_is_still_an_error() {
    let _connections = connect(&DISPLAYING, || Err::<(), _>(Unspeakable));
    tracing::subscriber::with_default(listening::Listener, || {
        for _ in 0..2 {
            let responses = DISPLAYING.send_event(Displaying {});
            let outcomes: Vec<_> = responses
                .iter()
                .map(|response| response.outcome())
                .collect();
            assert!(
                matches!(outcomes[..], [Outcome::Failed(error), Outcome::Ok] if error.is::<Unspeakable>()),
                "{responses:?}"
            );
        }
    });
}

#[test]
fn a_panic_while_receivers_change_is_contained() {
    let _connections = connect(&CONNECTING, || -> () {
        let _connection = CONNECTING.connect(|_, _| ());
        panic!("with a connection in its hands")
    });
    assert_eq!(
        report(&CONNECTING, || Connecting {}),
        "with a connection in its hands"
    );
}

#[receiver(UNWINDING, id = "first")]
fn fails_while_unwinding() {
    panic!("while the sender unwinds")
}

#[receiver(UNWINDING, id = "second")]
fn runs_while_unwinding() {}

/// Sends when it is dropped.
struct SendsLast;

impl Drop for SendsLast {
    fn drop(&mut self) {
        assert!(std::thread::panicking());
        let responses = UNWINDING.send_event(Unwinding {});
        assert_eq!(
            format!("{responses:?}"),
            r#"[first: Panicked("while the sender unwinds"), second: Ok]"#
        );
        SENT.set(true);
    }
}

thread_local! {
    static SENT: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

#[test]
fn a_destructor_sends_while_its_thread_unwinds() {
    let unwound = catch_unwind(|| {
        let _last = SendsLast;
        panic!("the sender's own");
    });
    let payload = unwound.expect_err("the sender panicked");
    assert_eq!(payload.downcast_ref(), Some(&"the sender's own"));
    assert!(SENT.get());
}

#[test]
fn a_panic_in_a_nested_send_belongs_to_the_inner_receiver() {
    let _inner = NESTED.connect_with("inner", 0, |_| -> () { panic!("inside") });
    let _outer = EVERY.connect_with("outer", 0, |_| {
        let responses = NESTED.send_event(Nested {});
        assert!(!responses.is_ok());
        responses.into_result()
    });
    let responses = EVERY.send_event(Every {});
    let Outcome::Failed(error) = responses.iter().next().expect("one").outcome() else {
        panic!("{responses:?}");
    };
    assert!(error.to_string().contains("`inner`"), "{error}");
}

#[test]
fn an_error_that_panics_when_dropped_does_not_reach_a_sender_that_ignores_responses() {
    #[derive(Debug)]
    struct Explosive;
    impl fmt::Display for Explosive {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("explosive")
        }
    }
    impl Error for Explosive {}
    impl Drop for Explosive {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }
    let _connections = connect(&LOST, || Err::<(), _>(Explosive));
    let sent = catch_unwind(|| {
        LOST.send_event(Lost {});
    });
    assert!(
        sent.is_ok(),
        "the panic of a receiver's error reached the sender"
    );
}

#[test]
fn all_of_many_panic() {
    #[event(type = "org.example.tests.panics.many.v1")]
    struct Many {}
    let connections: Vec<_> = (0..40)
        .map(|n| MANY.connect_with(n.to_string(), n, move |_| assert!(n % 2 == 0, "odd {n}")))
        .collect();
    let responses = MANY.send_event(Many {});
    assert_eq!(responses.len(), 40);
    let failed: Vec<_> = responses
        .failures()
        .map(|failure| failure.receiver().id.to_string())
        .collect();
    let odd: Vec<_> = (0..40)
        .filter(|n| n % 2 == 1)
        .map(|n| n.to_string())
        .collect();
    assert_eq!(failed, odd);
    drop(connections);
}
