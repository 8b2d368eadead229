//! The kept versions of an event's schema, and what changed from each to the next.

use events_core::EventInfo;
use events_core::schema::{AvroSchema, Findings, KeptSchema, compare};
use similar::{ChangeTag, TextDiff};

/// A version of an event's schema.
#[derive(Debug)]
pub(super) struct Version {
    pub(super) minor: u32,
    /// See [`KeptSchema::label`].
    pub(super) label: Option<&'static str>,
    /// The schema file; none where the struct is ahead of its files.
    pub(super) file: Option<&'static str>,
    /// Since the version before.
    pub(super) change: Option<Change>,
}

#[derive(Debug)]
pub(super) struct Change {
    pub(super) findings: Findings,
    pub(super) lines: Vec<Line>,
}

/// A line of the schemas' text, or a place where equal ones are left out.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    Same(String),
    Added(String),
    Removed(String),
    Gap,
}

/// The versions, the newest first.
pub(super) fn versions(event: &'static EventInfo) -> Vec<Version> {
    let oldest_first = || event.kept.iter().rev();
    let mut versions: Vec<Version> = oldest_first()
        .map(|kept| Version {
            minor: kept.minor_version,
            label: kept.label,
            file: Some(kept.file),
            change: None,
        })
        .collect();
    let mut schemas: Vec<_> = oldest_first().map(|kept| kept.schema).collect();
    let is_current =
        |kept: &KeptSchema| kept.label.is_none() && kept.minor_version == event.minor_version;
    if !event.kept.iter().any(is_current) {
        versions.push(Version {
            minor: event.minor_version,
            label: None,
            file: None,
            change: None,
        });
        schemas.push(event.schema);
    }
    for (version, pair) in versions.iter_mut().skip(1).zip(schemas.windows(2)) {
        let [old, new] = pair else { continue };
        version.change = Some(Change {
            findings: compare(old, new),
            lines: lines(
                &AvroSchema::new(event.event_type, old).to_string(),
                &AvroSchema::new(event.event_type, new).to_string(),
            ),
        });
    }
    versions.reverse();
    versions
}

fn lines(old: &str, new: &str) -> Vec<Line> {
    let diff = TextDiff::from_lines(old, new);
    let mut lines = Vec::new();
    for group in diff.grouped_ops(3) {
        if !lines.is_empty() {
            lines.push(Line::Gap);
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let text = change.value().trim_end_matches('\n').to_owned();
            lines.push(match change.tag() {
                ChangeTag::Equal => Line::Same(text),
                ChangeTag::Insert => Line::Added(text),
                ChangeTag::Delete => Line::Removed(text),
            });
        }
    }
    lines
}
