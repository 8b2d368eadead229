//! The first page: all events by subdomain, and the search.

use maud::{Markup, html};

use super::layout::{Frame, INDEX, PERSONAL, TYPES, breakable, personal_badge};
use crate::commands::docs::markdown;
use crate::commands::docs::site::{EventPage, Group, Site};
use crate::text::count;

pub(super) fn page(site: &Site<'_>) -> String {
    let several = site.catalogs().len() > 1;
    let groups: Vec<_> = site.groups().collect();
    let content = html! {
        main #content {
            h1 { (site.title) }
            p.lead { (lead(site)) }
            @if groups.is_empty() {
                p { "No event is linked into this binary. A crate that nothing names is dropped by the linker: name it in "
                    "the root of the binary with " code { "events_core::plugins!" } "." }
            }
            @if groups.len() > 1 {
                nav.chips aria-label="Subdomains" {
                    @for group in &groups {
                        a href={ "#" (group.anchor(several)) } {
                            @if several { (group.catalog) " · " }
                            (group.subdomain) " " span.number { (group.events.len()) }
                        }
                    }
                }
            }
            p #found role="status" {}
            @for catalog in site.catalogs() {
                div.catalog {
                    @if several { h2 #{ "catalog-" (catalog) } { "Catalog " code { (catalog) } } }
                    @for group in groups.iter().filter(|group| group.catalog == catalog) {
                        (section(site, group, several))
                    }
                }
            }
        }
    };
    let description = format!("{}.", count(site.events.len(), "event"));
    let frame = Frame {
        site,
        title: None,
        description: &description,
        root: "",
        current: INDEX,
    };
    frame.page(&content)
}

fn lead(site: &Site<'_>) -> Markup {
    let personal: usize = site.events.iter().map(|page| page.personal().count()).sum();
    let receivers = site.world.receivers.len();
    let subdomains = site.groups().count();
    html! {
        (count(site.events.len(), "event")) " in " (count(subdomains, "subdomain"))
        " from " (list(&site.catalogs())) ", with "
        a href=(TYPES) { (count(site.types.len(), "data type")) } ", "
        a href=(PERSONAL) { (count(personal, "field")) " of personal data" } " and "
        (count(receivers, "receiver")) " in this binary."
    }
}

fn list(names: &[&str]) -> Markup {
    html! {
        @for (index, name) in names.iter().enumerate() {
            @if index > 0 { ", " }
            code { (name) }
        }
    }
}

fn section(site: &Site<'_>, group: &Group<'_, '_>, several: bool) -> Markup {
    let anchor = group.anchor(several);
    let heading = html! { (group.subdomain) " " span.number { (group.events.len()) } };
    html! {
        section.group #(anchor) aria-labelledby={ "heading-" (anchor) } {
            @if several {
                h3 #{ "heading-" (anchor) } { (heading) }
            } @else {
                h2 #{ "heading-" (anchor) } { (heading) }
            }
            ul.events {
                @for page in group.events { (item(site, page)) }
            }
        }
    }
}

fn item(site: &Site<'_>, page: &EventPage<'_>) -> Markup {
    let event = page.event();
    // What the search looks through besides the text that is shown.
    let fields: Vec<_> = page.fields.iter().map(|row| row.path.as_str()).collect();
    let receivers = page.signal.connected.len();
    let hidden = format!("{} {}", event.name, records(site, page));
    html! {
        li data-fields=(fields.join(" ")) data-names=(hidden) {
            a.name href=(page.path()) { (breakable(page.signal.info.name)) }
            @if !event.doc.is_empty() {
                p { (markdown::first_paragraph(event.doc)) }
            }
            p.facts {
                code { (breakable(event.event_type)) }
                @if page.personal().next().is_some() { " " (personal_badge()) }
                @if receivers > 0 { " " span.badge { (count(receivers, "receiver")) } }
                @if !page.signal.enabled { " " span.badge.warning { "disabled" } }
            }
        }
    }
}

/// The names of the types that an event carries.
fn records(site: &Site<'_>, page: &EventPage<'_>) -> String {
    let index = site.events.iter().position(|other| other.slug == page.slug);
    let carried = site
        .types
        .iter()
        .filter(|one| index.is_some_and(|index| one.events.contains(&index)));
    let names: Vec<_> = carried.map(|one| one.kind.name()).collect();
    names.join(" ")
}
