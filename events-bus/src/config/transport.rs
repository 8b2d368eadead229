//! What keeps the events.

use std::path::PathBuf;
use std::time::Duration;

use super::Secret;

/// What keeps the events between services.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum TransportConfig {
    /// Nothing: there is no bus.
    #[default]
    None,
    /// The memory of this process, for tests.
    Memory,
    /// A file, which the processes of one machine share.
    Sqlite(SqliteConfig),
    /// Redis Streams.
    Redis(RedisConfig),
}

/// A store in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SqliteConfig {
    /// The file. A relative path begins in the working directory of the process.
    pub path: PathBuf,
    /// What an event survives once it was sent. [`SqliteSync::Full`] unless something else is said.
    pub sync: SqliteSync,
}

impl SqliteConfig {
    /// A file that survives loss of power.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            sync: SqliteSync::Full,
        }
    }
}

/// What survives in a file, and so what a write costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum SqliteSync {
    /// Survives loss of power: each write waits for the disk.
    #[default]
    Full,
    /// Survives a crash of the process; the last writes before a loss of power may be missing. Many times faster.
    Normal,
}

/// A Redis server.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RedisConfig {
    /// Its URL, perhaps with a password in it: `redis://`, `rediss://` (TLS) or `redis+unix://`.
    pub url: Secret,
    /// How long to wait for a connection. 5 seconds unless something else is said.
    pub connect_timeout: Duration,
    /// How long to wait for an answer. 5 seconds unless something else is said.
    pub response_timeout: Duration,
    /// A file with the certificates, in PEM, that sign the server's certificate, for `rediss://`. Those of the operating system
    /// unless something else is said. A relative path begins in the working directory of the process.
    pub root_certificates: Option<PathBuf>,
    /// A file with the certificate that the server is shown, and those between it and the root, in PEM; with
    /// [`client_key`](Self::client_key).
    pub client_certificate: Option<PathBuf>,
    /// A file with the private key of the client's certificate, in PEM.
    pub client_key: Option<PathBuf>,
}

impl RedisConfig {
    /// A server with the usual timeouts.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: Secret::new(url),
            connect_timeout: Duration::from_secs(5),
            response_timeout: Duration::from_secs(5),
            root_certificates: None,
            client_certificate: None,
            client_key: None,
        }
    }
}
