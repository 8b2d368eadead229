//! The tree as a layer of configuration: which keys there are, and what they take.

use super::error::{ConfigError, ConfigErrorKind, Report};
use super::kit::{Naming, Table};
use super::layer::{Layer, ReceiverEntry, ServiceTable};
use super::origin::{Located, Position, Source};
use super::tree::Parsed;
use super::words::quoted;

/// The tables that other crates read, see [`kit`](super::kit).
pub(super) const SECTIONS: &[&str] = &["bus"];

/// What is wrong with a name of a service, and what to do.
pub(super) fn service_name(name: &str) -> Result<(), String> {
    if name.trim().is_empty() {
        return Err("is empty, expected a name such as `lms`; write one".to_owned());
    }
    if let Some(name) = name.strip_suffix(".djangoapp") {
        let name = quoted(name);
        return Err(format!(
            "has the ending of a key of `signals_config`, expected the bare name; write {name}"
        ));
    }
    if name
        .chars()
        .all(|char| char.is_alphanumeric() || matches!(char, '-' | '_'))
    {
        Ok(())
    } else {
        Err("is no name of a service, expected letters, digits, `-` and `_`; write a name such as `lms`".to_owned())
    }
}

pub(super) fn decode(parsed: Parsed, source: Source) -> Layer {
    let report = Report::default();
    for (kind, at, message) in parsed.problems {
        report.add(ConfigError::new(kind, source.at(at), message));
    }
    let Some(mut root) = parsed.root else {
        return Layer::unreadable(source, report.into_parts().0);
    };
    let mut layer = Layer::new(source.clone());
    let start = Position { line: 1, column: 1 };
    let from = (&source, &report);
    let kept = Table::read(from, (&root, start), String::new(), Naming::Keys, |table| {
        let before = report.count();
        layer.service = service(table);
        layer.services = services(table);
        layer.incomplete = report.count() > before;
        table.table("plugins", |plugins| {
            plugins.each(is_crate_name, |plugin, table| {
                table.table("signals_config", |services| {
                    services.each(
                        |_, _| true,
                        |service, table| {
                            let table = service_table(&layer.tables, &plugin, service, table);
                            layer.tables.push(table);
                        },
                    );
                });
            });
        });
        let kept = SECTIONS.iter().filter(|key| table.keep(key)).copied();
        kept.collect::<Vec<_>>()
    });
    root.retain(|entry| kept.contains(&entry.key.as_str()));
    layer.sections = root;
    (layer.errors, layer.misspelt) = report.into_parts();
    layer
}

fn service(root: &mut Table<'_>) -> Option<Located<String>> {
    let service = root.text("service", "lms")?;
    is_service_name(root, "`service`", &service).then_some(service)
}

fn services(root: &mut Table<'_>) -> Vec<Located<String>> {
    let services = root.texts("services", "of names, such as `[\"billing\"]`", "lms");
    let services = services.map(|services| services.value).unwrap_or_default();
    let mut services: Vec<_> = services.into_iter().flatten().collect();
    services.retain(|service| is_service_name(root, "an item of `services`", service));
    services
}

fn is_service_name(table: &Table<'_>, what: &str, service: &Located<String>) -> bool {
    let Err(problem) = service_name(&service.value) else {
        return true;
    };
    let message = format!("{what}, {}, {problem}", quoted(&service.value));
    table.problem(
        ConfigErrorKind::InvalidValue,
        service.origin.clone(),
        message,
    );
    false
}

fn is_crate_name(plugins: &Table<'_>, plugin: &Located<String>) -> bool {
    let crate_like = |char: char| char.is_alphanumeric() || matches!(char, '-' | '_');
    if !plugin.value.is_empty() && plugin.value.chars().all(crate_like) {
        return true;
    }
    let message = format!(
        "plugin {} is no name of a crate, expected letters, digits, `-` and `_`; write the name of the plugin's crate",
        quoted(&plugin.value)
    );
    plugins.problem(
        ConfigErrorKind::InvalidValue,
        plugin.origin.clone(),
        message,
    );
    false
}

fn service_table(
    earlier: &[ServiceTable],
    plugin: &Located<String>,
    service: Located<String>,
    table: &mut Table<'_>,
) -> ServiceTable {
    let mut decoded = ServiceTable {
        plugin: plugin.clone(),
        service,
        relative_path: None,
        receivers: Vec::new(),
    };
    let same = earlier.iter().find(|other| {
        other.crate_name() == decoded.crate_name() && other.service_name() == decoded.service_name()
    });
    if let Some(same) = same {
        let message = format!(
            "`signals_config` of plugin {} for service {} is given twice, first as {} at {}; put both into one",
            quoted(&decoded.crate_name()),
            quoted(decoded.service_name()),
            quoted(&same.service.value),
            same.service.origin
        );
        table.problem(ConfigErrorKind::DuplicateKey, table.origin(), message);
    }
    decoded.relative_path = table.text("relative_path", "receivers");
    let receivers = table.tables("receivers", "of receivers to connect", receiver);
    let receivers = receivers.map(|receivers| receivers.value);
    decoded.receivers = receivers.into_iter().flatten().flatten().collect();
    table.require(&["receivers"]);
    decoded
}

fn receiver(table: &mut Table<'_>) -> ReceiverEntry {
    table.require(&["receiver_func_name", "signal_path"]);
    table.unsupported(
        "sender_path",
        "key `sender_path` is not supported, as events have no sender here: a receiver is connected to all events of its \
         signal; remove the key",
    );
    ReceiverEntry {
        origin: table.origin(),
        function: table.text("receiver_func_name", "warn_of_login"),
        signal: table.text(
            "signal_path",
            "openedx_events.learning.signals.SESSION_LOGIN_COMPLETED",
        ),
        dispatch_uid: table.text("dispatch_uid", "greeter.warn_of_login"),
    }
}
