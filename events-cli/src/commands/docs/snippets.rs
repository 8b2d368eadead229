//! Code that receives or sends an event.

use events_core::EventInfo;

use crate::world::SignalView;

/// A receiver in Rust.
pub(super) fn rust_receiver(signal: &SignalView) -> String {
    let (name, event) = (signal.info.name, signal.event.name);
    let function = name.to_lowercase();
    let parts = fields(signal.event).map(|field| format!("`event.{field}`"));
    let parts = parts.collect::<Vec<_>>().join(", ");
    let parts = if parts.is_empty() { "`event`" } else { &parts };
    format!(
        "{}use events_core::{{EventMetadata, receiver}};\n\n\
         #[receiver({name})]\n\
         fn on_{function}(event: &{event}, metadata: &EventMetadata) {{\n    \
             // What happened: {parts}.\n    \
             // Who sent it, and when: `metadata.source()`, `metadata.time()`.\n\
         }}\n",
        import(signal)
    )
}

/// A sender in Rust.
pub(super) fn rust_sender(signal: &SignalView) -> String {
    let (name, event) = (signal.info.name, signal.event.name);
    let fields: Vec<_> = fields(signal.event).collect();
    let value = if fields.is_empty() {
        format!("{event} {{}}")
    } else {
        format!("{event} {{ {} }}", fields.join(", "))
    };
    format!(
        "{}\n\
         let responses = {name}.send_event({value});\n\
         for failure in responses.failures() {{\n    \
             eprintln!(\"receiver {{}} failed\", failure.receiver().id);\n\
         }}\n",
        import(signal)
    )
}

/// A receiver in Python, for an event that `openedx-events` has, too.
pub(super) fn python_receiver(signal: &SignalView) -> Option<String> {
    let event = signal.event;
    if !event.event_type.starts_with("org.openedx.") {
        return None;
    }
    let (name, subdomain) = (signal.info.name, event.subdomain());
    let function = name.to_lowercase();
    let names: Vec<_> = event.schema.fields.iter().map(|field| field.name).collect();
    Some(format!(
        "from django.dispatch import receiver\n\
         from openedx_events.{subdomain}.signals import {name}\n\n\n\
         @receiver({name})\n\
         def on_{function}(signal, sender, {}, metadata, **kwargs):\n    \
             ...\n",
        names.join(", ")
    ))
}

/// `use events_catalog::learning::{SIGNAL, Event};`
fn import(signal: &SignalView) -> String {
    format!(
        "use {}::{{{}, {}}};\n",
        module(signal.info.module),
        signal.info.name,
        signal.event.name
    )
}

/// The module that users name. A module `signals`, or `signals_` and something, keeps what the module around it
/// exports, as in the catalog of the Open edX platform and in the paths that the registry resolves.
fn module(module: &str) -> String {
    let is_outer = |part: &&str| *part != "signals" && !part.starts_with("signals_");
    let parts: Vec<_> = module.split("::").take_while(is_outer).collect();
    if parts.is_empty() {
        return module.to_owned();
    }
    parts.join("::")
}

/// The names of the event's fields in Rust.
fn fields(event: &EventInfo) -> impl Iterator<Item = String> {
    event.schema.fields.iter().map(|field| match field.name {
        // The names that a struct cannot use, and so has under another name than the wire.
        "event" | "metadata" | "signal" | "from_event_bus" => format!("{}_", field.name),
        "as" | "async" | "await" | "break" | "const" | "continue" | "dyn" | "else" | "enum"
        | "extern" | "false" | "fn" | "for" | "gen" | "if" | "impl" | "in" | "let" | "loop"
        | "match" | "mod" | "move" | "mut" | "pub" | "ref" | "return" | "static" | "struct"
        | "trait" | "true" | "type" | "unsafe" | "use" | "where" | "while" | "abstract"
        | "become" | "box" | "do" | "final" | "macro" | "override" | "priv" | "try" | "typeof"
        | "unsized" | "virtual" | "yield" => format!("r#{}", field.name),
        name => name.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_of_signals_is_left_out() {
        for (declared, named) in [
            (
                "events_catalog::learning::signals",
                "events_catalog::learning",
            ),
            (
                "events_catalog::learning::signals_access",
                "events_catalog::learning",
            ),
            ("shop::signals::orders", "shop"),
            ("shop::signalsofsmoke", "shop::signalsofsmoke"),
            ("signals", "signals"),
        ] {
            assert_eq!(module(declared), named);
        }
    }
}
