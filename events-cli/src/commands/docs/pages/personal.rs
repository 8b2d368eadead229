//! The page of the personal data.

use maud::{Markup, html};

use super::layout::{Frame, PERSONAL, breakable};
use super::schema_type::schema_type;
use crate::commands::docs::markdown;
use crate::commands::docs::site::{EventPage, Site};
use crate::text::count;

pub(super) fn page(site: &Site<'_>) -> String {
    let with: Vec<_> = site
        .events
        .iter()
        .filter(|page| page.personal().next().is_some())
        .collect();
    let fields: usize = with.iter().map(|page| page.personal().count()).sum();
    let content = html! {
        main #content {
            h1 { "Personal data" }
            p.lead {
                (count(with.len(), "event")) " of " (site.events.len()) (carry(with.len()))
                (count(fields, "field")) " that the catalog marks as personal data ("
                code { "#[event_data(pii)]" } "). Their values are left out of logs and debug output; who receives such an event is "
                "responsible for what it does with them."
            }
            @if with.is_empty() {
                p { "No field is marked." }
            } @else {
                table.fields.personal-data {
                    caption.quiet { "Fields of personal data, by event" }
                    thead { tr { th scope="col" { "Field" } th scope="col" { "Type" } th scope="col" { "Description" } } }
                    @for page in &with { (rows(site, page)) }
                }
            }
        }
    };
    let frame = Frame {
        site,
        title: Some("Personal data"),
        description: "Which events carry personal data, and in which fields.",
        root: "",
        current: PERSONAL,
    };
    frame.page(&content)
}

fn carry(events: usize) -> &'static str {
    if events == 1 { " carries " } else { " carry " }
}

fn rows(site: &Site<'_>, page: &EventPage<'_>) -> Markup {
    html! {
        tbody {
            tr.group {
                th colspan="3" scope="rowgroup" {
                    a href=(page.path()) { (breakable(page.signal.info.name)) }
                }
            }
            @for row in page.personal() {
                tr {
                    th scope="row" {
                        a href={ (page.path()) "#field-" (row.path) } { code { (breakable(&row.path)) } }
                    }
                    td.type { (schema_type(site, "", row.field.schema)) }
                    td { (markdown::inline(row.field.doc)) }
                }
            }
        }
    }
}
