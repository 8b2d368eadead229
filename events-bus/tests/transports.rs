//! Every transport of this crate passes the public suite.

#![allow(
    clippy::unwrap_used,
    clippy::allow_attributes,
    reason = "a test that cannot go on has failed"
)]

mod support {
    #[cfg(feature = "redis")]
    pub mod redis_server;
}

use std::sync::Arc;

use events_bus::transport::SharedTransport;
use events_bus::transport::conformance::Fixture;

mod memory {
    use events_bus::transport::memory::MemoryTransport;

    use super::*;

    struct Memory;

    impl Fixture for Memory {
        fn open(&self) -> SharedTransport {
            Arc::new(MemoryTransport::new())
        }
    }

    events_bus::transport_conformance!(Memory);
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use events_bus::transport::sqlite::{SqliteOptions, SqliteTransport, Sync};
    use tempfile::TempDir;

    use super::*;

    /// A file in a folder that ends with the test.
    struct File(TempDir);

    impl Fixture for File {
        fn open(&self) -> SharedTransport {
            let mut options = SqliteOptions::default();
            options.sync = Sync::Normal;
            let path = self.0.path().join("events.db");
            Arc::new(SqliteTransport::open(path, options).unwrap())
        }

        fn again(&self, _: &SharedTransport) -> Option<SharedTransport> {
            Some(self.open())
        }
    }

    events_bus::transport_conformance!(File(tempfile::tempdir().unwrap()));
}

#[cfg(feature = "redis")]
mod redis {
    use events_bus::transport::conformance;
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
