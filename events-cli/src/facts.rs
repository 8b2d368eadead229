//! The facts that several commands tell, in the form in which `--json` gives them. The README documents the keys.

use events_core::{ReceiverInfo, ReceiverKind, ReceiverSignals, SignalInfo};
use serde::Serialize;

use crate::world::{SignalView, World, function_of, plugin_of};

/// A signal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct SignalFacts {
    pub(crate) name: &'static str,
    pub(crate) path: String,
    pub(crate) event_type: &'static str,
    pub(crate) minor_version: u32,
    pub(crate) subdomain: &'static str,
    pub(crate) catalog: &'static str,
    pub(crate) enabled: bool,
    /// How many receivers a send reaches.
    pub(crate) receivers: usize,
    /// How many manual receivers nothing connects.
    pub(crate) not_connected: usize,
    pub(crate) file: &'static str,
    pub(crate) line: u32,
}

impl SignalFacts {
    pub(crate) fn new(signal: &SignalView) -> Self {
        Self {
            name: signal.info.name,
            path: signal.info.path(),
            event_type: signal.event.event_type,
            minor_version: signal.event.minor_version,
            subdomain: signal.event.subdomain(),
            catalog: signal.catalog(),
            enabled: signal.enabled,
            receivers: signal.connected.len(),
            not_connected: signal.idle.len(),
            file: signal.info.location.file,
            line: signal.info.location.line,
        }
    }

    pub(crate) fn location(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }
}

/// A receiver.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, and a key in the document"
)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct ReceiverFacts {
    pub(crate) id: String,
    pub(crate) aliases: &'static [&'static str],
    /// The path of the function; a closure has none.
    pub(crate) function: Option<String>,
    /// The crate that the function stands in.
    pub(crate) plugin: Option<&'static str>,
    pub(crate) kind: &'static str,
    pub(crate) priority: i32,
    #[serde(rename = "async")]
    pub(crate) is_async: bool,
    #[serde(rename = "durable")]
    pub(crate) is_durable: bool,
    pub(crate) wants_metadata: bool,
    /// Whether it is annotated with `any`.
    pub(crate) any: bool,
    /// Whether it is connected to a signal at all.
    pub(crate) connected: bool,
    pub(crate) signals: Vec<Attachment>,
    pub(crate) file: &'static str,
    pub(crate) line: u32,
}

/// A signal that a receiver is meant for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Attachment {
    pub(crate) signal: &'static str,
    pub(crate) event_type: &'static str,
    pub(crate) enabled: bool,
    /// The place among the receivers that run, from 1; none where it is not connected.
    pub(crate) position: Option<usize>,
    /// How many receivers run.
    pub(crate) of: usize,
}

impl ReceiverFacts {
    pub(crate) fn new(world: &World, receiver: &ReceiverInfo) -> Self {
        let signals: Vec<_> = world
            .signals_of(receiver)
            .into_iter()
            .map(|signal| Attachment::new(signal, receiver))
            .collect();
        Self {
            id: receiver.id.to_string(),
            aliases: receiver.aliases,
            function: function_of(receiver),
            plugin: plugin_of(receiver),
            kind: kind(receiver.kind),
            priority: receiver.priority,
            is_async: receiver.is_async,
            is_durable: receiver.is_durable,
            wants_metadata: receiver.wants_metadata,
            any: matches!(receiver.signals, ReceiverSignals::Any),
            connected: signals.iter().any(|signal| signal.position.is_some()),
            signals,
            file: receiver.location.file,
            line: receiver.location.line,
        }
    }

    /// `linked, durable, async, wants metadata`.
    pub(crate) fn traits(&self) -> String {
        let mut traits = vec![self.kind];
        if self.kind == kind(ReceiverKind::Manual) {
            traits.push(if self.connected {
                "connected"
            } else {
                "not connected"
            });
        }
        traits.extend(self.is_durable.then_some("durable"));
        traits.extend(self.is_async.then_some("async"));
        traits.extend(self.wants_metadata.then_some("wants metadata"));
        traits.join(", ")
    }

    /// `any signal`, or the names of the signals.
    pub(crate) fn signal_names(&self) -> String {
        if self.any {
            return String::from("any signal");
        }
        let names: Vec<_> = self.signals.iter().map(|signal| signal.signal).collect();
        names.join(", ")
    }

    /// Where it stands, and in which crate.
    pub(crate) fn origin(&self) -> String {
        match self.plugin {
            Some(plugin) => format!("{}:{} (crate {plugin})", self.file, self.line),
            None => format!("{}:{} (call of `connect`)", self.file, self.line),
        }
    }
}

impl Attachment {
    fn new(signal: &SignalView, receiver: &ReceiverInfo) -> Self {
        Self {
            signal: signal.info.name,
            event_type: signal.event.event_type,
            enabled: signal.enabled,
            position: signal.position(receiver),
            of: signal.connected.len(),
        }
    }
}

/// How a receiver came to its signal, in a word.
pub(crate) fn kind(kind: ReceiverKind) -> &'static str {
    match kind {
        ReceiverKind::Linked => "linked",
        ReceiverKind::Manual => "manual",
        _ => "connected",
    }
}

/// The signals of a receiver's annotation that this binary's catalog does not have.
pub(crate) fn absent_signals(world: &World, receiver: &ReceiverInfo) -> Vec<SignalInfo> {
    let ReceiverSignals::Named(named) = receiver.signals else {
        return Vec::new();
    };
    named
        .iter()
        .map(|signal| *signal.info())
        .filter(|info| !world.signals.iter().any(|signal| signal.info == *info))
        .collect()
}
