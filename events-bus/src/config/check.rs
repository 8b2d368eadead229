//! Checks of a configuration.

use core::ops::RangeInclusive;
use std::time::Duration;

use events_core::config::ConfigErrorKind as Kind;
use events_core::config::kit::{
    did_you_mean, duration_out_of_range, duration_text, list, number_out_of_range, quoted,
    quoted_path,
};
use events_core::{AnySignal, EventInfo, registry};

use super::problem::{BusConfigError, Path};
use super::{BusConfig, OutboxStore, Route, WhenFull, limits, routes};
use crate::transport::driver::{Check, Settings};
use crate::transport::names;

/// Maximum number of event types that are listed in a message.
const LISTED: usize = 8;

/// The choice that a remote transport needs. No value is without a cost, so there is no default.
const REMOTE_OUTBOX: &str = "choose where events wait while the server is unreachable: `memory` loses them with the process, \
                             `sqlite` keeps them in the file `bus.outbox.path` and costs a write each; with `transport`, which \
                             suits relays, a send waits for the server and fails; write one of them";

/// Everything that is wrong.
pub(super) fn problems(config: &BusConfig) -> Vec<BusConfigError> {
    let mut checker = Checker {
        config,
        problems: Vec::new(),
    };
    checker.transport();
    checker.sizes();
    checker.outbox();
    checker.topics();
    checker.routes();
    checker.consumer();
    checker.subscriptions();
    checker.retry();
    checker.trim();
    checker.dead_letters();
    checker.problems
}

struct Checker<'a> {
    config: &'a BusConfig,
    problems: Vec<BusConfigError>,
}

impl Checker<'_> {
    fn problem(&mut self, kind: Kind, path: Path, message: String) {
        self.problems.push(BusConfigError {
            kind,
            path,
            also: Vec::new(),
            required_by: None,
            message,
        });
    }

    /// A problem between two keys, which stands at the first of them that is given.
    fn conflict(&mut self, keys: [&[&str]; 2], message: String) {
        let [path, also] = keys.map(Path::of);
        self.problems.push(BusConfigError {
            kind: Kind::Conflict,
            path,
            also: vec![also],
            required_by: None,
            message,
        });
    }

    fn number(&mut self, keys: &[&str], number: impl TryInto<i64>, limits: &RangeInclusive<i64>) {
        let path = Path::of(keys);
        let number = number.try_into().unwrap_or(i64::MAX);
        if let Some(message) = number_out_of_range(&name(&path), number, limits) {
            self.problem(Kind::OutOfRange, path, message);
        }
    }

    fn duration(&mut self, keys: &[&str], duration: Duration, limits: &RangeInclusive<Duration>) {
        let path = Path::of(keys);
        if let Some(message) = duration_out_of_range(&name(&path), duration, limits) {
            self.problem(Kind::OutOfRange, path, message);
        }
    }

    fn transport(&mut self) {
        let transport = &self.config.transport;
        if let Some(settings) = transport.settings() {
            let name = transport.name();
            self.settings(settings, name, ("transport", name));
        }
    }

    /// Checks the settings of a transport that stand in a table. `chosen_by` is the key that chose it, and its value.
    fn settings(&mut self, settings: &dyn Settings, table: &str, chosen_by: (&str, &str)) {
        let mut check = Check::new(table, chosen_by);
        settings.check(&mut check);
        let problems = check.into_problems().into_iter().map(|problem| {
            let mut paths = problem.keys.iter().map(|key| Path::dotted(key));
            BusConfigError {
                kind: problem.kind,
                path: paths.next().unwrap_or_else(|| Path::of(&[table])),
                also: paths.collect(),
                required_by: problem.required_by.map(|key| Path::dotted(&key)),
                message: problem.message,
            }
        });
        self.problems.extend(problems);
    }

    fn sizes(&mut self) {
        self.number(
            &["max_event_bytes"],
            self.config.max_event_bytes as u64,
            &limits::MAX_EVENT_BYTES,
        );
    }

    fn outbox(&mut self) {
        let outbox = &self.config.outbox;
        if let OutboxStore::Sqlite(file) = &outbox.store {
            self.settings(file, "outbox", ("outbox.store", "sqlite"));
        }
        let transport = self.config.transport.settings();
        let is_remote = transport.is_some_and(Settings::is_remote);
        let publishes = || {
            let mut routes = self.config.routes.iter().flat_map(|(_, routes)| routes);
            routes.any(|route| route.enabled)
        };
        let is_open = outbox.store == OutboxStore::Transport && !outbox.is_chosen;
        if is_remote && is_open && publishes() {
            let path = Path::of(&["outbox", "store"]);
            let transport = quoted(self.config.transport.name());
            let message = format!(
                "transport {transport} needs {}: {REMOTE_OUTBOX}",
                name(&path)
            );
            self.problem(Kind::MissingKey, path, message);
        }
        self.number(
            &["outbox", "capacity"],
            outbox.capacity as u64,
            &limits::CAPACITY,
        );
        self.number(
            &["outbox", "max_batch"],
            outbox.max_batch as u64,
            &limits::MAX_BATCH,
        );
        self.duration(&["outbox", "lease"], outbox.lease, &limits::LEASE);
        if let WhenFull::Block(timeout) = outbox.when_full {
            self.duration(
                &["outbox", "block_timeout"],
                timeout,
                &limits::BLOCK_TIMEOUT,
            );
        }
    }

    fn topics(&mut self) {
        if let Some(prefix) = self.config.topic_prefix()
            && names::check("topic", prefix).is_err()
        {
            let path = Path::of(&["topic_prefix"]);
            let message = format!(
                "{} is {}, expected up to 200 bytes without white space, control characters, braces, and `events:` at the \
                 beginning; write a prefix such as `stage`",
                name(&path),
                quoted(prefix)
            );
            self.problem(Kind::InvalidValue, path, message);
        }
    }

    /// A topic whose name is given without the prefix.
    fn topic(&mut self, path: Path, topic: &str) {
        let prefix = self.config.topic_prefix();
        let prefix = prefix.filter(|prefix| names::check("topic", prefix).is_ok());
        let checked = names::check("topic", topic)
            .and_then(|()| names::check("topic", &routes::full_topic(prefix, topic)));
        if let Err(error) = checked {
            let message = format!("{}: {error}", name(&path));
            self.problem(Kind::InvalidValue, path, message);
        }
    }

    fn routes(&mut self) {
        for (event_type, routes) in self.config.routes.iter() {
            let path = Path::of(&["producer", event_type]);
            let event = registry::find(event_type).map(<dyn AnySignal>::event);
            if event.is_none() {
                let message = unknown_event(event_type);
                self.problem(Kind::UnknownEvent, path.clone(), message);
            }
            if routes.is_empty() {
                let message = format!(
                    "{} has no topic, so nothing would be published; write a table with the name of a topic in it, or remove it",
                    name(&path)
                );
                self.problem(Kind::MissingKey, path.clone(), message);
            }
            for route in routes {
                self.route(path.clone().key(route.base_topic()), event, route);
            }
        }
    }

    fn route(&mut self, path: Path, event: Option<&EventInfo>, route: &Route) {
        self.topic(path.clone(), route.base_topic());
        let path = path.key("event_key_field");
        if let (Some(event), Some(key)) = (event, &route.key)
            && let Some(problem) = key.problem(event)
        {
            let message = format!(
                "{} is {}, which is no key: {problem}, or remove it for the event's own key",
                name(&path),
                quoted(key.as_str())
            );
            self.problem(Kind::UnknownField, path, message);
        }
    }

    fn consumer(&mut self) {
        let consumer = &self.config.consumer;
        let numbers = [
            ("workers", consumer.workers, limits::WORKERS),
            (
                "max_in_flight",
                consumer.max_in_flight,
                limits::MAX_IN_FLIGHT,
            ),
            (
                "max_in_flight_bytes",
                consumer.max_in_flight_bytes,
                limits::MAX_IN_FLIGHT_BYTES,
            ),
            ("max_parked", consumer.max_parked, limits::MAX_PARKED),
            ("batch", consumer.batch, limits::BATCH),
        ];
        for (key, number, limits) in numbers {
            self.number(&["consumer", key], number as u64, &limits);
        }
        self.number(
            &["consumer", "max_deliveries"],
            consumer.max_deliveries,
            &limits::MAX_DELIVERIES,
        );
        let durations = [
            ("lease", consumer.lease, limits::LEASE),
            (
                "receiver_timeout",
                consumer.receiver_timeout,
                limits::RECEIVER_TIMEOUT,
            ),
            (
                "duplicate_window",
                consumer.duplicate_window,
                limits::DUPLICATE_WINDOW,
            ),
        ];
        for (key, duration, limits) in durations {
            self.duration(&["consumer", key], duration, &limits);
        }
    }

    fn subscriptions(&mut self) {
        let mut earlier: Vec<(&str, &str)> = Vec::new();
        for (index, subscription) in self.config.subscriptions.iter().enumerate() {
            let path = Path::of(&["consumer", "subscriptions"]).item(index);
            let group = &subscription.group;
            if let Err(error) = names::check("group", group) {
                let path = path.clone().key("group");
                let message = format!("{}: {error}", name(&path));
                self.problem(Kind::InvalidValue, path, message);
            }
            let path = path.key("topics");
            if subscription.topics.is_empty() {
                let message = format!(
                    "{} has no topic, so nothing would be consumed; write one, or remove the subscription",
                    name(&path)
                );
                self.problem(Kind::InvalidValue, path.clone(), message);
            }
            for (index, topic) in subscription.topics.iter().enumerate() {
                let path = path.clone().item(index);
                self.topic(path.clone(), topic);
                if earlier.contains(&(group, topic)) {
                    let message = format!(
                        "{}: group {} consumes topic {} twice; remove one of the two",
                        name(&path),
                        quoted(group),
                        quoted(topic)
                    );
                    self.problem(Kind::Conflict, path, message);
                }
                earlier.push((group, topic));
            }
        }
    }

    fn retry(&mut self) {
        let retry = &self.config.retry;
        self.number(
            &["retry", "max_attempts"],
            retry.max_attempts,
            &limits::MAX_ATTEMPTS,
        );
        self.number(
            &["retry", "multiplier_percent"],
            retry.multiplier_percent,
            &limits::MULTIPLIER_PERCENT,
        );
        self.number(
            &["retry", "jitter_percent"],
            retry.jitter_percent,
            &limits::JITTER_PERCENT,
        );
        self.duration(
            &["retry", "first_delay"],
            retry.first_delay,
            &limits::FIRST_DELAY,
        );
        self.duration(&["retry", "max_delay"], retry.max_delay, &limits::MAX_DELAY);
        if retry.first_delay > retry.max_delay {
            let message = format!(
                "`bus.retry.first_delay` is `{}`, longer than `bus.retry.max_delay`, `{}`; shorten the one or lengthen the other",
                duration_text(retry.first_delay),
                duration_text(retry.max_delay)
            );
            self.conflict(
                [&["retry", "first_delay"], &["retry", "max_delay"]],
                message,
            );
        }
    }

    fn dead_letters(&mut self) {
        let policy = &self.config.dead_letters;
        self.number(
            &["dead_letters", "max_entries"],
            policy.max_entries,
            &limits::DEAD_LETTERS,
        );
        self.duration(
            &["dead_letters", "max_age"],
            policy.max_age,
            &limits::DEAD_LETTER_AGE,
        );
    }

    fn trim(&mut self) {
        let trim = &self.config.trim;
        self.number(
            &["trim", "keep_entries"],
            trim.keep_entries,
            &limits::KEEP_ENTRIES,
        );
        self.duration(&["trim", "keep_for"], trim.keep_for, &limits::KEEP_FOR);
        let Some(beyond) = trim.lose_unread_beyond else {
            return;
        };
        let keys: &[&str] = &["trim", "lose_unread_beyond"];
        self.number(keys, beyond, &limits::LOSE_UNREAD_BEYOND);
        if beyond < trim.keep_entries {
            let message = format!(
                "`bus.trim.lose_unread_beyond` is `{beyond}`, fewer than the `{}` entries that stay by `bus.trim.keep_entries`; \
                 raise the one or lower the other",
                trim.keep_entries
            );
            self.conflict([keys, &["trim", "keep_entries"]], message);
        }
    }
}

/// Returns the name of a key in messages.
fn name(path: &Path) -> String {
    quoted_path(&path.to_string())
}

fn unknown_event(event_type: &str) -> String {
    let types = || {
        registry::signals()
            .iter()
            .map(|signal| signal.event().event_type)
    };
    // Another way to name a signal may have been tried.
    let hint = match registry::resolve(event_type).as_slice() {
        [signal] => format!("; its event type is {};", quoted(signal.event().event_type)),
        _ => did_you_mean(event_type, types()),
    };
    let count = types().count();
    let known = if count <= LISTED {
        format!("they are {}; ", list(types(), "none"))
    } else {
        String::new()
    };
    format!(
        "{} in `bus.producer` is no event type among the {count} of this binary{hint} {known}correct it, or link the catalog \
         crate that declares the event",
        quoted(event_type)
    )
}
