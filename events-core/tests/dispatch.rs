//! Dispatch as it is without any feature: no testing scopes, no runtime. What needs features is tested in `events-tests`.

use std::sync::{Arc, Mutex};

use events_core::{AnyEvent, EventMetadata, Outcome, ReceiverKind, event, receiver, registry};

#[event(type = "org.example.tests.core.started.v1", key = name)]
struct Started {
    name: String,
}

#[event(type = "org.example.tests.core.connected.v1")]
struct Connected {
    number: i64,
}

#[event(type = "org.example.tests.core.disabled.v1")]
struct Disabled {}

static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());

#[receiver(STARTED, id = "core.note")]
fn note(name: &str, metadata: &EventMetadata, from_event_bus: bool) {
    let line = format!("{name} {} {from_event_bus}", metadata.id());
    SEEN.lock().expect("no panic").push(line);
}

#[receiver(STARTED, id = "core.fail", priority = 1)]
fn fail(name: &str) -> Result<(), &'static str> {
    match name {
        "panic" => panic!("as told"),
        "error" => Err("as told"),
        _ => Ok(()),
    }
}

#[receiver(any, id = "core.any", priority = 2)]
fn any(event: AnyEvent<'_>) -> Result<(), serde_json::Error> {
    serde_json::to_value(event)?;
    Ok(())
}

fn started(name: &str) -> Started {
    Started {
        name: name.to_owned(),
    }
}

#[test]
fn receivers_run_in_their_order_whatever_the_others_do() {
    for (name, outcome) in [
        ("fine", "Ok"),
        ("error", "Failed(\"as told\")"),
        ("panic", "Panicked(\"as told\")"),
    ] {
        let responses = STARTED.send_event(started(name));
        assert_eq!(
            format!("{responses:?}"),
            format!("[core.note: Ok, core.fail: {outcome}, core.any: Ok]")
        );
        let strict = STARTED.send_event_strict(started(name));
        assert_eq!(strict.is_ok(), outcome == "Ok");
    }
}

#[test]
fn metadata_of_elsewhere_is_passed_on() {
    let metadata = EventMetadata::new("org.example.tests.core.started.v1");
    let responses = STARTED.send_event_with_metadata(started("from the bus"), &metadata);
    assert!(responses.is_ok());
    let line = format!("from the bus {} true", metadata.id());
    assert!(SEEN.lock().expect("no panic").contains(&line));
}

#[test]
fn closures_come_and_go() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    let connection = CONNECTED.connect(move |event, metadata| {
        noted
            .lock()
            .expect("no panic")
            .push((event.number, metadata.id()));
    });
    let responses = CONNECTED.send_event(Connected { number: 1 });
    let kinds: Vec<_> = responses
        .iter()
        .map(|response| response.receiver().kind)
        .collect();
    assert_eq!(kinds, [ReceiverKind::Connected, ReceiverKind::Linked]);
    drop(connection);
    assert_eq!(CONNECTED.send_event(Connected { number: 2 }).len(), 1);
    assert_eq!(seen.lock().expect("no panic").len(), 1);
}

#[test]
fn a_disabled_signal_does_nothing() {
    DISABLED.disable();
    assert!(!DISABLED.is_enabled());
    assert!(DISABLED.send_event(Disabled {}).is_empty());
    DISABLED.enable();
    let responses = DISABLED.send_event(Disabled {});
    assert!(matches!(
        responses.iter().next().map(|response| response.outcome()),
        Some(Outcome::Ok)
    ));
}

#[test]
fn the_registry_lists_this_binary() {
    registry::verify().expect("no problems");
    assert_eq!(registry::signals().len(), 3);
    assert_eq!(registry::receivers().count(), 3);
    assert!(registry::find("org.example.tests.core.started.v1").is_some());
}
