//! Testing scopes and tokio tasks: a task joins explicitly, wherever it is polled; others see nothing.

use std::time::Duration;

use events_core::testing;
use events_core::{event, receiver};

#[event(type = "org.example.tests.scopes.called.v1")]
struct Called {
    number: i64,
}

#[event(type = "org.example.tests.scopes.echoed.v1")]
struct Echoed {
    number: i64,
}

#[receiver(CALLED)]
async fn echo(number: i64) {
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    ECHOED.send_event(Echoed { number });
}

fn call(number: i64) -> events_core::Responses {
    CALLED.send_event(Called { number })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tasks_that_join_are_seen_wherever_they_are_polled() {
    let scope = testing::scope().without_receivers();
    let tasks: Vec<_> = (0..50)
        .map(|number| {
            tokio::spawn(scope.handle().join(async move {
                for step in 0..4 {
                    call(number * 10 + step);
                    tokio::task::yield_now().await;
                }
            }))
        })
        .collect();
    let strangers: Vec<_> = (0..10)
        .map(|number| {
            tokio::spawn(async move {
                tokio::task::yield_now().await;
                ECHOED.send_event(Echoed { number })
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no panic");
    }
    for stranger in strangers {
        stranger.await.expect("no panic");
    }
    let mut numbers: Vec<_> = scope
        .capture(&CALLED)
        .events()
        .iter()
        .map(|event| event.number)
        .collect();
    numbers.sort_unstable();
    let expected: Vec<_> = (0..50)
        .flat_map(|n| (0..4).map(move |step| n * 10 + step))
        .collect();
    assert_eq!(numbers, expected);
    scope.capture(&ECHOED).assert_not_sent();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn async_receivers_join_by_themselves() {
    let scope = testing::scope();
    for number in 0..20 {
        let responses = call(number).settled().await;
        assert!(responses.is_ok(), "{responses:?}");
    }
    let expected: Vec<_> = (0..20).map(|number| Echoed { number }).collect();
    scope.capture(&ECHOED).assert_sent_exactly(&expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tests_that_share_a_runtime_do_not_see_each_other() {
    let tests: Vec<_> = (0..100)
        .map(|test: i64| {
            tokio::task::spawn_blocking(move || {
                let scope = testing::scope();
                let responses = call(test);
                let settled = tokio::runtime::Handle::current().block_on(responses.settled());
                assert!(settled.is_ok());
                scope
                    .capture(&CALLED)
                    .assert_sent_once_with(&Called { number: test });
                scope
                    .capture(&ECHOED)
                    .assert_sent_once_with(&Echoed { number: test });
            })
        })
        .collect();
    for test in tests {
        test.await.expect("no test fails");
    }
}

/// Scopes that are held over an `await` on one thread end in whatever order their tasks end.
#[tokio::test]
async fn local_tasks_that_hold_scopes_leave_nothing_behind() {
    let local = tokio::task::LocalSet::new();
    local
        .run_until(async {
            let tasks: Vec<_> = (0..4)
                .map(|n: u64| {
                    tokio::task::spawn_local(async move {
                        let _scope = testing::scope();
                        tokio::time::sleep(Duration::from_millis(20 - 4 * n)).await;
                    })
                })
                .collect();
            for task in tasks {
                task.await.expect("no panic");
            }
        })
        .await;
    CALLED.disable();
    let elsewhere = std::thread::spawn(|| CALLED.is_enabled())
        .join()
        .expect("no panic");
    CALLED.enable();
    assert!(!elsewhere, "this thread is still in a scope");
}
