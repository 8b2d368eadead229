//! The driver of the memory transport. It exists without the feature `memory`, to name the feature in errors.

use super::{Check, Driver, OpenOptions, Settings, Table, Variables};
use crate::transport::{SharedTransport, TransportError};

/// `transport = "memory"`
#[derive(Debug)]
pub(super) struct Memory;

impl Driver for Memory {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn settings(&self) -> Box<dyn Settings> {
        Box::new(MemoryConfig {})
    }
}

/// A transport in the memory of this process, for tests. It has no settings.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct MemoryConfig {}

impl Settings for MemoryConfig {
    fn driver(&self) -> &'static dyn Driver {
        &Memory
    }

    fn layer(&mut self, _: &mut Table<'_>, _: &Variables<'_>) {}

    fn set_url(&mut self, _: &str) -> Result<(), String> {
        Err("names a transport in the memory of this process, which has no URL; name another transport".to_owned())
    }

    fn check(&self, _: &mut Check<'_>) {}

    #[cfg(feature = "memory")]
    fn open(&self, options: &OpenOptions) -> Result<SharedTransport, TransportError> {
        let transport = crate::transport::memory::MemoryTransport::new();
        let transport = transport.with_duplicate_window(options.duplicate_window);
        Ok(std::sync::Arc::new(transport))
    }

    #[cfg(not(feature = "memory"))]
    fn open(&self, _: &OpenOptions) -> Result<SharedTransport, TransportError> {
        Err(super::not_built("memory", "memory"))
    }

    fn is_shared(&self) -> bool {
        false
    }
}
