//! The transport of a configuration.

use std::any::Any;

use crate::transport::driver::{Driver, Settings, drivers};

/// The transport that keeps the events between services, with its [settings](Settings); or none.
///
/// ```
/// use events_bus::config::{BusConfig, SqliteConfig, SqliteSync, TransportConfig};
///
/// let mut config = BusConfig::sqlite("events.db");
/// if let Some(sqlite) = config.transport.get_mut::<SqliteConfig>() {
///     sqlite.sync = SqliteSync::Normal;
/// }
/// assert_eq!(config.transport.name(), "sqlite");
/// config.transport = SqliteConfig::new("other.db").into();
/// config.transport = TransportConfig::none();
/// assert_eq!(config, BusConfig::none());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TransportConfig(Option<Box<dyn Settings>>);

impl TransportConfig {
    /// Creates a configuration without a transport: there is no bus.
    pub fn none() -> Self {
        Self(None)
    }

    /// Returns the name of the transport, as a configuration has it: `sqlite`. Returns `none` if there is none.
    pub fn name(&self) -> &'static str {
        self.settings()
            .map_or(NONE, |settings| settings.driver().name())
    }

    /// Returns the settings, or `None` if there is no transport.
    pub fn settings(&self) -> Option<&dyn Settings> {
        self.0.as_deref()
    }

    /// Replaces the address of the transport, see [`Settings::set_url`].
    pub(super) fn set_url(&mut self, url: &str) -> Result<(), String> {
        self.0
            .as_deref_mut()
            .map_or(Ok(()), |settings| settings.set_url(url))
    }

    /// Returns the settings if they have this type.
    pub fn get<S: Settings>(&self) -> Option<&S> {
        let settings: &dyn Any = self.0.as_deref()?;
        settings.downcast_ref()
    }

    /// Returns the settings for a change, if they have this type.
    pub fn get_mut<S: Settings>(&mut self) -> Option<&mut S> {
        let settings: &mut dyn Any = self.0.as_deref_mut()?;
        settings.downcast_mut()
    }
}

impl<S: Settings> From<S> for TransportConfig {
    fn from(settings: S) -> Self {
        Self(Some(Box::new(settings)))
    }
}

impl From<Box<dyn Settings>> for TransportConfig {
    fn from(settings: Box<dyn Settings>) -> Self {
        Self(Some(settings))
    }
}

/// The word of a configuration without a transport.
pub(super) const NONE: &str = "none";

/// Returns every word that `transport` can have.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let names = drivers().into_iter().map(Driver::name);
    names.chain([NONE])
}
