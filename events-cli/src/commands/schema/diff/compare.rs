//! The comparison of two catalogs.

use std::collections::BTreeSet;

use events_core::schema::folder::{DefaultChange, compare_defaults};
use events_core::schema::{Finding, compare};
use serde::Serialize;

use super::source::{Catalog, Version};

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    /// The same on the wire.
    Same,
    /// It is new.
    Added,
    /// It differs, and everybody reads everybody.
    Compatible,
    /// Somebody cannot read somebody.
    Breaking,
    /// It is gone.
    Removed,
}

impl Verdict {
    pub(super) const ALL: [Self; 5] = [
        Self::Breaking,
        Self::Removed,
        Self::Compatible,
        Self::Added,
        Self::Same,
    ];

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Added => "added",
            Self::Compatible => "compatible",
            Self::Breaking => "breaking",
            Self::Removed => "removed",
        }
    }
}

/// An event in both catalogs.
#[derive(Debug, Serialize)]
pub(super) struct EventDiff {
    pub(super) event_type: String,
    /// Where a file of one event is compared with that of another.
    pub(super) before_event_type: Option<String>,
    /// The worst of the comparisons.
    pub(super) verdict: Verdict,
    pub(super) versions: Versions,
    pub(super) comparisons: Vec<Comparison>,
}

/// The versions that either side has, the newest last.
#[derive(Debug, Serialize)]
pub(super) struct Versions {
    pub(super) before: Vec<String>,
    pub(super) after: Vec<String>,
}

/// A version on one side and one on the other.
#[derive(Debug, Serialize)]
pub(super) struct Comparison {
    pub(super) before: String,
    pub(super) after: String,
    pub(super) verdict: Verdict,
    /// Whether it is one version, which says one thing before and another after.
    pub(super) rewritten: bool,
    pub(super) findings: Vec<FindingFacts>,
    /// How many findings there are beyond those.
    pub(super) more: usize,
    /// What is not on the wire.
    pub(super) defaults: Vec<DefaultFacts>,
}

#[derive(Debug, Serialize)]
pub(super) struct FindingFacts {
    pub(super) rule: &'static str,
    pub(super) path: String,
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
    pub(super) breaking: bool,
    /// Why a service with the older schema cannot read what one with the newer schema writes.
    pub(super) breaks_older_readers: Option<&'static str>,
    /// Why a service with the newer schema cannot read what one with the older schema wrote.
    pub(super) breaks_newer_readers: Option<&'static str>,
    #[serde(skip)]
    pub(super) text: String,
}

#[derive(Debug, Serialize)]
pub(super) struct DefaultFacts {
    pub(super) path: String,
    pub(super) before: Option<&'static str>,
    pub(super) after: Option<&'static str>,
    #[serde(skip)]
    pub(super) text: String,
}

/// Compares every event of either side.
pub(super) fn catalogs(before: &Catalog, after: &Catalog, all: bool) -> Vec<EventDiff> {
    if let Some(diff) = of_two_files(before, after, all) {
        return vec![diff];
    }
    let both = before.events.keys().chain(after.events.keys());
    let wanted = both.filter(|event_type| {
        // A file is of one event: the others of the other side are not asked about.
        let is_of = |side: &Catalog| !side.is_file || side.events.contains_key(*event_type);
        is_of(before) && is_of(after)
    });
    let wanted: BTreeSet<_> = wanted.collect();
    let versions = |side: &'_ Catalog, event_type: &String| {
        side.events.get(event_type).cloned().unwrap_or_default()
    };
    wanted
        .into_iter()
        .map(|event_type| {
            EventDiff::new(
                event_type,
                &versions(before, event_type),
                &versions(after, event_type),
                all,
            )
        })
        .collect()
}

/// Two files are compared, whosever they are.
fn of_two_files(before: &Catalog, after: &Catalog, all: bool) -> Option<EventDiff> {
    if !before.is_file || !after.is_file {
        return None;
    }
    let (was, old) = before.events.first_key_value()?;
    let (is, new) = after.events.first_key_value()?;
    let mut diff = EventDiff::new(is, old, new, all);
    diff.before_event_type = (was != is).then(|| was.clone());
    Some(diff)
}

impl EventDiff {
    fn new(event_type: &str, before: &[Version], after: &[Version], all: bool) -> Self {
        let mut comparisons = Vec::new();
        let verdict = match (before.split_last(), after.last()) {
            (None, _) => Verdict::Added,
            (_, None) => Verdict::Removed,
            (Some((newest, older)), Some(after_newest)) => {
                for old in older {
                    // A version that both have is to be the same: it was published.
                    let namesake = after.iter().find(|new| new.name == old.name);
                    let rewritten = namesake.map(|new| Comparison::new(old, new));
                    comparisons
                        .extend(rewritten.filter(|comparison| comparison.verdict != Verdict::Same));
                    if all {
                        comparisons.push(Comparison::new(old, after_newest));
                    }
                }
                let namesake = after.iter().find(|new| new.name == newest.name);
                let rewritten = namesake
                    .filter(|namesake| namesake.name != after_newest.name)
                    .map(|new| Comparison::new(newest, new));
                comparisons
                    .extend(rewritten.filter(|comparison| comparison.verdict != Verdict::Same));
                comparisons.push(Comparison::new(newest, after_newest));
                let verdicts = comparisons.iter().map(|comparison| comparison.verdict);
                verdicts.max().unwrap_or(Verdict::Same)
            }
        };
        let names = |versions: &[Version]| {
            versions
                .iter()
                .map(|version| version.name.clone())
                .collect()
        };
        Self {
            event_type: event_type.to_owned(),
            before_event_type: None,
            verdict,
            versions: Versions {
                before: names(before),
                after: names(after),
            },
            comparisons,
        }
    }
}

impl Comparison {
    fn new(before: &Version, after: &Version) -> Self {
        let findings = compare(before.schema, after.schema);
        let verdict = if findings.is_empty() {
            Verdict::Same
        } else if findings.are_breaking() {
            Verdict::Breaking
        } else {
            Verdict::Compatible
        };
        let defaults = compare_defaults(before.schema, after.schema);
        Self {
            before: before.name.clone(),
            after: after.name.clone(),
            verdict,
            rewritten: verdict != Verdict::Same
                && before.is_numbered()
                && before.name == after.name,
            findings: findings.as_slice().iter().map(FindingFacts::new).collect(),
            more: findings.more(),
            defaults: defaults.into_iter().map(DefaultFacts::from).collect(),
        }
    }
}

impl FindingFacts {
    fn new(finding: &Finding) -> Self {
        let there = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Self {
            rule: finding.rule().id(),
            path: finding.path().to_owned(),
            before: there(finding.before()),
            after: there(finding.after()),
            breaking: finding.is_breaking(),
            breaks_older_readers: finding.why_older_readers_break(),
            breaks_newer_readers: finding.why_newer_readers_break(),
            text: finding.to_string(),
        }
    }
}

impl From<DefaultChange> for DefaultFacts {
    fn from(change: DefaultChange) -> Self {
        Self {
            text: change.to_string(),
            path: change.path,
            before: change.before,
            after: change.after,
        }
    }
}
