//! Random steps have the same outcome on every transport.

#![allow(
    missing_debug_implementations,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::allow_attributes,
    reason = "a test that cannot go on has failed"
)]
#![cfg(any(feature = "sqlite", feature = "redis"))]

mod transport_steps {
    pub mod run;
    pub mod step;
}

mod support {
    #[cfg(feature = "redis")]
    pub mod redis_server;
}

use std::sync::atomic::{AtomicU64, Ordering};

use events_bus::transport::Transport;
use events_bus::transport::memory::MemoryTransport;
use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestCaseResult};
use transport_steps::run::Run;
use transport_steps::step::{Step, steps};

/// Takes the steps on both transports and compares every answer and every state.
fn compare(
    one: &dyn Transport,
    two: &dyn Transport,
    is_exact: bool,
    steps: &[Step],
) -> TestCaseResult {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let topic = format!("steps-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let (mut one, mut two) = (
        Run::new(one, &topic, is_exact),
        Run::new(two, &topic, is_exact),
    );
    for (index, step) in steps.iter().enumerate() {
        prop_assert_eq!(one.take(step), two.take(step), "step {}: {:?}", index, step);
        let (left, right) = (one.state(), two.state());
        if left != right {
            return Err(TestCaseError::fail(format!(
                "after step {index} {step:?}:\n{left}\n{right}"
            )));
        }
    }
    Ok(())
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use events_bus::transport::sqlite::{SqliteOptions, SqliteTransport, Sync};

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 300, ..ProptestConfig::default() })]

        #[test]
        fn a_file_does_what_memory_does(steps in steps()) {
            let folder = tempfile::tempdir().unwrap();
            let mut options = SqliteOptions::default();
            options.sync = Sync::Normal;
            let file = SqliteTransport::open(folder.path().join("events.db"), options).unwrap();
            compare(&MemoryTransport::new(), &file, true, &steps)?;
        }
    }
}

#[cfg(feature = "redis")]
mod redis {
    use proptest::test_runner::TestRunner;

    use super::support::redis_server::RedisServer;
    use super::*;

    #[test]
    #[cfg_attr(not(redis_server), ignore = "needs redis-server")]
    fn a_server_does_what_memory_does() {
        let server = RedisServer::start();
        let transport = server.transport();
        let mut runner = TestRunner::new(ProptestConfig {
            failure_persistence: None,
            cases: 100,
            ..ProptestConfig::default()
        });
        let result = runner.run(&steps(), |steps| {
            compare(&MemoryTransport::new(), &transport, false, &steps)
        });
        result.unwrap();
    }
}
