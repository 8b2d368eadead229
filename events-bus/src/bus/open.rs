//! Opens what a configuration names.

use std::time::Duration;

use super::StartProblem;
use crate::config::{BusConfig, OutboxConfig, OutboxStore, TransportConfig};
use crate::producer::outbox::Store;
use crate::transport::SharedTransport;

/// Opens the transport of a configuration: what tools work with, that read a bus without being part of it. `None` where the
/// configuration says that there is no bus.
///
/// ```
/// use events_bus::config::BusConfig;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let transport = events_bus::open(&BusConfig::memory())?.expect("there is a bus");
/// assert!(transport.topics()?.is_empty());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// When it cannot be opened.
pub fn open(config: &BusConfig) -> Result<Option<SharedTransport>, StartProblem> {
    let window = config.consumer.duplicate_window;
    Ok(match &config.transport {
        TransportConfig::None => None,
        TransportConfig::Memory => Some(memory(window)?),
        TransportConfig::Sqlite(sqlite) => Some(self::sqlite(sqlite, window)?),
        TransportConfig::Redis(redis) => Some(self::redis(redis, window)?),
    })
}

/// The store in front of the transport; none where events go to the transport at once.
pub(super) fn outbox(config: &OutboxConfig) -> Result<Option<Store>, StartProblem> {
    Ok(match &config.store {
        OutboxStore::Transport => None,
        OutboxStore::Memory => Some(Store::Memory),
        OutboxStore::Sqlite(store) => Some(Store::Kept(sqlite(store, Duration::ZERO)?)),
    })
}

#[cfg(feature = "memory")]
#[expect(
    clippy::unnecessary_wraps,
    reason = "without the feature it is refused"
)]
fn memory(duplicate_window: Duration) -> Result<SharedTransport, StartProblem> {
    use crate::transport::memory::MemoryTransport;

    let transport = MemoryTransport::new().with_duplicate_window(duplicate_window);
    Ok(std::sync::Arc::new(transport))
}

#[cfg(not(feature = "memory"))]
fn memory(_: Duration) -> Result<SharedTransport, StartProblem> {
    Err(without("memory"))
}

#[cfg(feature = "sqlite")]
fn sqlite(
    config: &crate::config::SqliteConfig,
    duplicate_window: Duration,
) -> Result<SharedTransport, StartProblem> {
    use crate::config::SqliteSync;
    use crate::transport::sqlite::{SqliteOptions, SqliteTransport, Sync};

    let options = SqliteOptions {
        sync: match config.sync {
            SqliteSync::Full => Sync::Full,
            SqliteSync::Normal => Sync::Normal,
        },
        duplicate_window,
        ..SqliteOptions::default()
    };
    let transport =
        SqliteTransport::open(&config.path, options).map_err(StartProblem::Transport)?;
    Ok(std::sync::Arc::new(transport))
}

#[cfg(not(feature = "sqlite"))]
fn sqlite(_: &crate::config::SqliteConfig, _: Duration) -> Result<SharedTransport, StartProblem> {
    Err(without("sqlite"))
}

#[cfg(feature = "redis")]
fn redis(
    config: &crate::config::RedisConfig,
    duplicate_window: Duration,
) -> Result<SharedTransport, StartProblem> {
    use crate::transport::redis::{RedisOptions, RedisTransport};

    let mut options = RedisOptions {
        connect_timeout: config.connect_timeout,
        response_timeout: config.response_timeout,
        duplicate_window,
        ..RedisOptions::default()
    };
    certificates(config, &mut options)?;
    let transport =
        RedisTransport::open(config.url.expose(), options).map_err(StartProblem::Transport)?;
    Ok(std::sync::Arc::new(transport))
}

#[cfg(feature = "redis-tls")]
fn certificates(
    config: &crate::config::RedisConfig,
    options: &mut crate::transport::redis::RedisOptions,
) -> Result<(), StartProblem> {
    use crate::transport::redis::ClientCertificate;

    let read = |key, path: &std::path::PathBuf| {
        std::fs::read(path).map_err(|error| StartProblem::File(key, path.clone(), error))
    };
    if let Some(path) = &config.root_certificates {
        options.root_certificates = Some(read("bus.redis.root_certificates", path)?);
    }
    if let (Some(certificate), Some(key)) = (&config.client_certificate, &config.client_key) {
        options.client_certificate = Some(ClientCertificate {
            certificate: read("bus.redis.client_certificate", certificate)?,
            key: read("bus.redis.client_key", key)?,
        });
    }
    Ok(())
}

#[cfg(all(feature = "redis", not(feature = "redis-tls")))]
fn certificates(
    config: &crate::config::RedisConfig,
    _: &mut crate::transport::redis::RedisOptions,
) -> Result<(), StartProblem> {
    if config.root_certificates.is_some() || config.client_certificate.is_some() {
        return Err(without("redis-tls"));
    }
    Ok(())
}

#[cfg(not(feature = "redis"))]
fn redis(_: &crate::config::RedisConfig, _: Duration) -> Result<SharedTransport, StartProblem> {
    Err(without("redis"))
}

/// A transport that is not built in.
#[cfg(not(all(feature = "memory", feature = "sqlite", feature = "redis-tls")))]
fn without(feature: &str) -> StartProblem {
    StartProblem::Build(format!(
        "the configuration asks for `{feature}`, and this program is built without it: enable the feature `{feature}` of \
         events-bus"
    ))
}
