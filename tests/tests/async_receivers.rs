//! `async fn` receivers: they run as tasks of the sender's tokio runtime, and in the testing scope of the sender.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use events_core::testing;
use events_core::{EventMetadata, Outcome, Responses, Signal, event, receiver};

#[event(type = "org.example.tests.tasks.asked.v1")]
struct Asked {
    question: String,
    number: i64,
}

#[event(type = "org.example.tests.tasks.answered.v1")]
struct Answered {
    number: i64,
}

#[event(type = "org.example.tests.tasks.waited.v1")]
struct Waited {}

#[event(type = "org.example.tests.tasks.ended.v1")]
struct Ended {}

#[receiver(ASKED, id = "tasks.answer")]
async fn answer(
    question: &str,
    number: i64,
    metadata: &EventMetadata,
    event: &Asked,
    signal: &Signal<Asked>,
    from_event_bus: bool,
) -> Result<(), String> {
    tokio::task::yield_now().await;
    assert_eq!(metadata.event_type(), "org.example.tests.tasks.asked.v1");
    assert_eq!((event.number, signal.info().name), (number, "ASKED"));
    ANSWERED.send_event(Answered { number });
    match question {
        "error" => Err(format!("{number} has no answer, bus: {from_event_bus}")),
        "panic" => panic!("no idea about {number}"),
        _ => Ok(()),
    }
}

#[receiver(ASKED, id = "tasks.sync", priority = 1)]
fn synchronous() {}

fn ask(question: &str) -> Responses {
    ASKED.send_event(Asked {
        question: question.to_owned(),
        number: 17,
    })
}

fn outcomes(responses: &Responses) -> String {
    format!("{responses:?}")
}

#[tokio::test]
async fn a_task_is_spawned_and_its_end_can_be_waited_for() {
    let scope = testing::scope();
    let responses = ask("fine");
    assert_eq!(
        outcomes(&responses),
        "[tasks.answer: Spawned, tasks.sync: Ok]"
    );
    assert!(responses.is_ok());
    scope.capture(&ANSWERED).assert_not_sent();
    let responses = responses.settled().await;
    assert_eq!(outcomes(&responses), "[tasks.answer: Ok, tasks.sync: Ok]");
    scope
        .capture(&ANSWERED)
        .assert_sent_once_with(&Answered { number: 17 });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn errors_and_panics_of_tasks_are_collected() {
    let scope = testing::scope();
    let responses = ask("error").settled().await;
    assert_eq!(
        outcomes(&responses),
        r#"[tasks.answer: Failed("17 has no answer, bus: false"), tasks.sync: Ok]"#
    );
    let error = responses.into_result().expect_err("it failed");
    assert!(
        error.to_string().contains("receiver `tasks.answer` ("),
        "{error}"
    );

    let responses = ask("panic").settled().await;
    let first = responses.iter().next().expect("two");
    assert!(
        matches!(first.outcome(), Outcome::Panicked("no idea about 17")),
        "{responses:?}"
    );
    scope.capture(&ANSWERED).assert_sent_times(2);
}

#[tokio::test]
async fn an_event_from_a_bus_keeps_its_metadata_in_the_task() {
    let metadata = EventMetadata::new("org.example.tests.tasks.asked.v1");
    let event = Asked {
        question: "error".to_owned(),
        number: 3,
    };
    let responses = ASKED
        .send_event_with_metadata(event, &metadata)
        .settled()
        .await;
    assert!(
        outcomes(&responses).contains("3 has no answer, bus: true"),
        "{responses:?}"
    );
}

#[test]
fn without_a_runtime_the_receiver_fails_with_advice() {
    let responses = ask("fine");
    let first = responses.iter().next().expect("two");
    let Outcome::Failed(error) = first.outcome() else {
        panic!("a failure expected: {responses:?}");
    };
    assert_eq!(
        error.to_string(),
        "an `async fn` receiver runs on the tokio runtime of the sender, and the sender is in none: send from a task, or \
         enter the runtime (`let _guard = runtime.enter();`) before sending"
    );
    assert_eq!(
        responses.failures().count(),
        1,
        "the others run: {responses:?}"
    );
    let strict = ASKED.send_event_strict(Asked {
        question: String::new(),
        number: 1,
    });
    assert_eq!(strict.expect_err("it fails").receiver().id, "tasks.answer");
}

#[test]
fn a_sender_that_has_entered_a_runtime_is_in_it() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .expect("a runtime");
    let responses = {
        let _guard = runtime.enter();
        ask("fine")
    };
    let responses = runtime.block_on(responses.settled());
    assert!(responses.is_ok(), "{responses:?}");
}

static STARTED: AtomicUsize = AtomicUsize::new(0);

#[receiver(WAITED, id = "tasks.wait")]
async fn wait_for_ever() {
    STARTED.fetch_add(1, Ordering::Relaxed);
    std::future::pending::<()>().await;
}

#[test]
fn a_runtime_that_shuts_down_fails_its_tasks() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .expect("a runtime");
    let handle = runtime.handle().clone();
    let responses = {
        let _guard = runtime.enter();
        WAITED.send_event(Waited {})
    };
    while STARTED.load(Ordering::Relaxed) == 0 {
        std::thread::yield_now();
    }
    runtime.shutdown_timeout(Duration::from_secs(5));

    let other = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let expected = "the tokio runtime was shut down before the receiver ended";
    let settled = other.block_on(responses.settled());
    assert!(
        outcomes(&settled).contains("tasks.wait: Failed("),
        "{settled:?}"
    );
    let error = settled.into_result().expect_err("it did not end");
    assert!(error.to_string().ends_with(expected), "{error}");

    // A runtime that is down takes no new tasks, and nothing hangs or panics.
    let responses = {
        let _guard = handle.enter();
        WAITED.send_event(Waited {})
    };
    let error = other
        .block_on(responses.settled())
        .into_result()
        .expect_err("never ran");
    assert!(error.to_string().ends_with(expected), "{error}");
}

thread_local! {
    static RESULTS: std::cell::RefCell<Option<Sender<i64>>> = const { std::cell::RefCell::new(None) };
}

#[receiver(ENDED)]
async fn detached() {
    let sender = RESULTS.with_borrow(Clone::clone);
    tokio::task::yield_now().await;
    sender
        .expect("set by the test")
        .send(1)
        .expect("the test listens");
}

/// A current-thread runtime, so that the task runs on the thread of the test.
#[tokio::test]
async fn nobody_has_to_wait_for_a_task() {
    let (sender, receiver) = channel();
    RESULTS.set(Some(sender));
    drop(ENDED.send_event(Ended {}));
    let mut received = receiver.try_recv();
    while received.is_err() {
        tokio::time::sleep(Duration::from_millis(1)).await;
        received = receiver.try_recv();
    }
    assert_eq!(received, Ok(1));
}

#[tokio::test]
async fn settled_without_tasks_is_what_it_was() {
    let scope = testing::scope().without_receivers();
    let responses = ask("fine").settled().await;
    assert!(responses.is_empty());
    let _connection = ASKED.connect(|_, _| Err("at once"));
    let responses = ask("fine").settled().await;
    assert_eq!(responses.failures().count(), 1);
    drop(scope);
}

#[test]
fn futures_of_settled_may_move_between_threads() {
    fn moves(_: impl Send) {}
    moves(ask("fine").settled());
    let infos: Vec<_> = events_core::registry::receivers()
        .filter(|info| info.is_async)
        .collect();
    assert_eq!(infos.len(), 3);
}
