//! What a configuration names, found in the registry: plugins, receivers, signals.

use std::collections::BTreeSet;

use super::ConfigErrorKind;
use super::words::{did_you_mean, list, nearest, quoted, suggestion};
use crate::receiver::{ReceiverInfo, ReceiverKind, ReceiverSignals};
use crate::registry;
use crate::signal::AnySignal;

type NotFound = (ConfigErrorKind, String);

/// A plugin, as far as it is linked into this binary.
#[derive(Clone)]
pub(super) struct Plugin {
    name: String,
    /// Whether it states itself.
    stated: bool,
    receivers: Vec<&'static ReceiverInfo>,
}

impl Plugin {
    pub(super) fn find(name: &str) -> Self {
        Self {
            stated: registry::plugins().iter().any(|plugin| plugin.name == name),
            receivers: registry::receivers()
                .filter(|receiver| receiver.plugin() == name)
                .collect(),
            name: name.to_owned(),
        }
    }

    pub(super) fn is_linked(&self) -> bool {
        self.stated || self.has_receivers()
    }

    pub(super) fn has_receivers(&self) -> bool {
        !self.receivers.is_empty()
    }

    /// What to say where the plugin is not what a binary expects.
    pub(super) fn missing(&self) -> Option<String> {
        (!self.stated).then(|| missing_plugin(&self.name, self.receivers.len()))
    }

    /// The module that a relative path means.
    pub(super) fn module(&self, relative_path: &str) -> Result<String, String> {
        let relative = relative_path.replace("::", ".").replace('.', "::");
        let module = format!("{}::{relative}", self.name);
        if self
            .receivers
            .iter()
            .any(|receiver| within(receiver, &module))
        {
            return Ok(module);
        }
        let modules: BTreeSet<_> = self
            .receivers
            .iter()
            .filter_map(|receiver| receiver.module.split_once("::"))
            .map(|(_, module)| module)
            .collect();
        Err(format!(
            "plugin {} has no receivers in module {}{} its modules with receivers are {}; correct the path, or remove it to \
             look in the whole crate",
            quoted(&self.name),
            quoted(relative_path),
            did_you_mean(&relative, &modules),
            list(&modules, "none but its root"),
        ))
    }

    /// The manual receiver of that function, id or alias; functions only in the module, where one is given.
    pub(super) fn receiver(
        &self,
        name: &str,
        module: Option<&str>,
    ) -> Result<&'static ReceiverInfo, NotFound> {
        let mut found: Vec<_> = self
            .receivers
            .iter()
            .copied()
            .filter(|receiver| receiver.is_called(name))
            .collect();
        if found.is_empty() {
            let named = self.receivers.iter().copied();
            found = named.filter(|receiver| receiver.name == name).collect();
            if let Some(module) = module {
                found = self.in_module(name, module, &found)?;
            }
        }
        match found.as_slice() {
            [] => Err((ConfigErrorKind::UnknownReceiver, self.unknown(name, module))),
            [receiver] if receiver.kind == ReceiverKind::Manual => its_own(receiver),
            [receiver] => Err((
                ConfigErrorKind::NotManual,
                format!(
                    "receiver {} is always connected, expected one that is annotated with `manual`; remove this entry, or \
                     write `#[receiver(…, manual)]` at {}",
                    quoted(&receiver.id),
                    receiver.location,
                ),
            )),
            several => Err((
                ConfigErrorKind::AmbiguousReceiver,
                format!(
                    "plugin {} has {} receivers {}: {}; write the id of the one that is meant, or the `relative_path` of its \
                     module",
                    quoted(&self.name),
                    several.len(),
                    quoted(name),
                    described(several),
                ),
            )),
        }
    }

    /// Those in the module itself, else those in modules within it.
    fn in_module(
        &self,
        name: &str,
        module: &str,
        named: &[&'static ReceiverInfo],
    ) -> Result<Vec<&'static ReceiverInfo>, NotFound> {
        let pick = |is_there: &dyn Fn(&ReceiverInfo) -> bool| -> Vec<_> {
            let named = named.iter().copied();
            named.filter(|receiver| is_there(receiver)).collect()
        };
        let exact = pick(&|receiver| receiver.module == module);
        let there = if exact.is_empty() {
            pick(&|receiver| within(receiver, module))
        } else {
            exact
        };
        if there.is_empty() && !named.is_empty() {
            let message = format!(
                "plugin {} has no receiver {} in module {}, where `relative_path` says it is, but {}; correct \
                 `relative_path`, or write the id of the receiver",
                quoted(&self.name),
                quoted(name),
                quoted(module),
                described(named),
            );
            return Err((ConfigErrorKind::UnknownReceiver, message));
        }
        Ok(there)
    }

    fn unknown(&self, name: &str, module: Option<&str>) -> String {
        let manual: Vec<_> = self
            .receivers
            .iter()
            .filter(|receiver| receiver.kind == ReceiverKind::Manual)
            .filter(|receiver| module.is_none_or(|module| within(receiver, module)))
            .collect();
        let names = manual.iter().map(|receiver| receiver.name);
        // Where two functions have one name, only the id says which.
        let unique = |name| names.clone().filter(|other| *other == name).count() == 1;
        let known = manual.iter().map(|receiver| match receiver.name {
            name if unique(name) => name,
            _ => &*receiver.id,
        });
        let ids = manual.iter().map(|receiver| &*receiver.id);
        let others = self.receivers.iter().map(|receiver| receiver.name);
        let elsewhere = registry::receivers().find(|receiver| {
            receiver.plugin() != self.name && (receiver.name == name || receiver.is_called(name))
        });
        let hint = match elsewhere {
            Some(receiver) => format!(
                ", but plugin {} has; configure it there;",
                quoted(receiver.plugin())
            ),
            None => did_you_mean(name, names.clone().chain(ids).chain(others)),
        };
        format!(
            "plugin {} has no receiver {}{hint} its manual receivers are {}; write one of them, or annotate the function \
             with `#[receiver(…, manual)]`",
            quoted(&self.name),
            quoted(name),
            list(known, "none"),
        )
    }
}

/// The receiver, if its id means it alone: receivers are connected by their ids.
fn its_own(receiver: &'static ReceiverInfo) -> Result<&'static ReceiverInfo, NotFound> {
    let called: Vec<_> = registry::receivers()
        .filter(|other| other.is_called(&receiver.id))
        .collect();
    if called.len() <= 1 {
        return Ok(receiver);
    }
    let message = format!(
        "receiver id {} is used {} times: {}; give one of them an id of its own, `#[receiver(…, id = \"…\")]`",
        quoted(&receiver.id),
        called.len(),
        described(&called),
    );
    Err((ConfigErrorKind::AmbiguousReceiver, message))
}

/// What it may have been meant to be, and what `registry::verify` says of a plugin that is not there.
fn missing_plugin(name: &str, receivers: usize) -> String {
    let present: Vec<_> = registry::plugins()
        .into_iter()
        .map(|plugin| plugin.name)
        .collect();
    let near = nearest(name, &present).filter(|_| receivers == 0);
    let near = near.map(|near| format!("did you mean plugin {}? ", quoted(near)));
    let near = near.unwrap_or_default();
    let problem = registry::Problem::MissingPlugin {
        plugin: name.to_owned(),
        expected_at: None,
        receivers,
        present,
    };
    format!("{near}{problem}")
}

fn within(receiver: &ReceiverInfo, module: &str) -> bool {
    let rest = receiver.module.strip_prefix(module);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

fn described(receivers: &[&'static ReceiverInfo]) -> String {
    let describe =
        |receiver: &&ReceiverInfo| format!("{} ({})", quoted(&receiver.id), receiver.location);
    let described: Vec<_> = receivers.iter().map(describe).collect();
    described.join(", ")
}

/// The signal of a path.
pub(super) fn signal(path: &str) -> Result<&'static dyn AnySignal, NotFound> {
    match registry::resolve(path).as_slice() {
        [signal] => Ok(*signal),
        [] => Err((ConfigErrorKind::UnknownSignal, unknown_signal(path))),
        several => {
            let paths = several.iter().map(|signal| signal.info().path());
            let message = format!(
                "signal {} is the name of {} signals, {}; write the full path of the one that is meant",
                quoted(path),
                several.len(),
                list(paths, "none"),
            );
            Err((ConfigErrorKind::AmbiguousSignal, message))
        }
    }
}

fn unknown_signal(path: &str) -> String {
    let signals = registry::signals().iter().copied();
    let last = |path: &str| {
        let name = path.rsplit(['.', ':']).next();
        name.unwrap_or_default().to_owned()
    };
    // Of the forms that a path can have, the one that was given.
    let form = |signal: &'static dyn AnySignal| -> Option<String> {
        let name = signal.info().name;
        if path.starts_with("openedx_events") {
            let event = signal.event();
            let python = event.event_type.starts_with("org.openedx.");
            python.then(|| format!("openedx_events.{}.signals.{name}", event.subdomain()))
        } else if path.contains(':') {
            Some(signal.info().path())
        } else if path.contains('.') {
            Some(signal.event().event_type.to_owned())
        } else {
            Some(name.to_owned())
        }
    };
    let near = nearest(path, signals.clone().filter_map(form)).or_else(|| {
        let name = last(path);
        let same = signals.clone().find(|signal| signal.info().name == name);
        same.map(|signal| form(signal).unwrap_or_else(|| signal.info().path()))
    });
    let hint = suggestion(near);
    format!(
        "no signal {} among the {} of this binary{hint} correct the path, or link the catalog crate that declares the event",
        quoted(path),
        signals.count(),
    )
}

/// Whether the receiver is annotated with the signal.
pub(super) fn receives(
    receiver: &ReceiverInfo,
    signal: &'static dyn AnySignal,
) -> Result<(), NotFound> {
    let ReceiverSignals::Named(named) = receiver.signals else {
        return Ok(());
    };
    if named.iter().any(|other| other.info() == signal.info()) {
        return Ok(());
    }
    let message = format!(
        "receiver {} does not receive {}, but {}; write one of these, or add the signal to the annotation at {}",
        quoted(&receiver.id),
        quoted(signal.info().name),
        list(named.iter().map(|signal| signal.info().path()), "nothing"),
        receiver.location,
    );
    Err((ConfigErrorKind::SignalNotReceived, message))
}
