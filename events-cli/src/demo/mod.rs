//! `events demo`: what the framework does, told with two plugin crates that nothing wires but their annotations.

mod bus;
mod capture;
mod page;
mod quiet;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use events_catalog::learning::{
    STUDENT_REGISTRATION_COMPLETED, StudentRegistrationCompleted, UserData, UserPersonalData,
};
use events_core::registry;
use events_core::{Outcome, Responses};
use serde::Serialize;

use crate::facts::{ReceiverFacts, SignalFacts};
use crate::names;
use crate::world::World;

/// What rustc says to a receiver when a field of its event was renamed. A test keeps it equal to the pinned message.
const COMPILE_ERROR: &str = include_str!("compile_error.txt");

/// The story.
#[derive(Debug, Serialize)]
pub(crate) struct Demo {
    plugins: Vec<Plugin>,
    signal: Option<SignalFacts>,
    wired: Vec<ReceiverFacts>,
    registrations: Vec<Registration>,
    test: Test,
    compile_error: &'static str,
    bus: Option<bus::BusStory>,
    /// Why there is no such story: what embeds the command has no other process of it to start.
    bus_problem: Option<String>,
}

#[derive(Debug, Serialize)]
struct Plugin {
    name: &'static str,
    version: &'static str,
}

/// A registration that was sent, and what came of it.
#[derive(Debug, Serialize)]
struct Registration {
    username: &'static str,
    email: &'static str,
    /// Whether no receiver failed.
    ok: bool,
    report: Vec<Line>,
    /// What the mail server of the greeter was given.
    mails: Vec<String>,
    /// How many events the audit wrote down.
    audited: usize,
    /// How many registrations a closure has counted so far.
    counted: usize,
}

/// One receiver in the report of a send.
#[derive(Debug, Serialize)]
struct Line {
    receiver: String,
    outcome: &'static str,
    error: Option<String>,
}

/// A test that fails, as the demo wants it to.
#[derive(Debug, Serialize)]
struct Test {
    code: String,
    passed: bool,
    message: String,
}

/// Tells the story. Whether this process is the command tells whether its program can be started as another process.
pub(crate) fn demo(is_process: bool) -> Demo {
    let counter = Arc::new(AtomicUsize::new(0));
    let counting = Arc::clone(&counter);
    let _connection =
        STUDENT_REGISTRATION_COMPLETED.connect_with("demo.count_registrations", 10, move |_| {
            counting.fetch_add(1, Ordering::Relaxed);
        });
    // Now, so that the closure is in the picture.
    let world = World::of_this_binary();
    let signal = names::signals(&world, STUDENT_REGISTRATION_COMPLETED.info().name)
        .into_iter()
        .find(|signal| signal.info == *STUDENT_REGISTRATION_COMPLETED.info());
    let registrations = vec![
        register("ada", "ada@example.org", &counter),
        register("bob", "bob.example.org", &counter),
    ];
    let test = Test::run();
    // Receivers of the bus log what fails, and the story tells it.
    let bus = if is_process {
        bus::BusStory::tell()
    } else {
        Err(
            "it starts the program `events` as another process, and this is another program"
                .to_owned(),
        )
    };
    let wired = signal.map_or(&[][..], |signal| &signal.connected);
    Demo {
        plugins: registry::plugins()
            .into_iter()
            .map(|plugin| Plugin {
                name: plugin.name,
                version: plugin.version,
            })
            .collect(),
        signal: signal.map(SignalFacts::new),
        wired: wired
            .iter()
            .map(|receiver| ReceiverFacts::new(&world, receiver))
            .collect(),
        registrations,
        test,
        compile_error: COMPILE_ERROR,
        bus_problem: bus.as_ref().err().cloned(),
        bus: bus.ok(),
    }
}

/// Sends a registration through the signal, and looks at what the receivers did.
fn register(username: &'static str, email: &'static str, counter: &AtomicUsize) -> Registration {
    let mails = || example_greeter::outbox().sent_to(email);
    let audits = || example_audit::lines_with(STUDENT_REGISTRATION_COMPLETED.event().event_type);
    let (mails_before, audits_before) = (mails().len(), audits().len());
    let responses = STUDENT_REGISTRATION_COMPLETED.send_event(registration(username, email));
    Registration {
        username,
        email,
        ok: responses.is_ok(),
        report: report(&responses),
        mails: mails().split_off(mails_before),
        audited: audits().len() - audits_before,
        counted: counter.load(Ordering::Relaxed),
    }
}

/// The event.
fn registration(username: &str, email: &str) -> StudentRegistrationCompleted {
    StudentRegistrationCompleted {
        user: UserData {
            id: 17,
            is_active: true,
            pii: UserPersonalData {
                username: username.to_owned(),
                email: email.to_owned(),
                name: String::new(),
            },
        },
    }
}

fn report(responses: &Responses) -> Vec<Line> {
    let lines = responses.iter().map(|response| {
        let (outcome, error) = match response.outcome() {
            Outcome::Failed(error) => ("failed", Some(error.to_string())),
            Outcome::Panicked(message) => ("panicked", Some(message.to_owned())),
            Outcome::Spawned => ("spawned", None),
            Outcome::Stored => ("stored", None),
            _ => ("ok", None),
        };
        Line {
            receiver: response.receiver().id.to_string(),
            outcome,
            error,
        }
    });
    lines.collect()
}

impl Test {
    fn run() -> Self {
        let outcome = quiet::catch(capture::registration_is_announced);
        Self {
            code: capture::shown(),
            passed: outcome.is_ok(),
            message: outcome.err().unwrap_or_default(),
        }
    }
}
