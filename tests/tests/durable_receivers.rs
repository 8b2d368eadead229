//! Durable receivers: a send stores their work, once for all of them. In a binary of its own, because a process has one
//! durable store: the tests take turns.

#[path = "durable_receivers/store.rs"]
mod store;

use std::cell::RefCell;
use std::error::Error;
use std::sync::Arc;

use events_core::delivery::{NotStored, OwnedEvent, Redelivery, set_durable_store};
use events_core::{
    AnyEvent, EventMetadata, Outcome, ReceiverInfo, ReceiverKind, Responses, event, receiver,
    registry, testing,
};

use store::{Mood, turn};

#[event(type = "org.example.tests.durable.placed.v1")]
struct Placed {
    number: i64,
}

#[event(type = "org.example.tests.durable.billed.v1")]
struct Billed {
    number: i64,
}

#[event(type = "org.example.tests.durable.closed.v1")]
struct Closed {}

#[event(type = "org.example.tests.durable.noted.v1")]
struct Noted {}

thread_local! {
    static SEEN: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

fn seen() -> Vec<String> {
    SEEN.take()
}

fn see(text: impl Into<String>) {
    SEEN.with_borrow_mut(|seen| seen.push(text.into()));
}

#[receiver(PLACED, id = "durable.first", priority = -1)]
fn first(number: i64) -> Result<(), String> {
    see("first");
    if number < 0 {
        return Err(format!("{number} is refused"));
    }
    Ok(())
}

#[receiver(PLACED, id = "durable.mail", alias = "durable.letter", durable)]
fn mail(number: i64, from_event_bus: bool, metadata: &EventMetadata) -> Result<(), String> {
    see(format!(
        "mail {number}, bus: {from_event_bus}, {}",
        metadata.source()
    ));
    if number == 13 {
        return Err("the mail server is closed".to_owned());
    }
    Ok(())
}

#[receiver(PLACED, id = "durable.print", priority = 2, durable)]
fn print() {
    see("print");
}

#[receiver(PLACED, id = "durable.last", priority = 3)]
fn last() {
    see("last");
}

#[receiver(BILLED, durable)]
async fn later(number: i64) {
    tokio::task::yield_now().await;
    assert_eq!(number, 17);
}

#[receiver(BILLED, id = "durable.manual", manual, durable)]
fn manual() {
    see("manual");
}

#[receiver(CLOSED, durable)]
fn closed() {
    see("closed");
}

#[receiver(any, id = "durable.any", priority = -9, durable, manual)]
fn any(event: AnyEvent<'_>) {
    see(format!("any {}", event.info().name));
}

fn metadata() -> EventMetadata {
    EventMetadata::new("org.example.tests.durable.placed.v1").with_source("elsewhere".to_owned())
}

fn source() -> String {
    EventMetadata::new("org.example.tests.durable.placed.v1")
        .source()
        .to_owned()
}

fn outcomes(responses: &Responses) -> String {
    format!("{responses:?}")
}

#[test]
fn a_send_stores_once_when_the_first_durable_receiver_has_its_turn() {
    let turn = turn(Some(Mood::Well));
    let responses = PLACED.send_event(Placed { number: 17 });
    assert_eq!(seen(), ["first", "store", "last"]);
    assert_eq!(
        outcomes(&responses),
        "[durable.first: Ok, durable.mail: Stored, durable.print: Stored, durable.last: Ok]"
    );
    assert!(responses.is_ok() && responses.failures().next().is_none());
    let mail = responses.iter().nth(1).unwrap();
    assert!(mail.is_ok() && matches!(mail.outcome(), Outcome::Stored));
    assert!(responses.into_result().is_ok());
    assert_eq!(
        turn.calls(),
        [format!(
            "Placed {{ number: 17 }} for durable.mail and durable.print, bus: false, {}",
            source()
        )]
    );
}

#[test]
fn a_failure_beside_it_changes_nothing_about_what_is_stored() {
    let turn = turn(Some(Mood::Well));
    let responses = PLACED.send_event(Placed { number: -1 });
    assert_eq!(
        outcomes(&responses),
        "[durable.first: Failed(\"-1 is refused\"), durable.mail: Stored, durable.print: Stored, durable.last: Ok]"
    );
    assert!(!responses.is_ok());
    assert_eq!(turn.calls().len(), 1);
    assert_eq!(seen(), ["first", "store", "last"]);
}

#[test]
fn an_event_from_a_bus_is_stored_with_its_metadata() {
    let turn = turn(Some(Mood::Well));
    let stored = |bus| {
        format!("Placed {{ number: 1 }} for durable.mail and durable.print, bus: {bus}, elsewhere")
    };
    PLACED.send_event_with_metadata(Placed { number: 1 }, &metadata());
    assert_eq!(turn.calls(), [stored(true)]);
    let event = OwnedEvent::new(Placed { number: 1 });
    for (how, bus) in [
        (Redelivery::from_event_bus(), true),
        (Redelivery::from_outbox(), false),
    ] {
        let responses = event.get().redeliver(&metadata(), how);
        assert_eq!(
            outcomes(&responses),
            "[durable.first: Ok, durable.mail: Stored, durable.print: Stored, durable.last: Ok]"
        );
        assert_eq!(turn.calls(), [stored(bus)]);
    }
    assert_eq!(seen(), ["first", "store", "last"].repeat(3));
}

#[test]
fn what_is_chosen_is_stored_and_nothing_else() {
    let turn = turn(Some(Mood::Well));
    let event = OwnedEvent::new(Placed { number: 1 });
    let redeliver = |select: &dyn Fn(&ReceiverInfo) -> bool| {
        let how = Redelivery::from_event_bus().only(select);
        outcomes(&event.get().redeliver(&metadata(), how))
    };
    assert_eq!(
        redeliver(&|receiver| receiver.is_called("durable.letter")),
        "[durable.mail: Stored]"
    );
    assert_eq!(
        turn.calls(),
        ["Placed { number: 1 } for durable.mail, bus: true, elsewhere"]
    );
    assert_eq!(
        redeliver(&|receiver| !receiver.is_durable),
        "[durable.first: Ok, durable.last: Ok]"
    );
    assert_eq!(turn.calls().len(), 0);
    assert_eq!(seen(), ["store", "first", "last"]);
}

#[test]
fn whoever_had_it_stored_has_it_run() {
    let turn = turn(Some(Mood::Well));
    let how = Redelivery::from_outbox().running_durable();
    let durable = |receiver: &ReceiverInfo| receiver.is_durable;
    let redeliver = |number| {
        let event = OwnedEvent::new(Placed { number });
        outcomes(&event.get().redeliver(&metadata(), how.only(&durable)))
    };
    assert_eq!(redeliver(17), "[durable.mail: Ok, durable.print: Ok]");
    assert_eq!(seen(), ["mail 17, bus: false, elsewhere", "print"]);
    assert_eq!(
        redeliver(13),
        "[durable.mail: Failed(\"the mail server is closed\"), durable.print: Ok]"
    );
    let event = OwnedEvent::new(Placed { number: 1 });
    event
        .get()
        .redeliver(&metadata(), Redelivery::from_event_bus().running_durable());
    assert_eq!(
        seen()[2..],
        ["first", "mail 1, bus: true, elsewhere", "print", "last"]
    );
    assert_eq!(turn.calls().len(), 0);
}

#[tokio::test]
async fn an_async_fn_is_stored_and_later_run_as_a_task() {
    let responses = {
        let turn = turn(Some(Mood::Well));
        let responses = BILLED.send_event(Billed { number: 17 });
        assert_eq!(
            turn.calls(),
            [format!(
                "Billed {{ number: 17 }} for durable_receivers::later, bus: false, {}",
                source()
            )]
        );
        responses
    };
    assert_eq!(outcomes(&responses), "[durable_receivers::later: Stored]");
    assert_eq!(
        outcomes(&responses.settled().await),
        "[durable_receivers::later: Stored]"
    );
    for (number, outcome) in [(17, "Ok"), (18, "Panicked(")] {
        let event = OwnedEvent::new(Billed { number });
        let how = Redelivery::from_event_bus().running_durable();
        let responses = event.get().redeliver(&metadata(), how);
        assert_eq!(outcomes(&responses), "[durable_receivers::later: Spawned]");
        drop(event);
        let settled = outcomes(&responses.settled().await);
        assert!(settled.contains(&format!("later: {outcome}")), "{settled}");
    }
}

#[test]
fn a_strict_send_stores_last_and_only_when_nothing_failed() {
    let turn = turn(Some(Mood::Well));
    let responses = PLACED.send_event_strict(Placed { number: 1 }).unwrap();
    assert_eq!(seen(), ["first", "last", "store"]);
    assert_eq!(
        outcomes(&responses),
        "[durable.first: Ok, durable.mail: Stored, durable.print: Stored, durable.last: Ok]"
    );
    assert_eq!(turn.calls().len(), 1);

    let error = PLACED.send_event_strict(Placed { number: -1 }).unwrap_err();
    assert_eq!(error.receiver().id, "durable.first");
    assert_eq!(seen(), ["first"]);

    let failing = PLACED.connect_with("failing", 4, |_| Err("no"));
    let error = PLACED.send_event_strict(Placed { number: 1 }).unwrap_err();
    drop(failing);
    assert_eq!(error.receiver().id, "failing");
    assert_eq!(seen(), ["first", "last"]);
    assert_eq!(turn.calls().len(), 0);
}

#[test]
fn what_cannot_be_stored_has_failed_for_each_receiver() {
    for (mood, cause) in [
        (Some(Mood::Full), "the disk is full"),
        (Some(Mood::Panicking), "the durable store panicked: no disk"),
        (
            None,
            "this process has no durable store; start a bus (`events_bus::Bus`) before events are sent, and keep it \
             while they are",
        ),
    ] {
        let turn = turn(mood);
        let responses = PLACED.send_event(Placed { number: 1 });
        assert_eq!(turn.calls().len(), usize::from(mood.is_some()));
        assert!(!responses.is_ok());
        let failed: Vec<_> = responses
            .failures()
            .map(|failure| match failure.outcome() {
                Outcome::Failed(error) => (failure.receiver().id.to_string(), error.to_string()),
                other => panic!("{other:?}"),
            })
            .collect();
        let message = |id: &str| {
            (
                id.to_owned(),
                format!("the work of durable receiver `{id}` is not stored: {cause}"),
            )
        };
        assert_eq!(failed, [message("durable.mail"), message("durable.print")]);
        let not_stored = responses
            .into_result()
            .unwrap_err()
            .into_vec()
            .remove(0)
            .into_inner();
        let not_stored = not_stored.unwrap().downcast::<NotStored>().unwrap();
        assert_eq!(not_stored.receiver(), "durable.mail");
        let is_error = !matches!(mood, Some(Mood::Panicking));
        assert_eq!(
            not_stored.source().map(ToString::to_string),
            is_error.then(|| cause.to_owned())
        );

        let strict = PLACED.send_event_strict(Placed { number: 1 }).unwrap_err();
        assert_eq!(strict.receiver().id, "durable.mail");
        assert!(strict.to_string().ends_with(cause), "{strict}");
        let stores = seen().iter().filter(|text| *text == "store").count();
        assert_eq!(stores, if mood.is_some() { 2 } else { 0 });
    }
}

#[test]
fn a_process_has_one_store_until_its_guard_is_dropped() {
    let mut turn = turn(Some(Mood::Well));
    let error = set_durable_store(turn.store.clone()).unwrap_err();
    assert!(error.location.file.ends_with("store.rs"));
    assert_eq!(
        error.to_string(),
        format!(
            "a durable store is installed already, at {}, and a process has one: stop the bus that installed it before \
             another is started, or use that bus",
            error.location
        )
    );
    assert!(PLACED.send_event(Placed { number: 1 }).is_ok());
    let shown = format!("{:?}", turn.guard);
    assert_eq!(
        shown,
        format!("Some(DurableStoreGuard({}))", error.location)
    );
    turn.guard = None;
    assert!(!PLACED.send_event(Placed { number: 1 }).is_ok());
    assert_eq!(Arc::strong_count(&turn.store), 1);
    let again = set_durable_store(turn.store.clone()).unwrap();
    assert!(PLACED.send_event(Placed { number: 1 }).is_ok());
    drop(again);
    assert_eq!(turn.calls().len(), 2);
}

#[test]
fn what_is_connected_by_configuration_may_be_durable() {
    let turn = turn(Some(Mood::Well));
    let signal = registry::find("org.example.tests.durable.noted.v1").unwrap();
    assert!(NOTED.send_event(Noted {}).is_empty());
    let connection = signal.connect_receiver("durable.any").unwrap();
    let info = &signal.receivers()[0];
    assert!(info.is_durable && info.kind == ReceiverKind::Manual);
    let responses = NOTED.send_event(Noted {});
    assert_eq!(outcomes(&responses), "[durable.any: Stored]");
    assert_eq!(turn.calls().len(), 1);
    let how = Redelivery::from_outbox().running_durable();
    OwnedEvent::new(Noted {}).get().redeliver(&metadata(), how);
    assert_eq!(seen(), ["store", "any Noted"]);
    drop(connection);
    assert!(NOTED.send_event(Noted {}).is_empty());
}

#[test]
fn a_disabled_signal_stores_nothing() {
    let turn = turn(Some(Mood::Well));
    CLOSED.disable();
    assert!(CLOSED.send_event(Closed {}).is_empty());
    assert!(
        CLOSED
            .send_event_with_metadata(Closed {}, &metadata())
            .is_empty()
    );
    let how = Redelivery::from_outbox().running_durable();
    assert!(
        OwnedEvent::new(Closed {})
            .get()
            .redeliver(&metadata(), how)
            .is_empty()
    );
    CLOSED.enable();
    assert!(turn.calls().is_empty() && seen().is_empty());
}

#[test]
fn in_a_testing_scope_durable_receivers_run_at_once() {
    let turn = turn(Some(Mood::Well));
    let scope = testing::scope();
    let _manual = BILLED.connect_receiver("durable.manual").unwrap();
    let responses = PLACED.send_event(Placed { number: 13 });
    assert_eq!(
        outcomes(&responses),
        "[durable.first: Ok, durable.mail: Failed(\"the mail server is closed\"), durable.print: Ok, durable.last: Ok]"
    );
    assert_eq!(seen()[2..], ["print", "last"]);
    assert!(PLACED.send_event_strict(Placed { number: 13 }).is_err());
    assert_eq!(seen().len(), 2);
    PLACED.send_event_with_metadata(Placed { number: 1 }, &metadata());
    assert_eq!(seen()[1], "mail 1, bus: true, elsewhere");
    let event = OwnedEvent::new(Placed { number: 2 });
    event
        .get()
        .redeliver(&metadata(), Redelivery::from_outbox());
    assert_eq!(seen()[1], "mail 2, bus: false, elsewhere");
    assert_eq!(scope.capture(&PLACED).len(), 4);
    assert!(turn.calls().is_empty());
}

#[test]
fn the_registry_knows_what_is_durable() {
    assert!(registry::verify().is_ok(), "it does not ask for a store");
    let durable: Vec<_> = registry::receivers()
        .filter(|receiver| receiver.is_durable)
        .map(|receiver| &*receiver.id)
        .collect();
    assert_eq!(
        durable,
        [
            "durable.any",
            "durable.mail",
            "durable.manual",
            "durable_receivers::closed",
            "durable_receivers::later",
            "durable.print"
        ]
    );
    let mail = &PLACED.receivers()[1];
    assert!(mail.is_durable && mail.is_called("durable.letter"));
    assert_eq!(mail.aliases, ["durable.letter"]);
    assert!(!PLACED.receivers()[0].is_durable);
}
