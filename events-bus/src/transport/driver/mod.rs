//! Drivers: the settings of each transport, its URLs, and the code that opens it.
//!
//! A [`Driver`] gives a transport its name in a configuration and on a command line. Its [`Settings`] own the keys of the table
//! `[bus.<name>]`: they read them, check them and open the transport. Nothing else in this crate knows the settings of a
//! transport. A crate with another transport writes both traits and calls [`register`] at the start of `main`, before a
//! configuration is read:
//!
//! ```
//! use std::sync::Arc;
//!
//! use events_bus::config::BusConfig;
//! use events_bus::transport::driver::{self, Check, ConfigErrorKind, Driver, OpenOptions, Settings, Table, Variables};
//! use events_bus::transport::memory::MemoryTransport;
//! use events_bus::transport::{SharedTransport, TransportError};
//! use events_core::config::Config;
//!
//! #[derive(Debug)]
//! struct Carrier;
//!
//! impl Driver for Carrier {
//!     fn name(&self) -> &'static str {
//!         "carrier"
//!     }
//!     fn urls(&self) -> &'static [&'static str] {
//!         &["carrier://HOST"]
//!     }
//!     fn settings(&self) -> Box<dyn Settings> {
//!         Box::new(CarrierConfig::default())
//!     }
//! }
//!
//! #[derive(Debug, Clone, PartialEq, Eq, Default)]
//! struct CarrierConfig {
//!     host: String,
//! }
//!
//! impl Settings for CarrierConfig {
//!     fn driver(&self) -> &'static dyn Driver {
//!         &Carrier
//!     }
//!     fn layer(&mut self, table: &mut Table<'_>, _: &Variables<'_>) {
//!         if let Some(host) = table.text("host", "loft.example.org") {
//!             self.host = host.value;
//!         }
//!     }
//!     fn set_url(&mut self, url: &str) -> Result<(), String> {
//!         let host = url.strip_prefix("carrier://").filter(|host| !host.is_empty());
//!         self.host = host.ok_or("has no host, expected `carrier://HOST`; add the host")?.to_owned();
//!         Ok(())
//!     }
//!     fn check(&self, check: &mut Check<'_>) {
//!         if self.host.is_empty() {
//!             check.missing(&["host"], "add it with the name of a host");
//!         }
//!     }
//!     fn open(&self, _: &OpenOptions) -> Result<SharedTransport, TransportError> {
//!         Ok(Arc::new(MemoryTransport::new())) // yours
//!     }
//! }
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     driver::register(&Carrier)?;
//!     let file = "[bus]\ntransport = \"carrier\"\ncarrier.hots = \"loft\"";
//!     let errors = BusConfig::from_config(&Config::from_toml(file, "site.toml")).unwrap_err();
//!     assert_eq!(
//!         errors.to_string(),
//!         "the configuration has 1 problem\n\
//!          - site.toml:3:9: unknown key `hots` in `bus.carrier`; did you mean `host`? the keys there are `host`; write one of \
//!            them, or remove it"
//!     );
//!     assert!(events_bus::open(&BusConfig::from_url("carrier://loft")?)?.is_some());
//!     Ok(())
//! }
//! ```

mod check;
#[path = "../memory/driver.rs"]
mod memory;
#[path = "../redis/driver.rs"]
mod redis;
mod registry;
mod secret;
#[path = "../sqlite/driver.rs"]
mod sqlite;

use std::any::Any;
use std::fmt::Debug;
use std::time::Duration;

pub use check::Check;
pub use events_core::config::ConfigErrorKind;
pub use events_core::config::kit::Table;
pub use memory::MemoryConfig;
pub use redis::RedisConfig;
pub use registry::{RegisterError, drivers, register, settings_of};
pub use secret::Secret;
pub use sqlite::{SqliteConfig, SqliteSync};

use super::{SharedTransport, TransportError};

/// A kind of transport that a configuration and a command line can name. See the [module](self).
pub trait Driver: Debug + Send + Sync {
    /// Returns the name: the word in `transport = "…"` and the key of the table `[bus.<name>]`. It consists of lowercase ASCII
    /// letters, digits, `-` and `_`.
    fn name(&self) -> &'static str;

    /// Returns the forms of the URLs that name the transport, for messages: `kafka://HOST:PORT`. The text before the first
    /// colon of each is its scheme. Defaults to none: only a configuration can then name the transport.
    fn urls(&self) -> &'static [&'static str] {
        &[]
    }

    /// Creates settings in which every key has its default.
    fn settings(&self) -> Box<dyn Settings>;
}

/// A function that looks up an environment variable.
pub type Variables<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// The settings of one transport.
///
/// A key that must be given is empty until a layer or a URL gives it; [`check`](Self::check) reports it. `Debug` must not show
/// passwords: keep them in a [`Secret`]. A type of settings also implements `Clone` and `Eq`.
pub trait Settings: DynSettings {
    /// Returns the driver of these settings.
    fn driver(&self) -> &'static dyn Driver;

    /// Reads the table `[bus.<name>]` of one layer of a configuration. A later layer overrides single keys, so a key that the
    /// table does not have keeps its value. The table reports unknown keys and values of a wrong type itself.
    fn layer(&mut self, table: &mut Table<'_>, variables: &Variables<'_>);

    /// Replaces the address of the transport, and the credentials for it, by those of a URL, which has one of the schemes of the
    /// [driver](Driver::urls). The other settings stay.
    ///
    /// # Errors
    /// Returns an error if the URL cannot be one of this transport. The text follows the name of the URL ("has no host, expected
    /// …; add the host") and repeats nothing that may be a password.
    fn set_url(&mut self, url: &str) -> Result<(), String>;

    /// Reports every problem of these settings.
    fn check(&self, check: &mut Check<'_>);

    /// Opens the transport. Blocks until it is usable or its timeout has passed.
    ///
    /// # Errors
    /// Returns an error if the transport cannot be opened, or if this build does not have it.
    fn open(&self, options: &OpenOptions) -> Result<SharedTransport, TransportError>;

    /// Returns `true` if the transport may be unreachable while the process runs, such as a server. A bus that publishes to it
    /// needs an outbox. Defaults to `false`.
    fn is_remote(&self) -> bool {
        false
    }

    /// Returns `true` if other processes see the same topics. Defaults to `true`.
    fn is_shared(&self) -> bool {
        true
    }

    /// Checks that the store exists, for tools that must not create one. Defaults to `Ok`: opening creates nothing.
    ///
    /// # Errors
    /// Returns an error that names the store if opening the transport would create it.
    fn check_exists(&self) -> Result<(), String> {
        Ok(())
    }
}

/// Options of every transport, which do not come from its settings.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenOptions {
    /// Time for which the receivers that handled an event are remembered. Zero remembers none. Defaults to 10 minutes.
    pub duplicate_window: Duration,
    /// Promise of the caller to read only. Opening then creates no store, and the transport may refuse changes. Defaults to
    /// `false`.
    pub read_only: bool,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self {
            duplicate_window: Duration::from_mins(10),
            read_only: false,
        }
    }
}

/// The part of [`Settings`] that `dyn Settings` needs from its type. Every `Settings` with `Clone` and `Eq` implements it.
pub trait DynSettings: Any + Debug + Send + Sync {
    /// Clones the settings.
    fn to_boxed(&self) -> Box<dyn Settings>;

    /// Returns `true` if the other settings have the same type and values.
    fn is_equal(&self, other: &dyn Settings) -> bool;
}

impl<T: Settings + Clone + Eq> DynSettings for T {
    fn to_boxed(&self) -> Box<dyn Settings> {
        Box::new(self.clone())
    }

    fn is_equal(&self, other: &dyn Settings) -> bool {
        let other: &dyn Any = other;
        other.downcast_ref() == Some(self)
    }
}

impl Clone for Box<dyn Settings> {
    fn clone(&self) -> Self {
        (**self).to_boxed()
    }
}

impl PartialEq for dyn Settings {
    fn eq(&self, other: &Self) -> bool {
        self.is_equal(other)
    }
}

impl Eq for dyn Settings {}

/// The error of a transport that needs a feature which this build lacks.
#[cfg(not(all(feature = "memory", feature = "sqlite", feature = "redis-tls")))]
fn not_built(transport: &'static str, feature: &str) -> TransportError {
    let message =
        format!("this program is built without it: enable the feature `{feature}` of events-bus");
    TransportError::new(super::TransportErrorKind::Refused, transport, message)
}
