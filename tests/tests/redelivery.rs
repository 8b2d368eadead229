//! Handing an event to receivers again, its type not known: what a bus does. In a binary of its own, because a closure on
//! every signal of the binary is part of it.

use std::sync::Mutex;

use events_core::delivery::{OwnedEvent, Redelivery, Watch};
use events_core::{
    AnyEvent, BoxError, Event, EventMetadata, ReceiverInfo, ReceiverKind, Responses, event,
    receiver, registry, testing,
};

#[event(type = "org.example.tests.redelivery.placed.v1", key = customer)]
struct Placed {
    customer: String,
    notes: Notes,
}

/// What a receiver does, written into the event: the tests run in parallel.
#[derive(Debug, Clone, PartialEq, events_core::EventData)]
struct Notes {
    mode: String,
}

#[event(type = "org.example.tests.redelivery.lone.v1")]
struct Lone {}

#[event(type = "org.example.tests.redelivery.closed.v1")]
struct Closed {}

#[event(type = "org.example.tests.redelivery.tapped.v1")]
struct Tapped {
    number: i64,
}

thread_local! {
    static SEEN: std::cell::RefCell<Vec<String>> = const { std::cell::RefCell::new(Vec::new()) };
}

fn seen() -> Vec<String> {
    SEEN.take()
}

fn see(text: impl Into<String>) {
    SEEN.with_borrow_mut(|seen| seen.push(text.into()));
}

#[receiver(PLACED, id = "redelivery.last", priority = 5)]
fn last(metadata: &EventMetadata) {
    see(format!("last, {}", metadata.source()));
}

#[receiver(PLACED, id = "redelivery.fails", alias = "redelivery.failed")]
fn fails(notes: &Notes, from_event_bus: bool) -> Result<(), BoxError> {
    see(format!("fails, bus: {from_event_bus}"));
    match notes.mode.as_str() {
        "error" => Err("no".into()),
        "panic" => panic!("out of paper"),
        _ => Ok(()),
    }
}

#[receiver(any, id = "redelivery.any", priority = -5)]
fn any(event: AnyEvent<'_>, from_event_bus: bool) {
    see(format!("any, {}, bus: {from_event_bus}", event.info().name));
}

#[receiver(PLACED, id = "redelivery.manual", manual)]
fn manual() {
    see("manual");
}

#[receiver(CLOSED)]
fn closed() {
    see("closed");
}

fn placed(mode: &str) -> OwnedEvent {
    OwnedEvent::new(Placed {
        customer: "ada".to_owned(),
        notes: Notes {
            mode: mode.to_owned(),
        },
    })
}

fn metadata() -> EventMetadata {
    EventMetadata::new("org.example.tests.redelivery.placed.v1").with_source("elsewhere".to_owned())
}

fn ids(responses: &Responses) -> Vec<String> {
    let ids = responses
        .iter()
        .map(|response| response.receiver().id.to_string());
    ids.collect()
}

fn is_thread_safe<T: Send + Sync>() {}

#[test]
fn an_owned_event_is_lent_shown_and_taken_out() {
    let event = placed("error");
    assert_eq!(event.get().info().name, "Placed");
    assert_eq!(event.get().key().as_deref(), Some("ada"));
    assert_eq!(format!("{event:?}"), format!("{:?}", event.get()));
    assert!(format!("{event:?}").starts_with("Placed { customer: \"ada\""));
    let event = event.downcast::<Lone>().unwrap_err();
    assert_eq!(event.downcast::<Placed>().unwrap().notes.mode, "error");

    is_thread_safe::<OwnedEvent>();
}

#[test]
fn every_receiver_runs_in_the_declared_order_with_the_metadata_that_is_given() {
    let responses = placed("")
        .get()
        .redeliver(&metadata(), Redelivery::from_event_bus());
    assert_eq!(
        seen(),
        [
            "any, Placed, bus: true",
            "fails, bus: true",
            "last, elsewhere"
        ]
    );
    assert_eq!(
        ids(&responses),
        ["redelivery.any", "redelivery.fails", "redelivery.last"]
    );
    assert!(responses.is_ok());
}

#[test]
fn an_event_whose_sending_was_put_off_does_not_come_from_a_bus() {
    let responses = placed("")
        .get()
        .redeliver(&metadata(), Redelivery::from_outbox());
    assert_eq!(
        seen(),
        [
            "any, Placed, bus: false",
            "fails, bus: false",
            "last, elsewhere"
        ]
    );
    assert!(responses.is_ok());
}

#[test]
fn failures_are_caught_and_the_rest_runs() {
    for (mode, outcome) in [
        ("error", "Failed(\"no\")"),
        ("panic", "Panicked(\"out of paper\")"),
    ] {
        let event = placed(mode);
        let responses = event
            .get()
            .redeliver(&metadata(), Redelivery::from_event_bus());
        assert_eq!(
            format!("{responses:?}"),
            format!("[redelivery.any: Ok, redelivery.fails: {outcome}, redelivery.last: Ok]")
        );
        assert_eq!(seen().len(), 3);
    }
}

#[test]
fn only_those_that_are_chosen_run_and_are_answered_for() {
    let event = placed("error");
    let failed = |receiver: &ReceiverInfo| receiver.is_called("redelivery.failed");
    let how = Redelivery::from_event_bus().only(&failed);
    let responses = event.get().redeliver(&metadata(), how);
    assert_eq!(seen(), ["fails, bus: true"]);
    assert_eq!(
        format!("{responses:?}"),
        "[redelivery.fails: Failed(\"no\")]"
    );
    let error = responses.into_result().unwrap_err().into_vec().remove(0);
    assert_eq!(error.receiver().id, "redelivery.fails");
    assert_eq!(error.event_type(), "org.example.tests.redelivery.placed.v1");

    let but_it = |receiver: &ReceiverInfo| !failed(receiver);
    let how = Redelivery::from_outbox().only(&but_it);
    let responses = event.get().redeliver(&metadata(), how);
    assert_eq!(ids(&responses), ["redelivery.any", "redelivery.last"]);
    assert_eq!(seen(), ["any, Placed, bus: false", "last, elsewhere"]);

    let nobody = |_: &ReceiverInfo| false;
    let how = Redelivery::from_event_bus().only(&nobody);
    let responses = event.get().redeliver(&metadata(), how);
    assert!(responses.is_empty() && responses.is_ok() && seen().is_empty());

    let asked = Mutex::new(Vec::new());
    let everybody = |receiver: &ReceiverInfo| {
        asked.lock().unwrap().push(receiver.id.to_string());
        true
    };
    let how = Redelivery::from_event_bus().only(&everybody);
    let responses = event.get().redeliver(&metadata(), how);
    assert_eq!(ids(&responses), *asked.lock().unwrap());
    assert_eq!(responses.len(), 3);
}

/// Follows receivers, up to one that is not to run, and those behind it.
struct UpTo(&'static str, std::cell::Cell<bool>);

impl Watch for UpTo {
    fn may_run(&self, receiver: &ReceiverInfo) -> bool {
        see(format!("asked for {}", receiver.id));
        self.1.set(self.1.get() || receiver.id == self.0);
        !self.1.get()
    }

    fn came_back(&self, receiver: &ReceiverInfo) {
        see(format!("{} came back", receiver.id));
    }
}

#[test]
fn who_watches_hears_of_each_and_has_a_say() {
    let deliver = |mode, last| {
        let watch = UpTo(last, false.into());
        let how = Redelivery::from_event_bus().watched_by(&watch);
        drop(placed(mode).get().redeliver(&metadata(), how));
        seen()
    };
    assert_eq!(
        deliver("", "nobody"),
        [
            "asked for redelivery.any",
            "any, Placed, bus: true",
            "redelivery.any came back",
            "asked for redelivery.fails",
            "fails, bus: true",
            "redelivery.fails came back",
            "asked for redelivery.last",
            "last, elsewhere",
            "redelivery.last came back",
        ]
    );
    // Who fails has not come back well.
    for mode in ["error", "panic"] {
        assert_eq!(
            deliver(mode, "redelivery.last"),
            [
                "asked for redelivery.any",
                "any, Placed, bus: true",
                "redelivery.any came back",
                "asked for redelivery.fails",
                "fails, bus: true",
                "asked for redelivery.last",
            ]
        );
    }
    assert_eq!(
        deliver("", "redelivery.any"),
        [
            "asked for redelivery.any",
            "asked for redelivery.fails",
            "asked for redelivery.last",
        ]
    );
}

#[test]
fn what_is_connected_runs_too() {
    // In a scope, so that other tests do not see it; what a scope does not hold is tested below.
    let scope = testing::scope();
    let metadata = metadata();
    let _manual = PLACED.connect_receiver("redelivery.manual").unwrap();
    let _closure = PLACED.connect(|event, metadata| {
        see(format!(
            "closure, {}, {}",
            event.customer,
            metadata.source()
        ));
    });
    let _with = PLACED.connect_with("with", 9, |event| see(format!("with, {}", event.customer)));
    let responses = placed("")
        .get()
        .redeliver(&metadata, Redelivery::from_outbox());
    assert_eq!(
        seen(),
        [
            "any, Placed, bus: false",
            "fails, bus: false",
            "manual",
            "closure, ada, elsewhere",
            "last, elsewhere",
            "with, ada"
        ]
    );
    assert_eq!(responses.len(), 6);
    let sent = scope.capture(&PLACED).assert_sent_once();
    assert_eq!(
        (sent.metadata, sent.from_event_bus),
        (metadata.clone(), false)
    );
    placed("")
        .get()
        .redeliver(&metadata, Redelivery::from_event_bus());
    assert!(scope.capture(&PLACED).sent()[1].from_event_bus);
}

#[test]
fn without_a_scope_what_is_connected_runs_until_it_is_disconnected() {
    let event = OwnedEvent::new(Lone {});
    let redeliver = || {
        ids(&event
            .get()
            .redeliver(&metadata(), Redelivery::from_event_bus()))
    };
    assert_eq!(redeliver(), ["redelivery.any"]);
    let connection = LONE.connect_with("lone", 0, |_| see("lone"));
    assert_eq!(redeliver(), ["redelivery.any", "lone"]);
    drop(connection);
    assert_eq!(redeliver(), ["redelivery.any"]);
    assert_eq!(seen().iter().filter(|text| *text == "lone").count(), 1);
}

#[test]
fn a_disabled_signal_delivers_nothing() {
    let event = OwnedEvent::new(Closed {});
    CLOSED.disable();
    let responses = event
        .get()
        .redeliver(&metadata(), Redelivery::from_event_bus());
    assert!(responses.is_empty() && responses.is_ok() && seen().is_empty());
    {
        let scope = testing::scope();
        let redeliver = || {
            event
                .get()
                .redeliver(&metadata(), Redelivery::from_outbox())
        };
        assert_eq!(redeliver().len(), 2);
        CLOSED.disable();
        assert!(redeliver().is_empty());
        scope.capture(&CLOSED).assert_sent_once();
    }
    CLOSED.enable();
    let responses = event
        .get()
        .redeliver(&metadata(), Redelivery::from_event_bus());
    assert_eq!(responses.len(), 2);
}

#[test]
fn a_closure_takes_events_of_every_type() {
    let _scope = testing::scope();
    let taps: Vec<_> = registry::signals()
        .iter()
        .map(|signal| {
            signal.connect_any("tap", 7, |event, delivery| {
                let number = event.downcast_ref().map(|Tapped { number }| *number);
                let metadata = delivery.metadata();
                assert_eq!(metadata.event_type(), event.info().event_type);
                see(format!(
                    "tap {number:?}, bus: {}",
                    delivery.from_event_bus()
                ));
                number.map_or(Ok(()), |number| Err(format!("{number} is refused")))
            })
        })
        .collect();
    let info = &TAPPED.receivers()[1];
    assert_eq!((&*info.id, info.priority), ("tap", 7));
    assert_eq!(info.kind, ReceiverKind::Connected);
    assert!(info.wants_metadata && info.location.file.ends_with("redelivery.rs"));

    let responses = TAPPED.send_event(Tapped { number: 3 });
    assert_eq!(
        format!("{responses:?}"),
        "[redelivery.any: Ok, tap: Failed(\"3 is refused\")]"
    );
    assert!(TAPPED.send_event_strict(Tapped { number: 4 }).is_err());
    let metadata = EventMetadata::new(Tapped::INFO.event_type);
    TAPPED.send_event_with_metadata(Tapped { number: 5 }, &metadata);
    let event = OwnedEvent::new(Tapped { number: 6 });
    event
        .get()
        .redeliver(&metadata, Redelivery::from_event_bus());
    LONE.send_event(Lone {});
    let seen: Vec<_> = seen()
        .into_iter()
        .filter(|text| text.starts_with("tap"))
        .collect();
    assert_eq!(
        seen,
        [
            "tap Some(3), bus: false",
            "tap Some(4), bus: false",
            "tap Some(5), bus: true",
            "tap Some(6), bus: true",
            "tap None, bus: false"
        ]
    );
    drop(taps);
    assert_eq!(TAPPED.receivers().len(), 1);
}
