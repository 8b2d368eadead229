//! The page of an event.

use events_core::{ReceiverInfo, ReceiverKind};
use maud::{Markup, html};

use super::layout::{Frame, INDEX, breakable, code_block, personal_badge};
use super::schema_type::{default, schema_type};
use super::versions;
use crate::commands::docs::fields::FieldRow;
use crate::commands::docs::site::{EventPage, Site};
use crate::commands::docs::{location, markdown, snippets};
use crate::facts::kind;
use crate::text::count;
use crate::world::{function_of, plugin_of};

const ROOT: &str = "../";

pub(super) fn page(site: &Site<'_>, page: &EventPage<'_>, index: usize) -> String {
    let event = page.event();
    let siblings: Vec<_> = site
        .groups()
        .filter(|group| group.catalog == page.catalog() && group.subdomain == page.subdomain())
        .flat_map(|group| group.events)
        .collect();
    let content = html! {
        div.columns {
            main #content {
                p.trail {
                    a href={ (ROOT) (INDEX) } { "Events" } " / "
                    a href={ (ROOT) (INDEX) "#heading-" (anchor(site, page)) } { (page.subdomain()) }
                }
                h1 { (breakable(page.signal.info.name)) }
                div.doc { (markdown::blocks(event.doc)) }
                (facts(page))
                (fields(site, page))
                (example(page))
                (code(page))
                (receivers(page))
                (schema(page))
                (versions::section(event))
                (neighbours(site, index))
            }
            aside {
                nav.page aria-label="On this page" {
                    h2 { "On this page" }
                    ul.plain {
                        @for (to, name) in SECTIONS { li { a href={ "#" (to) } { (name) } } }
                    }
                }
                nav.siblings aria-label={ "Events of " (page.subdomain()) } {
                    h2 { (page.subdomain()) " " span.number { (siblings.len()) } }
                    ul.plain {
                        @for other in siblings {
                            @let current = (other.slug == page.slug).then_some("page");
                            li { a href={ (other.slug) ".html" } aria-current=[current] { (breakable(other.signal.info.name)) } }
                        }
                    }
                }
            }
        }
    };
    let description = markdown::plain(event.doc);
    let frame = Frame {
        site,
        title: Some(page.signal.info.name),
        description: &description,
        root: ROOT,
        current: "",
    };
    frame.page(&content)
}

const SECTIONS: [(&str, &str); 6] = [
    ("fields", "Fields"),
    ("example", "Example"),
    ("code", "Code"),
    ("receivers", "Receivers"),
    ("schema", "Schema"),
    ("versions", "Versions"),
];

fn anchor(site: &Site<'_>, page: &EventPage<'_>) -> String {
    let several = site.catalogs().len() > 1;
    let mut groups = site.groups();
    let group =
        groups.find(|group| group.catalog == page.catalog() && group.subdomain == page.subdomain());
    group.map_or_else(String::new, |group| group.anchor(several))
}

fn facts(page: &EventPage<'_>) -> Markup {
    let (signal, event) = (page.signal, page.event());
    let row = |name: &str, value: &Markup| html! { div { dt { (name) } dd { (value) } } };
    html! {
        dl.facts {
            (row("Event type", &html! { code { (breakable(event.event_type)) } }))
            (row("Minor version", &html! { (event.minor_version) }))
            (row("Key", &html! {
                @if let Some(key) = event.key { a href={ "#field-" (key) } { code { (breakable(key)) } } }
                @else { "none: events of this type have no order among themselves" }
            }))
            (row("Signal", &html! { code { (breakable(&signal.info.path())) } }))
            (row("Struct", &html! { code { (breakable(&signal.event_path())) } }))
            (row("Catalog", &html! { code { (page.catalog()) } ", " code { (breakable(&location::shown(signal.info.location))) } }))
            @if !signal.enabled {
                (row("State", &html! { span.badge.warning { "disabled" } " sending has no effect" }))
            }
        }
    }
}

fn fields(site: &Site<'_>, page: &EventPage<'_>) -> Markup {
    let personal = page.personal().count();
    html! {
        section aria-labelledby="fields" {
            h2 #fields { "Fields" }
            @if page.fields.is_empty() {
                p { "The event carries nothing." }
            } @else {
                @if personal > 0 {
                    p { (count(personal, "field")) " of " (page.fields.len()) " marked as personal data." }
                }
                table.fields {
                    thead { tr { th scope="col" { "Field" } th scope="col" { "Type" } th scope="col" { "Description" } } }
                    tbody { @for row in &page.fields { (field(site, row)) } }
                }
            }
        }
    }
}

fn field(site: &Site<'_>, row: &FieldRow) -> Markup {
    let depth = row.depth.min(6);
    let parent = row.parent();
    html! {
        tr #{ "field-" (row.path) } {
            th scope="row" class={ "depth-" (depth) } {
                @if !parent.is_empty() { span.quiet { (parent) } }
                code title=(row.path) { (breakable(row.field.name)) }
            }
            td.type { (schema_type(site, ROOT, row.field.schema)) }
            td {
                @if row.key { span.badge { "key" } " " }
                @if row.personal { (personal_badge()) " " }
                (markdown::inline(row.field.doc))
                @if let Some(value) = default(row.field) {
                    span.default { " Default: " code { (value) } "." }
                }
            }
        }
    }
}

fn example(page: &EventPage<'_>) -> Markup {
    html! {
        section aria-labelledby="example" {
            h2 #example { "Example" }
            p { "A payload as JSON, made from the schema; on the wire it is Avro. Whatever looks like a person is made up." }
            @if !page.example.placeholders.is_empty() {
                p { "The values of "
                    @for (index, name) in page.example.placeholders.iter().enumerate() {
                        @if index > 0 { ", " }
                        code { (name) }
                    }
                    " are placeholders: the schema does not tell their form." }
            }
            (code_block("Example payload", &page.example.payload.to_string()))
        }
    }
}

fn code(page: &EventPage<'_>) -> Markup {
    html! {
        section aria-labelledby="code" {
            h2 #code { "Code" }
            h3 { "Receive it in Rust" }
            (code_block("Receiver in Rust", &snippets::rust_receiver(page.signal)))
            h3 { "Send it in Rust" }
            (code_block("Sender in Rust", &snippets::rust_sender(page.signal)))
            @if let Some(python) = snippets::python_receiver(page.signal) {
                h3 { "Receive it in Python" }
                (code_block("Receiver in Python", &python))
            }
        }
    }
}

fn receivers(page: &EventPage<'_>) -> Markup {
    let (connected, idle) = (&page.signal.connected, &page.signal.idle);
    html! {
        section aria-labelledby="receivers" {
            h2 #receivers { "Receivers" }
            @if connected.is_empty() {
                p { "No receiver in this binary." }
            } @else {
                p {
                    (count(connected.len(), "receiver")) " in this binary"
                    @if connected.len() > 1 { ", in the order in which they run" }
                    "."
                }
                ol.receivers { @for one in connected { (receiver(one, true)) } }
            }
            @if !idle.is_empty() {
                p { "Manual receivers that no configuration connects:" }
                ul.receivers { @for one in idle { (receiver(one, false)) } }
            }
        }
    }
}

fn receiver(receiver: &ReceiverInfo, connected: bool) -> Markup {
    let mut traits = vec![kind(receiver.kind).to_owned()];
    if receiver.kind == ReceiverKind::Manual {
        let state = if connected {
            "connected"
        } else {
            "not connected"
        };
        traits.push(state.to_owned());
    }
    if receiver.is_durable {
        traits.push(String::from("durable"));
    }
    if receiver.is_async {
        traits.push(String::from("async"));
    }
    if receiver.wants_metadata {
        traits.push(String::from("wants metadata"));
    }
    traits.push(format!("priority {}", receiver.priority));
    html! {
        li {
            code.name { (breakable(&receiver.id)) }
            p.facts {
                @if let Some(plugin) = plugin_of(receiver) { "plugin " code { (plugin) } " · " }
                (traits.join(" · "))
            }
            @if let Some(function) = function_of(receiver).filter(|path| *path != receiver.id) {
                p.facts { code { (breakable(&function)) } }
            }
            p.facts { code { (breakable(&location::shown(receiver.location))) } }
        }
    }
}

fn schema(page: &EventPage<'_>) -> Markup {
    html! {
        section aria-labelledby="schema" {
            h2 #schema { "Schema" }
            p { "Avro, as on the wire. "
                a href={ (ROOT) (page.schema_path()) } download { "Download the schema" } "." }
            details {
                summary { "Show the schema" }
                (code_block("Avro schema", page.event().avro_schema().to_string().trim_end()))
            }
        }
    }
}

fn neighbours(site: &Site<'_>, index: usize) -> Markup {
    let before = index
        .checked_sub(1)
        .and_then(|index| site.events.get(index));
    let after = site.events.get(index + 1);
    html! {
        nav.neighbours aria-label="Neighbours" {
            @if let Some(page) = before {
                a rel="prev" href={ (page.slug) ".html" } { span.quiet-text { "Previous" } " " (breakable(page.signal.info.name)) }
            }
            @if let Some(page) = after {
                a.next rel="next" href={ (page.slug) ".html" } { span.quiet-text { "Next" } " " (breakable(page.signal.info.name)) }
            }
        }
    }
}
