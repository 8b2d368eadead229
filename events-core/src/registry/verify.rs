//! Does the binary hold what it should? Every problem at once, each with where it comes from and what to do.

use core::fmt;
use std::collections::BTreeMap;

use super::{expected_plugins, plugins, receivers, signals};
use crate::receiver::{ReceiverInfo, ReceiverSignals, SourceLocation};
use crate::signal::{AnySignal, SignalInfo};

/// Checks the registry, with the plugins that [`plugins!`](crate::plugins) expects.
///
/// Call it at boot, before anything is sent; the `events` command and testing scopes call it, too. It is called before a
/// bus is started, and so does not ask whether `durable` receivers have one.
///
/// # Errors
/// With every [`Problem`] there is.
///
/// ```standalone_crate
/// if let Err(problems) = events_core::registry::verify() {
///     eprintln!("{problems}");
///     std::process::exit(1);
/// }
/// ```
pub fn verify() -> Result<(), Problems> {
    verify_plugins([])
}

/// [`verify`], with more plugins that are expected: for instance all that a configuration names.
///
/// # Errors
/// With every [`Problem`] there is.
pub fn verify_plugins<'a>(expected: impl IntoIterator<Item = &'a str>) -> Result<(), Problems> {
    let mut problems = Vec::new();
    missing_plugins(&mut problems, expected);
    duplicate_event_types(&mut problems);
    duplicate_receivers(&mut problems);
    repeated_signals(&mut problems);
    absent_signals(&mut problems);
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Problems(problems))
    }
}

/// Something that is wrong with what the linker collected.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Problem {
    /// A plugin is expected and not there.
    MissingPlugin {
        /// The name of the crate.
        plugin: String,
        /// Where it is expected, unless that is in a configuration.
        expected_at: Option<SourceLocation>,
        /// How many receivers the crate has in the binary: with some, it is there and only does not state itself.
        receivers: usize,
        /// The plugins that are there.
        present: Vec<&'static str>,
    },
    /// Two events have one event type.
    DuplicateEventType {
        /// The event type.
        event_type: &'static str,
        /// The signals of the events.
        signals: Vec<SignalInfo>,
    },
    /// Two receivers have one id, or an id that is the alias of the other.
    DuplicateReceiver {
        /// The id.
        id: String,
        /// The receivers.
        receivers: Vec<ReceiverInfo>,
    },
    /// A receiver names one signal by two paths, and would run twice for each event.
    RepeatedSignal {
        /// The receiver.
        receiver: ReceiverInfo,
        /// The signal.
        signal: SignalInfo,
    },
    /// A receiver's signal is not in the catalog of this binary.
    AbsentSignal {
        /// The receiver.
        receiver: ReceiverInfo,
        /// Its signal.
        signal: SignalInfo,
    },
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingPlugin {
                plugin,
                expected_at,
                receivers,
                present,
            } => {
                write!(f, "plugin `{plugin}` is expected")?;
                if let Some(location) = expected_at {
                    write!(f, " at {location}")?;
                }
                if *receivers > 0 {
                    return write!(
                        f,
                        " and linked, with {receivers} receiver{}, but does not state itself: \
                         add `events_core::plugin!();` to the root of the crate `{plugin}`",
                        if *receivers == 1 { "" } else { "s" }
                    );
                }
                write!(
                    f,
                    " but not linked into this binary, so none of its receivers is there; linked are "
                )?;
                list(f, present.iter(), "no plugins")?;
                write!(
                    f,
                    ". The linker drops a crate that nothing names: add `events_core::plugins!({plugin});` to the binary \
                     and `{plugin}` to its dependencies; and see that the crate itself has `events_core::plugin!();` \
                     in its root"
                )
            }
            Self::DuplicateEventType {
                event_type,
                signals,
            } => {
                write!(
                    f,
                    "event type `{event_type}` is declared {} times: ",
                    signals.len()
                )?;
                list(
                    f,
                    signals
                        .iter()
                        .map(|signal| format!("{} ({})", signal.path(), signal.location)),
                    "",
                )?;
                write!(
                    f,
                    ". An event type means one event: give the other a type of its own, or raise the version at the end of \
                     its type"
                )
            }
            Self::DuplicateReceiver { id, receivers } => {
                write!(f, "receiver id `{id}` is used {} times: ", receivers.len())?;
                let described = receivers.iter().map(|receiver| {
                    format!(
                        "{}::{} ({})",
                        receiver.module, receiver.name, receiver.location
                    )
                });
                list(f, described, "")?;
                write!(
                    f,
                    ". Give one of them an id of its own: `#[receiver(…, id = \"…\")]`"
                )
            }
            Self::RepeatedSignal { receiver, signal } => write!(
                f,
                "receiver `{}` ({}) names the signal {} twice, so it runs twice for one event: name it once",
                receiver.id,
                receiver.location,
                signal.path(),
            ),
            Self::AbsentSignal { receiver, signal } => write!(
                f,
                "receiver `{}` ({}) is annotated with the signal {} ({}), which is not in the catalog of this binary: its \
                 crate was linked in a way that loses what the linker collects, as a `staticlib` in a C program does. See \
                 the list of supported targets in the book, or link the crate `{}` into a Rust binary",
                receiver.id,
                receiver.location,
                signal.path(),
                signal.location,
                signal.module.split("::").next().unwrap_or(signal.module),
            ),
        }
    }
}

fn list<T: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    items: impl Iterator<Item = T>,
    none: &str,
) -> fmt::Result {
    let mut any = false;
    for item in items {
        f.write_str(if any { ", " } else { "" })?;
        write!(f, "{item}")?;
        any = true;
    }
    if any { Ok(()) } else { f.write_str(none) }
}

/// Everything that is wrong with what the linker collected. Never empty.
///
/// `Debug` is the same text as `Display`, so that `fn main() -> Result<(), Problems>` shows it as it is meant.
#[derive(Clone)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// The problems.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        write!(
            f,
            "the event registry has {count} problem{}",
            if count == 1 { "" } else { "s" }
        )?;
        for problem in &self.0 {
            write!(f, "\n- {problem}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl core::error::Error for Problems {}

fn missing_plugins<'a>(problems: &mut Vec<Problem>, more: impl IntoIterator<Item = &'a str>) {
    let present: Vec<_> = plugins().into_iter().map(|plugin| plugin.name).collect();
    let stated = expected_plugins()
        .into_iter()
        .map(|plugin| (plugin.name, Some(plugin.location)));
    let mut seen = Vec::new();
    for (plugin, expected_at) in stated.chain(more.into_iter().map(|plugin| (plugin, None))) {
        if present.contains(&plugin) || seen.contains(&plugin) {
            continue;
        }
        seen.push(plugin);
        problems.push(Problem::MissingPlugin {
            plugin: plugin.to_owned(),
            expected_at,
            receivers: receivers()
                .filter(|receiver| receiver.plugin() == plugin)
                .count(),
            present: present.clone(),
        });
    }
}

fn duplicate_event_types(problems: &mut Vec<Problem>) {
    for same in signals().chunk_by(|a, b| a.event().event_type == b.event().event_type) {
        if let [first, _, ..] = same {
            problems.push(Problem::DuplicateEventType {
                event_type: first.event().event_type,
                signals: same.iter().map(|signal| *signal.info()).collect(),
            });
        }
    }
}

fn duplicate_receivers(problems: &mut Vec<Problem>) {
    let mut by_id: BTreeMap<&str, Vec<&'static ReceiverInfo>> = BTreeMap::new();
    for receiver in receivers() {
        by_id.entry(&receiver.id).or_default().push(receiver);
        // An alias that is the id itself says nothing, and clashes with nobody.
        for alias in receiver
            .aliases
            .iter()
            .filter(|alias| **alias != receiver.id)
        {
            by_id.entry(alias).or_default().push(receiver);
        }
    }
    for (id, same) in by_id {
        if same.len() > 1 {
            let receivers = same.into_iter().cloned().collect();
            problems.push(Problem::DuplicateReceiver {
                id: id.to_owned(),
                receivers,
            });
        }
    }
}

fn repeated_signals(problems: &mut Vec<Problem>) {
    for receiver in receivers() {
        let ReceiverSignals::Named([first, rest @ ..]) = receiver.signals else {
            continue;
        };
        let mut seen = vec![first.info()];
        for signal in rest {
            let info = signal.info();
            if seen.contains(&info) {
                problems.push(Problem::RepeatedSignal {
                    receiver: receiver.clone(),
                    signal: *info,
                });
            }
            seen.push(info);
        }
    }
}

fn absent_signals(problems: &mut Vec<Problem>) {
    let known =
        |signal: &dyn AnySignal| signals().iter().any(|other| other.info() == signal.info());
    for receiver in receivers() {
        let ReceiverSignals::Named(named) = receiver.signals else {
            continue;
        };
        for signal in named.iter().filter(|signal| !known(**signal)) {
            problems.push(Problem::AbsentSignal {
                receiver: receiver.clone(),
                signal: *signal.info(),
            });
        }
    }
}
