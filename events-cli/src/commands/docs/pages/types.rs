//! The page of the data types.

use events_core::{EnumSchema, RecordSchema};
use maud::{Markup, html};

use super::layout::{Frame, TYPES, breakable, personal_badge};
use super::schema_type::{default, schema_type};
use crate::commands::docs::markdown;
use crate::commands::docs::site::{EventPage, Site};
use crate::commands::docs::types::{DataType, Kind};
use crate::text::count;

pub(super) fn page(site: &Site<'_>) -> String {
    let content = html! {
        main #content {
            h1 { "Data types" }
            p.lead {
                "What events carry: records, enums, and texts with a form of their own. "
                (count(site.types.len(), "data type")) "."
            }
            @if site.types.len() > 1 {
                nav.chips aria-label="Data types" {
                    @for one in site.types.iter() {
                        a href={ "#" (one.anchor) } {
                            (one.kind.name())
                            @if let Some(where_from) = where_from(site, one) { " " span.kind { (where_from) } }
                        }
                    }
                }
            }
            @for one in site.types.iter() {
                section.type #(one.anchor) aria-labelledby={ "heading-" (one.anchor) } {
                    (about(site, one))
                    (users(site, one))
                }
            }
        }
    };
    let frame = Frame {
        site,
        title: Some("Data types"),
        description: "The types that the events of this catalog carry.",
        root: "",
        current: TYPES,
    };
    frame.page(&content)
}

/// Which of several types of one name it is: the subdomains of the events that carry it.
fn where_from(site: &Site<'_>, one: &DataType) -> Option<String> {
    let same_name = |other: &&DataType| other.kind.name() == one.kind.name();
    if site.types.iter().filter(same_name).count() < 2 {
        return None;
    }
    let events = one
        .events
        .iter()
        .filter_map(|index| site.events.get(*index));
    let mut subdomains: Vec<_> = events.map(EventPage::subdomain).collect();
    subdomains.dedup();
    Some(subdomains.join(", "))
}

fn about(site: &Site<'_>, one: &DataType) -> Markup {
    let heading = |what: &str| {
        html! {
            h2 #{ "heading-" (one.anchor) } {
                code { (one.kind.name()) } " "
                span.kind {
                    (what)
                    @if let Some(where_from) = where_from(site, one) { " in " (where_from) }
                }
            }
        }
    };
    match one.kind {
        Kind::Record(record) => html! {
            (heading("record"))
            (markdown::blocks(record.doc))
            (fields(site, record))
        },
        Kind::Enum(list) => html! {
            (heading("enum"))
            (markdown::blocks(list.doc))
            (variants(list))
        },
        Kind::Text(_) => html! {
            (heading("string"))
            p { "Travels as text, in a form of its own." }
        },
    }
}

fn fields(site: &Site<'_>, record: &'static RecordSchema) -> Markup {
    html! {
        table.fields {
            thead { tr { th scope="col" { "Field" } th scope="col" { "Type" } th scope="col" { "Description" } } }
            tbody {
                @for field in record.fields {
                    tr {
                        th scope="row" { code { (breakable(field.name)) } }
                        td.type { (schema_type(site, "", field.schema)) }
                        td {
                            @if field.personal { (personal_badge()) " " }
                            (markdown::inline(field.doc))
                            @if let Some(value) = default(field) {
                                span.default { " Default: " code { (value) } "." }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn variants(list: &EnumSchema) -> Markup {
    html! {
        ul { @for variant in list.variants { li { code { (variant) } } } }
        @if list.open { p { "Readers keep other values, too." } }
        @else { p { "Readers refuse any other value." } }
    }
}

fn users(site: &Site<'_>, one: &DataType) -> Markup {
    let pages: Vec<_> = one
        .events
        .iter()
        .filter_map(|index| site.events.get(*index))
        .collect();
    html! {
        details {
            summary { "Carried by " (count(pages.len(), "event")) }
            ul.plain {
                @for page in pages {
                    li { a href=(page.path()) { (breakable(page.signal.info.name)) } }
                }
            }
        }
    }
}
