//! Every transport of this crate passes the public suite; and the suite notices what it is for.

#![allow(
    clippy::unwrap_used,
    clippy::allow_attributes,
    reason = "a test that cannot go on has failed"
)]

mod support {
    pub mod flaky;
    #[cfg(feature = "redis")]
    pub mod redis_server;
}

use std::sync::Arc;
use std::sync::atomic::Ordering;

use events_bus::transport::SharedTransport;
use events_bus::transport::conformance::{self, Fixture};
use events_bus::transport::memory::MemoryTransport;

struct Memory;

impl Fixture for Memory {
    fn open(&self) -> SharedTransport {
        Arc::new(MemoryTransport::new())
    }
}

#[test]
fn memory_keeps_the_promises() {
    conformance::run(&Memory);
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use std::sync::Mutex;

    use events_bus::transport::sqlite::{SqliteOptions, SqliteTransport, Sync};
    use tempfile::TempDir;

    use super::*;

    /// Files in a folder that ends with the test.
    #[derive(Default)]
    struct Files(Mutex<Vec<TempDir>>);

    fn open(folder: &TempDir) -> SharedTransport {
        let mut options = SqliteOptions::default();
        options.sync = Sync::Normal;
        Arc::new(SqliteTransport::open(folder.path().join("events.db"), options).unwrap())
    }

    impl Fixture for Files {
        fn open(&self) -> SharedTransport {
            let mut folders = self.0.lock().unwrap();
            folders.push(tempfile::tempdir().unwrap());
            open(&folders[folders.len() - 1])
        }

        fn again(&self, _: &SharedTransport) -> Option<SharedTransport> {
            self.0.lock().unwrap().last().map(open)
        }
    }

    #[test]
    fn sqlite_keeps_the_promises() {
        conformance::run(&Files::default());
    }
}

#[cfg(feature = "redis")]
mod redis {
    use events_bus::transport::redis::{RedisOptions, RedisTransport};

    use super::support::redis_server::RedisServer;
    use super::*;

    struct Server(RedisServer);

    fn open(server: &RedisServer) -> SharedTransport {
        Arc::new(RedisTransport::open(&server.url(), RedisOptions::default()).unwrap())
    }

    impl Fixture for Server {
        fn open(&self) -> SharedTransport {
            self.0.flush_all();
            open(&self.0)
        }

        fn again(&self, _: &SharedTransport) -> Option<SharedTransport> {
            Some(open(&self.0))
        }
    }

    #[test]
    #[cfg_attr(not(redis_server), ignore = "needs redis-server")]
    fn redis_keeps_the_promises() {
        conformance::run(&Server(RedisServer::start()));
    }
}

/// A transport that settles nothing, and does not say so.
struct Forgetful;

impl Fixture for Forgetful {
    fn open(&self) -> SharedTransport {
        let flaky = support::flaky::Flaky::default();
        flaky.unsettled.store(usize::MAX / 2, Ordering::SeqCst);
        Arc::new(flaky)
    }
}

#[test]
#[should_panic(expected = "what is finished is not pending")]
fn a_broken_promise_is_noticed() {
    conformance::run(&Forgetful);
}
