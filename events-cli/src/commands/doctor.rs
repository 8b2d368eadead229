//! `events doctor`.

use events_core::registry::{self, Problem};
use serde::Serialize;

use super::Facts;
use crate::Status;
use crate::configuration::{Applied, ConfigurationProblem};
use crate::text::{Page, count};
use crate::world::World;

/// What was checked, and what is wrong.
#[derive(Debug, Serialize)]
pub(crate) struct Doctor {
    ok: bool,
    checked: Checked,
    problems: Vec<Found>,
    /// What is no problem, and worth knowing.
    notes: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Checked {
    signals: usize,
    receivers: usize,
    /// The plugins that stated themselves.
    plugins: Vec<Plugin>,
    expected_plugins: Vec<&'static str>,
    /// What was given with `--config` and `--service`.
    configuration: Configuration,
}

#[derive(Debug, Serialize)]
struct Configuration {
    files: Vec<String>,
    service: Option<String>,
    /// How many receivers it connects.
    connected: usize,
    /// What keeps the events of the bus, where it says so: `sqlite`.
    bus: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct Plugin {
    name: &'static str,
    version: &'static str,
    expected: bool,
    receivers: usize,
}

/// Something that is wrong.
#[derive(Debug, Serialize)]
struct Found {
    /// `registry` or `configuration`.
    source: &'static str,
    kind: String,
    message: String,
    /// The place in the configuration.
    file: Option<String>,
    line: Option<u32>,
    column: Option<u32>,
}

impl Found {
    fn in_registry(kind: &str, message: String) -> Self {
        Self {
            source: "registry",
            kind: kind.to_owned(),
            message,
            file: None,
            line: None,
            column: None,
        }
    }

    /// With its place, as compilers write it.
    fn describe(&self) -> String {
        let numbers = [self.line, self.column].into_iter().flatten();
        let place = self.file.iter().cloned();
        place
            .chain(numbers.map(|number| number.to_string()))
            .chain([format!(" {}", self.message)])
            .collect::<Vec<_>>()
            .join(":")
            .trim_start()
            .to_owned()
    }
}

impl From<ConfigurationProblem> for Found {
    fn from(problem: ConfigurationProblem) -> Self {
        Self {
            source: "configuration",
            kind: problem.kind,
            message: problem.message,
            file: Some(problem.file),
            line: problem.line,
            column: problem.column,
        }
    }
}

/// Checks everything.
pub(crate) fn doctor(world: &World, applied: &Applied) -> Doctor {
    let mut problems = Vec::new();
    if world.is_empty() {
        problems.push(Found::in_registry("empty", crate::EMPTY.to_owned()));
    }
    if let Err(found) = registry::verify() {
        problems.extend(
            found
                .iter()
                .map(|problem| Found::in_registry(kind(problem), problem.to_string())),
        );
    }
    problems.extend(applied.problems().into_iter().map(Found::from));
    Doctor {
        ok: problems.is_empty(),
        checked: Checked::new(world, applied),
        problems,
        notes: notes(world),
    }
}

fn kind(problem: &Problem) -> &'static str {
    match problem {
        Problem::MissingPlugin { .. } => "missing_plugin",
        Problem::DuplicateEventType { .. } => "duplicate_event_type",
        Problem::DuplicateReceiver { .. } => "duplicate_receiver",
        Problem::AbsentSignal { .. } => "absent_signal",
        _ => "other",
    }
}

fn notes(world: &World) -> Vec<String> {
    let mut notes = Vec::new();
    for signal in &world.signals {
        let name = signal.info.name;
        if !signal.enabled {
            notes.push(format!("{name} is disabled: sending it has no effect"));
        }
        for receiver in &signal.idle {
            notes.push(format!(
                "receiver `{}` is `manual`, and not connected to {name}; `events why {}` says how to connect it",
                receiver.id, receiver.id
            ));
        }
    }
    notes
}

impl Checked {
    fn new(world: &World, applied: &Applied) -> Self {
        let mut expected: Vec<_> = world.expected.iter().map(|plugin| plugin.name).collect();
        expected.sort_unstable();
        expected.dedup();
        let plugins = world.plugins.iter().map(|plugin| Plugin {
            name: plugin.name,
            version: plugin.version,
            expected: expected.contains(&plugin.name),
            receivers: world
                .receivers
                .iter()
                .filter(|receiver| receiver.plugin() == plugin.name)
                .count(),
        });
        Self {
            signals: world.signals.len(),
            receivers: world.receivers.len(),
            plugins: plugins.collect(),
            expected_plugins: expected,
            configuration: Configuration {
                files: applied.files().to_vec(),
                service: applied.service().map(str::to_owned),
                connected: applied.connected(),
                bus: applied.transport(),
            },
        }
    }
}

impl Facts for Doctor {
    fn lay_out(&self, page: &mut Page) {
        let checked = &self.checked;
        let plugins: Vec<_> = checked.plugins.iter().map(Plugin::describe).collect();
        page.line("Checked");
        page.pairs(
            2,
            &[
                (
                    "registry",
                    &format!(
                        "{} (each event type declared once), {} (each id once, each signal in the catalog)",
                        count(checked.signals, "signal"),
                        count(checked.receivers, "receiver")
                    ),
                ),
                ("plugins", &or_none(&plugins.join(", "), "none linked")),
                (
                    "expected",
                    &or_none(
                        &checked.expected_plugins.join(", "),
                        "no plugin is expected: `events_core::plugins!(…)` in the binary states which",
                    ),
                ),
                ("configuration", &checked.configuration.describe()),
            ],
        );
        page.blank();
        if self.problems.is_empty() {
            page.line("No problems");
        } else {
            page.line(&count(self.problems.len(), "problem"));
            for (index, problem) in self.problems.iter().enumerate() {
                page.blank();
                page.hanging(2, &format!("{}. ", index + 1), &problem.describe());
            }
        }
        if !self.notes.is_empty() {
            page.blank();
            page.line("Worth knowing");
            for note in &self.notes {
                page.hanging(2, "- ", note);
            }
        }
    }

    fn status(&self) -> Status {
        if self.ok {
            Status::Ok
        } else {
            Status::Problems
        }
    }
}

impl Plugin {
    fn describe(&self) -> String {
        let receivers = count(self.receivers, "receiver");
        format!("{} {} ({receivers})", self.name, self.version)
    }
}

impl Configuration {
    fn describe(&self) -> String {
        if self.files.is_empty() {
            return String::from("none given (`--config FILE` or EVENTS_CONFIG)");
        }
        let service = self.service.as_deref().unwrap_or("(none named)");
        let bus = self
            .bus
            .map_or_else(String::new, |bus| format!(", bus {bus}"));
        format!(
            "{}: service {service}, {} connected{bus}",
            self.files.join(", "),
            count(self.connected, "receiver")
        )
    }
}

fn or_none(text: &str, none: &str) -> String {
    String::from(if text.is_empty() { none } else { text })
}
