//! Which bus a command line means.

use events_bus::config::{BusConfig, OutboxStore, TransportConfig};
use events_bus::transport::{SharedTransport, TransportError};

use super::args::BusArgs;
use crate::commands::Failure;
use crate::configuration::Applied;

/// The configuration of the bus: what `--bus` says, over what the configuration files say.
pub(super) fn configuration(args: &BusArgs, applied: &Applied) -> Result<BusConfig, Failure> {
    let named = args.bus.as_deref().map(of_name).transpose()?;
    let mut config = match (applied.bus(), named) {
        (None, None) => {
            return Err(Failure::Usage(
                "no bus is named: give `--bus sqlite:events.db` or `--bus redis://127.0.0.1:6379` (or EVENTS_BUS), or a \
                 configuration with a `[bus]` table: `--config events.toml`"
                    .to_owned(),
            ));
        }
        // A bus on the command line takes the place of the one in the files, and nothing else does.
        (Some(Ok(config)), Some(named)) => {
            let mut config = config;
            config.transport = named.transport;
            let direct = matches!(config.outbox.store, OutboxStore::Transport);
            if direct && matches!(config.transport, TransportConfig::Redis(_)) {
                // What receivers send while the command runs waits in memory, and is published before it ends.
                config.outbox.store = OutboxStore::Memory;
            }
            config
        }
        (Some(Ok(config)), None) => config,
        (None | Some(Err(_)), Some(named)) => named,
        (Some(Err(errors)), None) => return Err(errors.into()),
    };
    if let Some(prefix) = &args.topic_prefix {
        config = config.with_topic_prefix(prefix);
    }
    config
        .check()
        .map_err(|errors| Failure::Usage(errors.to_string()))?;
    Ok(config)
}

fn of_name(name: &str) -> Result<BusConfig, Failure> {
    if let Some(path) = name.strip_prefix("sqlite:").filter(|path| !path.is_empty()) {
        return Ok(BusConfig::sqlite(path));
    }
    let redis = ["redis://", "rediss://", "redis+unix://", "unix://"];
    if redis.iter().any(|scheme| name.starts_with(scheme)) {
        return Ok(BusConfig::redis(name));
    }
    let scheme = name.split(':').next().unwrap_or_default();
    Err(Failure::Usage(format!(
        "`--bus` begins with `{}`, expected `sqlite:PATH`, `redis://HOST:PORT` or `rediss://HOST:PORT`",
        scheme.escape_debug()
    )))
}

/// Opens the transport.
pub(super) fn transport(config: &BusConfig) -> Result<SharedTransport, Failure> {
    if let TransportConfig::Sqlite(sqlite) = &config.transport
        && !sqlite.path.exists()
    {
        // Whoever looks does not want to make one.
        return Err(Failure::Bus(format!(
            "there is no store `{}`; correct the path, or publish something to it first",
            sqlite.path.display()
        )));
    }
    events_bus::open(config)
        .map_err(|problem| Failure::Bus(problem.to_string()))?
        .ok_or_else(|| {
            Failure::Usage(
                "the configuration says that there is no bus: `transport = \"none\"`".to_owned(),
            )
        })
}

impl From<TransportError> for Failure {
    fn from(error: TransportError) -> Self {
        Self::Bus(error.to_string())
    }
}
