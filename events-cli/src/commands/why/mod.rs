//! `events why`.

mod page;

use events_core::ReceiverInfo;
use serde::Serialize;

use super::order::Rule;
use crate::args::WhyArgs;
use crate::configuration::Applied;
use crate::facts::{ReceiverFacts, SignalFacts, absent_signals};
use crate::names::{self, Unknown};
use crate::world::{SignalView, World, is_same};

/// The signals and the receivers that a name means, each explained.
#[derive(Debug, Serialize)]
pub(crate) struct Why {
    signals: Vec<WhySignal>,
    receivers: Vec<WhyReceiver>,
}

#[derive(Debug, Serialize)]
struct WhySignal {
    signal: SignalFacts,
    /// What a send reaches, in its order.
    wired: Vec<Wired>,
    /// What it does not reach, or may not reach, and why.
    not_wired: Vec<NotWired>,
}

/// A receiver that runs.
#[derive(Debug, Serialize)]
struct Wired {
    position: usize,
    rule: Rule,
    because: String,
    /// Where a configuration asks for the receiver.
    connected_by: Option<String>,
    receiver: ReceiverFacts,
}

/// Something that is not wired.
#[derive(Debug, Serialize)]
struct NotWired {
    reason: Reason,
    /// The name of the signal; that of a plugin's receivers is not known.
    signal: Option<String>,
    /// The id of the receiver, where it is not all of them.
    receiver: Option<String>,
    /// The name of the plugin, where that is what is missing.
    plugin: Option<&'static str>,
    because: String,
    /// What to do about it.
    remedy: String,
    /// A piece of configuration that does it.
    snippet: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Reason {
    /// The signal is disabled: nobody runs.
    Disabled,
    /// No receiver of this signal is linked.
    NoReceivers,
    /// The receiver is annotated with `manual`, and nothing connects it.
    Manual,
    /// A plugin is expected, and did not state itself.
    PluginMissing,
    /// The receiver's signal is not in the catalog of this binary.
    SignalAbsent,
}

#[derive(Debug, Serialize)]
struct WhyReceiver {
    receiver: ReceiverFacts,
    wired: Vec<WiredTo>,
    not_wired: Vec<NotWired>,
}

/// A signal that a receiver runs for.
#[derive(Debug, Serialize)]
struct WiredTo {
    signal: &'static str,
    event_type: &'static str,
    position: usize,
    of: usize,
    rule: Rule,
    because: String,
    /// Where a configuration asks for it.
    connected_by: Option<String>,
}

/// Explains a signal, or a receiver.
pub(crate) fn why(world: &World, applied: &Applied, args: &WhyArgs) -> Result<Why, Unknown> {
    let signals = names::signals(world, &args.name);
    // A name is that of a signal first; a receiver of the same name is found by its path.
    let receivers = if signals.is_empty() {
        names::receivers(world, &args.name)
    } else {
        Vec::new()
    };
    if signals.is_empty() && receivers.is_empty() {
        return Err(Unknown::signal_or_receiver(world, &args.name));
    }
    Ok(Why {
        signals: signals
            .into_iter()
            .map(|signal| why_signal(world, applied, signal))
            .collect(),
        receivers: receivers
            .into_iter()
            .map(|receiver| why_receiver(world, applied, receiver))
            .collect(),
    })
}

fn why_signal(world: &World, applied: &Applied, signal: &SignalView) -> WhySignal {
    let connected = &signal.connected;
    let wired = connected.iter().enumerate().map(|(index, receiver)| {
        let rule = Rule::at(connected, index);
        Wired {
            position: index + 1,
            rule,
            because: rule.explain(connected, index),
            connected_by: applied.connects(&signal.info, receiver),
            receiver: ReceiverFacts::new(world, receiver),
        }
    });
    let mut not_wired = Vec::new();
    not_wired.extend((!signal.enabled).then(|| disabled(signal)));
    not_wired.extend(connected.is_empty().then(|| no_receivers(signal)));
    not_wired.extend(
        signal
            .idle
            .iter()
            .map(|receiver| manual(world, applied, signal, receiver)),
    );
    not_wired.extend(missing_plugins(world));
    WhySignal {
        signal: SignalFacts::new(signal),
        wired: wired.collect(),
        not_wired,
    }
}

fn why_receiver(world: &World, applied: &Applied, receiver: &ReceiverInfo) -> WhyReceiver {
    let mut wired = Vec::new();
    let mut not_wired = Vec::new();
    for signal in world.signals_of(receiver) {
        if let Some(position) = signal.position(receiver) {
            let rule = Rule::at(&signal.connected, position - 1);
            wired.push(WiredTo {
                signal: signal.info.name,
                event_type: signal.event.event_type,
                position,
                of: signal.connected.len(),
                rule,
                because: rule.explain(&signal.connected, position - 1),
                connected_by: applied.connects(&signal.info, receiver),
            });
        } else if signal.idle.iter().any(|idle| is_same(idle, receiver)) {
            not_wired.push(manual(world, applied, signal, receiver));
        }
        if !signal.enabled {
            not_wired.push(disabled(signal));
        }
    }
    for absent in absent_signals(world, receiver) {
        not_wired.push(NotWired {
            reason: Reason::SignalAbsent,
            signal: Some(absent.path()),
            receiver: Some(receiver.id.to_string()),
            plugin: None,
            because: format!(
                "its signal {} ({}) is not in the catalog of this binary",
                absent.path(),
                absent.location
            ),
            remedy: String::from("`events doctor` says how to link it"),
            snippet: None,
        });
    }
    WhyReceiver {
        receiver: ReceiverFacts::new(world, receiver),
        wired,
        not_wired,
    }
}

fn disabled(signal: &SignalView) -> NotWired {
    let name = signal.info.name;
    NotWired {
        reason: Reason::Disabled,
        signal: Some(name.to_owned()),
        receiver: None,
        plugin: None,
        because: format!("{name} is disabled: sending has no effect, whoever is connected"),
        remedy: format!("call `{name}.enable()`"),
        snippet: None,
    }
}

fn no_receivers(signal: &SignalView) -> NotWired {
    let name = signal.info.name;
    NotWired {
        reason: Reason::NoReceivers,
        signal: Some(name.to_owned()),
        receiver: None,
        plugin: None,
        because: format!("nothing is connected to {name}"),
        remedy: format!(
            "annotate a function with `#[receiver({name})]`. If a plugin crate has one: the linker drops a crate that \
             nothing names, so make it a dependency of the binary and name it with `events_core::plugins!(the_crate);`"
        ),
        snippet: None,
    }
}

fn manual(
    world: &World,
    applied: &Applied,
    signal: &SignalView,
    receiver: &ReceiverInfo,
) -> NotWired {
    let because = match (applied.files(), applied.service()) {
        ([], _) => String::from(
            "it is annotated with `manual`: it runs only where a configuration connects it, and none was given \
             (`--config FILE`)",
        ),
        (files, service) => format!(
            "it is annotated with `manual`, and the configuration ({}) does not connect it for the service {}",
            files.join(", "),
            service.unwrap_or("(none is named)")
        ),
    };
    NotWired {
        reason: Reason::Manual,
        signal: Some(signal.info.name.to_owned()),
        receiver: Some(receiver.id.to_string()),
        plugin: None,
        because,
        remedy: format!(
            "add these lines to the configuration of the service that is to run it{}, or call \
             `{}.connect_receiver(\"{}\")`",
            match applied.service() {
                Some(_) => "",
                None => " (here `lms`, by `service = \"lms\"` at its top or `--service lms`)",
            },
            signal.info.name,
            receiver.id
        ),
        snippet: Some(applied.snippet(world, &signal.info, receiver)),
    }
}

fn missing_plugins(world: &World) -> impl Iterator<Item = NotWired> {
    world.missing_plugins().into_iter().map(|expected| {
        let plugin = expected.name;
        NotWired {
            reason: Reason::PluginMissing,
            signal: None,
            receiver: None,
            plugin: Some(plugin),
            because: format!(
                "plugin `{plugin}` is expected at {} and did not state itself: if it has receivers of this signal, they \
                 may be missing here",
                expected.location
            ),
            remedy: String::from("`events doctor` says what to do"),
            snippet: None,
        }
    })
}
