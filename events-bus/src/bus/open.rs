//! Opens the transports of a configuration.

use std::time::Duration;

use super::StartProblem;
use crate::config::{BusConfig, MemoryConfig, OutboxConfig, OutboxStore};
use crate::producer::outbox::Store;
use crate::transport::SharedTransport;
use crate::transport::driver::{OpenOptions, Settings};

/// Opens the transport of a configuration, for tools that read a bus without being part of it. Returns `None` if the
/// configuration has no bus.
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
/// Returns an error if the transport cannot be opened, or if this build does not have it.
pub fn open(config: &BusConfig) -> Result<Option<SharedTransport>, StartProblem> {
    let window = config.consumer.duplicate_window;
    let settings = config.transport.settings();
    settings
        .map(|settings| opened(settings, window))
        .transpose()
}

/// Opens the transport in memory for the receivers of relayed events, if the configuration has no transport.
pub(super) fn local(config: &BusConfig) -> Result<SharedTransport, StartProblem> {
    opened(&MemoryConfig {}, config.consumer.duplicate_window)
}

/// Opens the store in front of the transport. Returns `None` if events go to the transport at once.
pub(super) fn outbox(config: &OutboxConfig) -> Result<Option<Store>, StartProblem> {
    Ok(match &config.store {
        OutboxStore::Transport => None,
        OutboxStore::Memory => Some(Store::Memory),
        OutboxStore::Sqlite(store) => Some(Store::Kept(opened(store, Duration::ZERO)?)),
    })
}

fn opened(settings: &dyn Settings, window: Duration) -> Result<SharedTransport, StartProblem> {
    let options = OpenOptions {
        duplicate_window: window,
        ..OpenOptions::default()
    };
    settings.open(&options).map_err(StartProblem::Transport)
}
