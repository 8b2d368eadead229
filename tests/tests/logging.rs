//! What is logged: every failure once, with the receiver and the event type, and nothing of the event's payload;
//! nothing of success.

use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex};

use events_core::{EventMetadata, event, receiver};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

const SECRET: &str = "hunter2";

#[event(type = "org.example.tests.logging.entered.v1", key = password)]
struct Entered {
    password: String,
    number: i64,
}

#[receiver(ENTERED, id = "door.fine")]
fn fine(password: &str) {
    assert_eq!(password, SECRET);
}

#[receiver(ENTERED, id = "door.fails")]
fn fails(number: i64) -> Result<(), String> {
    match number {
        1 => Err("the door is stuck".to_owned()),
        2 => panic!("the door fell off"),
        _ => Ok(()),
    }
}

#[receiver(ENTERED, id = "door.task")]
async fn task(number: i64) -> Result<(), &'static str> {
    tokio::task::yield_now().await;
    match number {
        3 => Err("the door closed later"),
        4 => panic!("the door burst later"),
        _ => Ok(()),
    }
}

/// Keeps every line.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {}={value:?}", field.name()).expect("a string takes everything");
    }
}

impl Subscriber for Lines {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        if !metadata.target().starts_with("events_core") {
            return;
        }
        let mut line = Line(format!("{} {}", metadata.level(), metadata.target()));
        event.record(&mut line);
        self.0.lock().expect("no panic").push(line.0);
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

fn entered(number: i64) -> Entered {
    Entered {
        password: SECRET.to_owned(),
        number,
    }
}

/// What a send logs, tasks included.
fn logged(send: impl FnOnce() -> Option<events_core::Responses>) -> Vec<String> {
    let lines = Lines::default();
    tracing::subscriber::with_default(lines.clone(), || {
        // In here, so that the end of the runtime is seen, too.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            if let Some(responses) = send() {
                let settled = responses.settled().await;
                // Looking at them logs nothing more.
                let _ = format!("{settled:?}");
                let _ = settled.into_result();
            }
        });
    });
    let lines = lines.0.lock().expect("no panic").clone();
    for line in &lines {
        assert!(!line.contains(SECRET), "payload in the log: {line}");
    }
    lines
}

fn line(receiver: &str, error: &str) -> String {
    format!(
        "ERROR events_core::dispatch message=receiver failed receiver=\"{receiver}\" \
         event_type=\"org.example.tests.logging.entered.v1\" error={error}"
    )
}

#[test]
fn success_logs_nothing() {
    assert_eq!(logged(|| Some(ENTERED.send_event(entered(0)))), [""; 0]);
    assert_eq!(
        logged(|| ENTERED.send_event_strict(entered(0)).ok()),
        [""; 0]
    );
}

#[test]
fn an_error_and_a_panic_are_logged_once() {
    assert_eq!(
        logged(|| Some(ENTERED.send_event(entered(1)))),
        [line("door.fails", "the door is stuck")]
    );
    assert_eq!(
        logged(|| Some(ENTERED.send_event(entered(2)))),
        [line("door.fails", "panicked: the door fell off")]
    );
}

#[test]
fn the_failure_of_a_task_is_logged_once() {
    assert_eq!(
        logged(|| Some(ENTERED.send_event(entered(3)))),
        [line("door.task", "the door closed later")]
    );
    assert_eq!(
        logged(|| Some(ENTERED.send_event(entered(4)))),
        [line("door.task", "panicked: the door burst later")]
    );
}

#[test]
fn an_event_from_a_bus_is_logged_like_any_other() {
    let metadata = EventMetadata::new("org.example.tests.logging.entered.v1");
    assert_eq!(
        logged(|| Some(ENTERED.send_event_with_metadata(entered(1), &metadata))),
        [line("door.fails", "the door is stuck")]
    );
}

#[test]
fn strict_sending_leaves_the_failure_to_the_sender() {
    let lines = logged(|| {
        ENTERED.send_event_strict(entered(1)).expect_err("it fails");
        None
    });
    assert_eq!(lines, [""; 0], "it is returned, so it is not logged");
}

#[test]
fn a_task_that_never_ends_is_logged_when_the_runtime_goes_down() {
    let lines = logged(|| {
        // Spawned, and dropped with the runtime before it ran.
        drop(ENTERED.send_event(entered(0)));
        None
    });
    assert_eq!(
        lines,
        [line(
            "door.task",
            "the tokio runtime was shut down before the receiver ended"
        )]
    );
}
