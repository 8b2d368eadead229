//! A picture of this binary's registry, taken once per command: what all commands read.

use events_core::registry::{self, ExpectedPlugin, PluginInfo};
use events_core::{AnySignal, EventInfo, ReceiverInfo, ReceiverKind, ReceiverSignals, SignalInfo};

/// What is there, and how it is wired at this moment.
#[derive(Debug, Default)]
pub(crate) struct World {
    /// By event type.
    pub(crate) signals: Vec<SignalView>,
    /// All of them, manual ones that are not connected included, in the declared order.
    pub(crate) receivers: Vec<ReceiverInfo>,
    /// By name.
    pub(crate) plugins: Vec<&'static PluginInfo>,
    /// In the order of the source.
    pub(crate) expected: Vec<&'static ExpectedPlugin>,
}

/// A signal as it is at this moment.
#[derive(Debug)]
pub(crate) struct SignalView {
    pub(crate) info: SignalInfo,
    pub(crate) event: &'static EventInfo,
    pub(crate) enabled: bool,
    /// The receivers that a send would reach, in their order.
    pub(crate) connected: Vec<ReceiverInfo>,
    /// The manual receivers that nothing connects.
    pub(crate) idle: Vec<ReceiverInfo>,
}

impl World {
    /// The world of this binary, with whatever was connected before.
    pub(crate) fn of_this_binary() -> Self {
        let signals: Vec<_> = registry::signals()
            .iter()
            .map(|signal| SignalView::new(*signal))
            .collect();
        let mut receivers: Vec<_> = registry::receivers().cloned().collect();
        for closure in signals.iter().flat_map(|signal| &signal.connected) {
            if closure.kind == ReceiverKind::Connected {
                receivers.push(closure.clone());
            }
        }
        // Those that the linker found come sorted, and the sort is stable: what is left is to let the closures in
        // behind the receivers of their priority.
        receivers
            .sort_by_key(|receiver| (receiver.priority, receiver.kind == ReceiverKind::Connected));
        Self {
            signals,
            receivers,
            plugins: registry::plugins(),
            expected: registry::expected_plugins(),
        }
    }

    /// Whether the linker collected nothing at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.signals.is_empty() && self.receivers.is_empty() && self.plugins.is_empty()
    }

    /// The plugins that are expected and did not state themselves, once each.
    pub(crate) fn missing_plugins(&self) -> Vec<&'static ExpectedPlugin> {
        let mut missing: Vec<&'static ExpectedPlugin> = Vec::new();
        for expected in &self.expected {
            let there = self
                .plugins
                .iter()
                .any(|plugin| plugin.name == expected.name);
            if !there && !missing.iter().any(|other| other.name == expected.name) {
                missing.push(expected);
            }
        }
        missing
    }

    /// The signals that a receiver is annotated with, or connected to.
    pub(crate) fn signals_of(&self, receiver: &ReceiverInfo) -> Vec<&SignalView> {
        self.signals
            .iter()
            .filter(|signal| signal.is_meant_by(receiver))
            .collect()
    }
}

impl SignalView {
    fn new(signal: &'static dyn AnySignal) -> Self {
        let connected = signal.receivers();
        let idle = signal
            .manual_receivers()
            .into_iter()
            .filter(|manual| !connected.iter().any(|other| is_same(manual, other)))
            .collect();
        Self {
            info: *signal.info(),
            event: signal.event(),
            enabled: signal.is_enabled(),
            connected,
            idle,
        }
    }

    /// The crate that declares the event.
    pub(crate) fn catalog(&self) -> &'static str {
        crate_of(self.info.module)
    }

    /// The Rust path of the event's struct.
    pub(crate) fn event_path(&self) -> String {
        format!("{}::{}", self.info.module, self.event.name)
    }

    /// The place of a receiver among those that run, from 1.
    pub(crate) fn position(&self, receiver: &ReceiverInfo) -> Option<usize> {
        let index = self
            .connected
            .iter()
            .position(|other| is_same(receiver, other))?;
        Some(index + 1)
    }

    /// Whether the receiver's annotation names this signal, or a call connected it.
    fn is_meant_by(&self, receiver: &ReceiverInfo) -> bool {
        match receiver.signals {
            ReceiverSignals::Named(named) => {
                named.iter().any(|signal| *signal.info() == self.info)
                    || self.position(receiver).is_some()
            }
            _ => true,
        }
    }
}

/// Whether both are one receiver. The id alone does not tell: that two have the same one is a thing to find out.
pub(crate) fn is_same(a: &ReceiverInfo, b: &ReceiverInfo) -> bool {
    a.id == b.id && a.module == b.module && a.name == b.name && a.location == b.location
}

/// The crate of a module.
pub(crate) fn crate_of(module: &'static str) -> &'static str {
    module.split("::").next().unwrap_or(module)
}

/// The crate that a receiver stands in; a closure does not tell.
pub(crate) fn plugin_of(receiver: &ReceiverInfo) -> Option<&'static str> {
    (receiver.kind != ReceiverKind::Connected).then(|| crate_of(receiver.module))
}

/// The Rust path of a receiver's function; a closure has none.
pub(crate) fn function_of(receiver: &ReceiverInfo) -> Option<String> {
    (receiver.kind != ReceiverKind::Connected)
        .then(|| format!("{}::{}", receiver.module, receiver.name))
}
