//! What the site is made of, gathered from the registry.

use events_core::EventInfo;

use super::fields::{self, FieldRow};
use super::types::{DataTypes, free};
use crate::examples::Example;
use crate::world::{SignalView, World};

/// The whole site, before it is written.
#[derive(Debug)]
pub(super) struct Site<'w> {
    pub(super) title: &'w str,
    pub(super) world: &'w World,
    /// By catalog, subdomain and event type.
    pub(super) events: Vec<EventPage<'w>>,
    pub(super) types: DataTypes,
}

/// An event and its page.
#[derive(Debug)]
pub(super) struct EventPage<'w> {
    pub(super) signal: &'w SignalView,
    /// The name of its file without the ending.
    pub(super) slug: String,
    pub(super) fields: Vec<FieldRow>,
    pub(super) example: Example,
}

/// Events of one subdomain of one catalog.
#[derive(Debug, Clone, Copy)]
pub(super) struct Group<'s, 'w> {
    pub(super) catalog: &'static str,
    pub(super) subdomain: &'static str,
    pub(super) events: &'s [EventPage<'w>],
}

impl<'w> Site<'w> {
    pub(super) fn new(world: &'w World, title: &'w str) -> Self {
        let mut signals: Vec<_> = world.signals.iter().collect();
        signals.sort_by_key(|signal| {
            (
                signal.catalog(),
                subdomain(signal.event),
                signal.event.event_type,
            )
        });
        let mut slugs = Vec::new();
        let events: Vec<_> = signals
            .into_iter()
            .map(|signal| {
                let slug = free(&file_name(signal.event.event_type), &slugs);
                slugs.push(slug.clone());
                EventPage {
                    signal,
                    slug,
                    fields: fields::rows(signal.event),
                    example: Example::of(signal.event.schema),
                }
            })
            .collect();
        let types = DataTypes::of(events.iter().map(|page| page.event().schema));
        Self {
            title,
            world,
            events,
            types,
        }
    }

    /// The events by catalog and subdomain.
    pub(super) fn groups(&self) -> impl Iterator<Item = Group<'_, 'w>> {
        self.events
            .chunk_by(|a, b| a.catalog() == b.catalog() && a.subdomain() == b.subdomain())
            .filter_map(|events| {
                let first = events.first()?;
                Some(Group {
                    catalog: first.catalog(),
                    subdomain: first.subdomain(),
                    events,
                })
            })
    }

    /// The crates that declare the events.
    pub(super) fn catalogs(&self) -> Vec<&'static str> {
        let mut catalogs: Vec<_> = self.events.iter().map(EventPage::catalog).collect();
        catalogs.dedup();
        catalogs
    }
}

impl EventPage<'_> {
    pub(super) fn event(&self) -> &'static EventInfo {
        self.signal.event
    }

    pub(super) fn catalog(&self) -> &'static str {
        self.signal.catalog()
    }

    pub(super) fn subdomain(&self) -> &'static str {
        subdomain(self.signal.event)
    }

    /// Where it is on the site.
    pub(super) fn path(&self) -> String {
        format!("events/{}.html", self.slug)
    }

    /// Where its schema is on the site.
    pub(super) fn schema_path(&self) -> String {
        format!("schemas/{}.{}.avsc", self.slug, self.event().minor_version)
    }

    /// The fields that are marked as personal data.
    pub(super) fn personal(&self) -> impl Iterator<Item = &FieldRow> {
        self.fields.iter().filter(|row| row.marked())
    }
}

impl Group<'_, '_> {
    /// Its place on the index; the name of the subdomain, as long as one catalog has it only.
    pub(super) fn anchor(&self, of_several: bool) -> String {
        if of_several {
            format!("{}-{}", self.catalog, self.subdomain)
        } else {
            self.subdomain.to_owned()
        }
    }
}

fn subdomain(event: &EventInfo) -> &'static str {
    match event.subdomain() {
        "" => "other",
        subdomain => subdomain,
    }
}

/// The event type as the name of a file, on every system.
fn file_name(event_type: &str) -> String {
    let kept = event_type.chars().map(|char| match char {
        'a'..='z' | '0'..='9' | '.' | '_' | '-' => char,
        'A'..='Z' => char.to_ascii_lowercase(),
        _ => '-',
    });
    kept.collect()
}
