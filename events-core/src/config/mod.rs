//! Plugin configuration: which manual receivers a service connects, from TOML or JSON (feature `config`).
//!
//! It carries what Open edX plugins write as `signals_config` of their `plugin_app`, and the name of the service:
//!
//! ```toml
//! service = "lms"            # the metadata of its events then says `openedx/lms/web`
//! services = ["billing"]     # services beside `lms`, `cms` and this one that plugins may configure
//!
//! [plugins.greeter.signals_config."lms.djangoapp"]
//! relative_path = "receivers"    # the module of the plugin in which the functions stand; all of it without
//! receivers = [
//!   { receiver_func_name = "warn_of_login", signal_path = "openedx_events.learning.signals.SESSION_LOGIN_COMPLETED", dispatch_uid = "greeter.warn" },
//! ]
//! ```
//!
//! In JSON it is the same tree. The keys:
//!
//! - `service`: the running service. It names the process, see [`set_service_name`](crate::set_service_name), and
//!   selects the part of each plugin's `signals_config` that is connected.
//! - `plugins`: by the name of the crate, in which `-` and `_` are the same.
//! - `signals_config`: by service, as `lms` or `lms.djangoapp`. The services are a closed set (`lms`, `cms`, what
//!   `services` lists, and `service`), so that a slip is an error, and never a receiver that silently is not there.
//! - `receiver_func_name`: the function, or the id or an alias of the receiver. It has to be a receiver of that plugin
//!   that is annotated with `manual`: all others are connected anyway.
//! - `signal_path`: the signal, in any form that [`registry::resolve`](crate::registry::resolve) takes.
//! - `dispatch_uid`, optional: a name for the connection, which no other connection of the signal has.
//! - `bus`: the table of the crate `events-bus`, which reads it by way of [`kit`]. In a program without that crate nobody
//!   does.
//!
//! Reading a configuration never fails at once: what is wrong with it is kept, and [`Config::check`] and
//! [`Config::apply`] report every problem of every layer together, each with its file, line and column.
//!
//! ```standalone_crate
//! use events_core::config::Config;
//! use events_core::{event, receiver};
//!
//! #[event(type = "org.example.shop.order.placed.v1")]
//! pub struct OrderPlaced {
//!     pub number: i64,
//! }
//!
//! #[receiver(ORDER_PLACED, manual, id = "shop.pack")]
//! fn pack(number: i64) {
//!     println!("packing order {number}");
//! }
//!
//! events_core::plugin!();
//! # fn main() -> Result<(), events_core::config::ConfigErrors> {
//! # let plugin = module_path!().split("::").next().unwrap_or_default();
//! let text = format!(
//!     r#"
//!     [plugins.{plugin}.signals_config.lms]
//!     receivers = [{{ receiver_func_name = "pack", signal_path = "ORDER_PLACED" }}]
//!     "#
//! );
//! let config = Config::layers([Config::from_toml(&text, "shop.toml"), Config::for_service("lms")]);
//! let applied = config.apply()?;
//! assert_eq!(applied.receivers()[0].receiver().id, "shop.pack");
//! assert_eq!(ORDER_PLACED.send_event(OrderPlaced { number: 17 }).len(), 1);
//! # Ok(())
//! # }
//! ```
//!
//! # Layers
//!
//! [`Config::layers`] stacks configurations: a later `service` counts instead of an earlier one, `services` and the
//! receivers of plugins add up. A `relative_path` belongs to the table it stands in and says nothing about the other
//! layers. Of the tables of other crates a later layer overrides single keys. [`Config::values`] tells where each value comes
//! from.

mod apply;
mod check;
mod decode;
mod error;
mod explain;
mod json;
pub mod kit;
mod layer;
mod load;
mod origin;
mod resolve;
mod secrets;
mod toml;
mod tree;
mod words;

pub use apply::{Applied, AppliedReceiver};
pub use error::{ConfigError, ConfigErrorKind, ConfigErrors};
pub use explain::ConfigValue;
pub use origin::Origin;

use layer::Layer;

/// A configuration, of one file or of several layers. See the [module](self).
#[derive(Debug, Clone, Default)]
#[must_use = "a configuration does nothing, and does not say what is wrong with it, until it is checked or applied"]
pub struct Config {
    /// Earlier layers first.
    layers: Vec<Layer>,
}

impl Config {
    /// Stacks configurations: later ones override and add to earlier ones.
    ///
    /// ```no_run
    /// # use events_core::config::Config;
    /// # fn start() -> Result<(), events_core::config::ConfigErrors> {
    /// Config::layers([
    ///     Config::load("/etc/events/plugins.toml"),
    ///     Config::load("/etc/events/site.json"),
    ///     Config::for_service("lms"),
    /// ])
    /// .apply()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn layers(layers: impl IntoIterator<Item = Self>) -> Self {
        let layers = layers.into_iter().flat_map(|config| config.layers);
        Self {
            layers: layers.collect(),
        }
    }

    /// The running service, where a layer names it.
    pub fn service(&self) -> Option<&str> {
        self.running().map(|service| service.value.as_str())
    }

    /// The last word on `service`.
    fn running(&self) -> Option<&origin::Located<String>> {
        self.layers
            .iter()
            .rev()
            .find_map(|layer| layer.service.as_ref())
    }
}
