//! A configuration of a bus from files.

mod whole;

use core::ops::RangeInclusive;
use std::time::Duration;

use events_core::config::kit::{Located, Table};
use events_core::config::{Config, ConfigErrorKind as Kind, ConfigErrors, Origin};

use super::transport::NONE;
use super::{
    BusConfig, KeyPath, Order, Route, SqliteConfig, StartAt, Subscription, UnknownTypes, limits,
};
use crate::transport::driver::{Driver, Settings, Variables, drivers};

/// The setting that gives `path` and `sync` of the outbox their meaning.
const STORE: &str = "store = \"sqlite\"";

impl BusConfig {
    /// Reads the table `bus` of a configuration. Of several layers, a later one overrides single keys.
    ///
    /// An environment variable that `bus.redis.url_env` names is read.
    ///
    /// ```standalone_crate
    /// use events_bus::config::BusConfig;
    /// use events_core::config::Config;
    ///
    /// # fn main() -> Result<(), events_core::config::ConfigErrors> {
    /// let config = Config::from_toml(
    ///     r#"
    ///     [bus]
    ///     transport = "sqlite"
    ///     topic_prefix = "stage"
    ///
    ///     [bus.sqlite]
    ///     path = "events.db"
    ///
    ///     [[bus.consumer.subscriptions]]
    ///     group = "lms"
    ///     topics = ["user-events"]
    ///     "#,
    ///     "site.toml",
    /// );
    /// let bus = BusConfig::from_config(&config)?;
    /// assert_eq!(bus.full_topic("user-events"), "stage-user-events");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// With everything that is wrong, in the form of any layer and with what [`check`](Self::check) finds; and when no layer has
    /// the table. To have no bus is a choice, `transport = "none"`, and not what becomes of a table that nobody wrote.
    pub fn from_config(config: &Config) -> Result<Self, ConfigErrors> {
        Self::from_config_in(config, |name| std::env::var(name).ok())
    }

    /// The same, with environment variables from elsewhere.
    ///
    /// # Errors
    /// As [`from_config`](Self::from_config).
    pub fn from_config_in(
        config: &Config,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigErrors> {
        Self::from_layers(config, None, &variable)
    }

    /// Reads the table `bus` and replaces its transport by that of a [URL](Self::from_url), such as one of a command line. The
    /// settings of that transport stay, except for its address and credentials. The table may leave out `transport`, or be
    /// missing.
    ///
    /// # Errors
    /// Returns every problem, as [`from_config`](Self::from_config), and an error if the URL names no transport.
    pub fn from_config_and_url(config: &Config, url: &str) -> Result<Self, ConfigErrors> {
        Self::from_layers(config, Some(url), &|name| std::env::var(name).ok())
    }

    fn from_layers(
        config: &Config,
        url: Option<&str>,
        variables: &Variables<'_>,
    ) -> Result<Self, ConfigErrors> {
        let section = config.section("bus");
        let mut read = Read::default();
        section.read(|table| read.layer(table, variables));
        let bus = read.finish(&section, url);
        section.finish()?;
        Ok(bus)
    }
}

/// Content of the layers so far. Values that depend on other keys are beside the configuration.
struct Read {
    config: BusConfig,
    prefix: Option<String>,
    /// The last choice of a transport; `None` in it for `none`.
    transport: Option<Located<Option<&'static dyn Driver>>>,
    /// Settings of every transport, in the order of the drivers.
    settings: Vec<Box<dyn Settings>>,
    store: Option<Located<Store>>,
    outbox: SqliteConfig,
    /// Place of the path of the outbox in a layer that does not name the store again.
    path_after_store: Option<Origin>,
    refuses: bool,
    block_timeout: Option<Duration>,
}

impl Default for Read {
    fn default() -> Self {
        let drivers = drivers().into_iter();
        Self {
            config: BusConfig::default(),
            prefix: None,
            transport: None,
            settings: drivers.map(Driver::settings).collect(),
            store: None,
            outbox: SqliteConfig::new(""),
            path_after_store: None,
            refuses: false,
            block_timeout: None,
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Store {
    Transport,
    Memory,
    Sqlite,
}

/// A later layer overrides.
fn set<T>(slot: &mut T, new: Option<Located<impl Into<T>>>) {
    if let Some(new) = new {
        *slot = new.value.into();
    }
}

fn set_located<T>(slot: &mut Option<Located<T>>, new: Option<Located<T>>) {
    if new.is_some() {
        *slot = new;
    }
}

/// A number whose limits are within those of its type.
fn set_number<T: TryFrom<i64>>(
    slot: &mut T,
    table: &mut Table<'_>,
    key: &'static str,
    limits: &RangeInclusive<i64>,
) {
    let number = table.integer(key, limits.clone());
    if let Some(number) = number.and_then(|number| T::try_from(number.value).ok()) {
        *slot = number;
    }
}

impl Read {
    fn layer(&mut self, table: &mut Table<'_>, variables: &Variables<'_>) {
        let named = self.settings.iter().map(|settings| {
            let driver = settings.driver();
            (driver.name(), Some(driver))
        });
        let named: Vec<_> = named.chain([(NONE, None)]).collect();
        set_located(&mut self.transport, table.one_of("transport", &named));
        set(&mut self.prefix, table.text("topic_prefix", "stage"));
        set_number(
            &mut self.config.max_event_bytes,
            table,
            "max_event_bytes",
            &limits::MAX_EVENT_BYTES,
        );
        for settings in &mut self.settings {
            let name = settings.driver().name();
            table.table(name, |table| settings.layer(table, variables));
        }
        table.table("outbox", |table| self.outbox(table, variables));
        table.table("producer", |table| self.producer(table));
        table.table("consumer", |table| self.consumer(table));
        table.table("retry", |table| self.retry(table));
        table.table("trim", |table| self.trim(table));
        table.table("dead_letters", |table| self.dead_letters(table));
    }

    fn outbox(&mut self, table: &mut Table<'_>, variables: &Variables<'_>) {
        let stores = [
            ("memory", Store::Memory),
            ("sqlite", Store::Sqlite),
            ("transport", Store::Transport),
        ];
        let store = table.one_of("store", &stores);
        self.outbox.layer(table, variables);
        if let Some(store) = &store {
            self.path_after_store = None;
            if store.value != Store::Sqlite {
                refuse_without_effect(table, "path", STORE);
                refuse_without_effect(table, "sync", STORE);
            }
        } else if table.has("path") {
            self.path_after_store = table.origin_of("path");
        }
        set_located(&mut self.store, store);
        let outbox = &mut self.config.outbox;
        set_number(&mut outbox.capacity, table, "capacity", &limits::CAPACITY);
        set_number(
            &mut outbox.max_batch,
            table,
            "max_batch",
            &limits::MAX_BATCH,
        );
        set(&mut outbox.lease, table.duration("lease", limits::LEASE));
        let refuses = table.one_of("when_full", &[("block", false), ("refuse", true)]);
        let timeout = table.duration("block_timeout", limits::BLOCK_TIMEOUT);
        if refuses.as_ref().is_some_and(|refuses| refuses.value) {
            refuse_without_effect(table, "block_timeout", "when_full = \"block\"");
        }
        set(&mut self.refuses, refuses);
        set(&mut self.block_timeout, timeout);
    }

    fn producer(&mut self, table: &mut Table<'_>) {
        let routes = &mut self.config.routes;
        table.each(
            |_, _| true,
            |event_type, table| {
                let routes = routes.entry(&event_type.value);
                table.each(
                    |_, _| true,
                    |topic, table| {
                        let route = Route::among(routes, &topic.value, None);
                        let key = table.text("event_key_field", "user.pii.username");
                        let key = key.map(|key| KeyPath::new(key.value));
                        route.key = key.or(route.key.take());
                        set(&mut route.enabled, table.boolean("enabled"));
                    },
                );
            },
        );
    }

    fn consumer(&mut self, table: &mut Table<'_>) {
        let consumer = &mut self.config.consumer;
        set_number(&mut consumer.workers, table, "workers", &limits::WORKERS);
        let in_flight = &mut consumer.max_in_flight;
        set_number(in_flight, table, "max_in_flight", &limits::MAX_IN_FLIGHT);
        let bytes = &mut consumer.max_in_flight_bytes;
        set_number(
            bytes,
            table,
            "max_in_flight_bytes",
            &limits::MAX_IN_FLIGHT_BYTES,
        );
        let parked = &mut consumer.max_parked;
        set_number(parked, table, "max_parked", &limits::MAX_PARKED);
        let deliveries = &mut consumer.max_deliveries;
        set_number(deliveries, table, "max_deliveries", &limits::MAX_DELIVERIES);
        set_number(&mut consumer.batch, table, "batch", &limits::BATCH);
        set(&mut consumer.lease, table.duration("lease", limits::LEASE));
        let timeout = table.duration("receiver_timeout", limits::RECEIVER_TIMEOUT);
        set(&mut consumer.receiver_timeout, timeout);
        let starts = [("beginning", StartAt::Beginning), ("now", StartAt::Now)];
        set(&mut consumer.start, table.one_of("start", &starts));
        let orders = [("key", Order::Key), ("none", Order::None)];
        set(&mut consumer.order, table.one_of("order", &orders));
        let window = table.duration("duplicate_window", limits::DUPLICATE_WINDOW);
        set(&mut consumer.duplicate_window, window);
        let subscriptions = table.tables("subscriptions", "of subscriptions", |table| {
            table.require(&["group", "topics"]);
            let group = table.text("group", "lms");
            let topics = table.texts(
                "topics",
                "of names, such as `[\"user-events\"]`",
                "user-events",
            );
            let topics = topics.map(|topics| topics.value).unwrap_or_default();
            // What is wrong stays at its place, as a name that is none.
            let text =
                |text: Option<Located<String>>| text.map(|text| text.value).unwrap_or_default();
            let mut subscription = Subscription::new(text(group), topics.into_iter().map(text));
            let unknown = [
                ("dead_letter", UnknownTypes::DeadLetter),
                ("skip", UnknownTypes::Skip),
            ];
            let unknown = table.one_of("unknown_types", &unknown);
            set(&mut subscription.unknown_types, unknown);
            subscription
        });
        if let Some(subscriptions) = subscriptions {
            let none = || Subscription::new("", [""; 0]);
            let subscriptions = subscriptions.value.into_iter();
            self.config.subscriptions = subscriptions
                .map(|read| read.unwrap_or_else(none))
                .collect();
        }
    }

    fn retry(&mut self, table: &mut Table<'_>) {
        let retry = &mut self.config.retry;
        set_number(
            &mut retry.max_attempts,
            table,
            "max_attempts",
            &limits::MAX_ATTEMPTS,
        );
        let first = table.duration("first_delay", limits::FIRST_DELAY);
        set(&mut retry.first_delay, first);
        set(
            &mut retry.max_delay,
            table.duration("max_delay", limits::MAX_DELAY),
        );
        let multiplier = &mut retry.multiplier_percent;
        set_number(
            multiplier,
            table,
            "multiplier_percent",
            &limits::MULTIPLIER_PERCENT,
        );
        let jitter = &mut retry.jitter_percent;
        set_number(jitter, table, "jitter_percent", &limits::JITTER_PERCENT);
    }

    fn trim(&mut self, table: &mut Table<'_>) {
        let trim = &mut self.config.trim;
        set_number(
            &mut trim.keep_entries,
            table,
            "keep_entries",
            &limits::KEEP_ENTRIES,
        );
        set(
            &mut trim.keep_for,
            table.duration("keep_for", limits::KEEP_FOR),
        );
        let beyond = table.integer("lose_unread_beyond", limits::LOSE_UNREAD_BEYOND);
        let beyond = beyond.and_then(|number| u64::try_from(number.value).ok());
        trim.lose_unread_beyond = beyond.or(trim.lose_unread_beyond);
    }

    fn dead_letters(&mut self, table: &mut Table<'_>) {
        let policy = &mut self.config.dead_letters;
        set_number(
            &mut policy.max_entries,
            table,
            "max_entries",
            &limits::DEAD_LETTERS,
        );
        let age = table.duration("max_age", limits::DEAD_LETTER_AGE);
        set(&mut policy.max_age, age);
    }
}

/// Refuses a key of the outbox that stands in the same table as one that takes its effect away.
fn refuse_without_effect(table: &Table<'_>, key: &str, wants: &str) {
    if let Some(origin) = table.origin_of(key) {
        table.problem(Kind::Conflict, origin, without_effect(key, wants));
    }
}

fn without_effect(key: &str, wants: &str) -> String {
    format!("`bus.outbox.{key}` has an effect with `{wants}` only; write that, or remove the key")
}
