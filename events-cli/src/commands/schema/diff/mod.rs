//! `events schema diff`.

mod compare;
mod git;
mod source;

use compare::{Comparison, EventDiff, Verdict};
use serde::Serialize;
use source::{Catalog, Source, SourceProblem};

use super::args::{DiffArgs, FailOn};
use crate::Status;
use crate::commands::{Facts, Failure};
use crate::text::{Page, count};
use crate::world::World;

/// What differs.
#[derive(Debug, Serialize)]
pub(super) struct Diff {
    before: Side,
    after: Side,
    verdicts: Verdicts,
    events: Vec<EventDiff>,
    #[serde(skip)]
    fail_on: Option<FailOn>,
}

#[derive(Debug, Serialize)]
struct Side {
    source: String,
    events: usize,
    /// Files that cannot be compared.
    problems: Vec<SourceProblem>,
}

/// How many events there are of each verdict.
#[derive(Debug, Serialize)]
struct Verdicts {
    breaking: usize,
    removed: usize,
    compatible: usize,
    added: usize,
    same: usize,
}

/// Compares both sides.
pub(super) fn diff(world: &World, args: &DiffArgs) -> Result<Diff, Failure> {
    let (a, b) = (Source::parse(&args.before), Source::parse(&args.after));
    let package = args.package.as_ref();
    let before = source::read(world, &args.before, &b, package)?;
    let after = source::read(world, &args.after, &a, package)?;
    let events = compare::catalogs(&before, &after, args.all);
    let number = |verdict| {
        events
            .iter()
            .filter(|event| event.verdict == verdict)
            .count()
    };
    Ok(Diff {
        verdicts: Verdicts {
            breaking: number(Verdict::Breaking),
            removed: number(Verdict::Removed),
            compatible: number(Verdict::Compatible),
            added: number(Verdict::Added),
            same: number(Verdict::Same),
        },
        events,
        before: before.into(),
        after: after.into(),
        fail_on: args.fail_on,
    })
}

impl From<Catalog> for Side {
    fn from(catalog: Catalog) -> Self {
        Self {
            source: catalog.source,
            events: catalog.events.len(),
            problems: catalog.problems,
        }
    }
}

impl Facts for Diff {
    fn lay_out(&self, page: &mut Page) {
        for (label, side) in [("Before", &self.before), ("After ", &self.after)] {
            let events = count(side.events, "event");
            page.line(&format!("{label}  {} ({events})", side.source));
        }
        for event in &self.events {
            event.lay_out(page);
        }
        page.blank();
        for side in [&self.before, &self.after] {
            if !side.problems.is_empty() {
                page.line(&format!("Not read in {}", side.source));
            }
            for problem in &side.problems {
                page.hanging(2, "- ", &format!("{}: {}", problem.file, problem.message));
            }
        }
        page.blank();
        let counted = Verdict::ALL.map(|verdict| {
            let events = self.events.iter();
            let number = events.filter(|event| event.verdict == verdict).count();
            format!("{number} {}", verdict.word())
        });
        page.line(&counted.join(", "));
    }

    fn status(&self) -> Status {
        let fails = |verdict| match self.fail_on {
            Some(FailOn::Breaking) => matches!(verdict, Verdict::Breaking | Verdict::Removed),
            Some(FailOn::Any) => verdict != Verdict::Same,
            None => false,
        };
        let unread = !self.before.problems.is_empty() || !self.after.problems.is_empty();
        if unread || self.events.iter().any(|event| fails(event.verdict)) {
            Status::Problems
        } else {
            Status::Ok
        }
    }
}

impl EventDiff {
    fn lay_out(&self, page: &mut Page) {
        let Self {
            event_type,
            versions,
            ..
        } = self;
        let verdict = self.verdict.word();
        let before = &self.before_event_type;
        let title = before.as_ref().map_or_else(
            || event_type.clone(),
            |before| format!("{before} -> {event_type}"),
        );
        match self.verdict {
            Verdict::Added => {
                page.blank();
                page.line(&format!(
                    "{title}: {verdict}, {}",
                    versions.after.join(", ")
                ));
            }
            Verdict::Removed => {
                page.blank();
                page.line(&format!(
                    "{title}: {verdict}, {}",
                    versions.before.join(", ")
                ));
            }
            // Where nothing is to be said, an event is only counted.
            _ if self.comparisons.iter().all(Comparison::is_silent) => {}
            _ => {
                page.blank();
                page.line(&format!("{title}: {verdict}"));
                for comparison in &self.comparisons {
                    comparison.lay_out(page);
                }
            }
        }
    }
}

impl Comparison {
    fn is_silent(&self) -> bool {
        self.findings.is_empty() && self.defaults.is_empty()
    }

    fn lay_out(&self, page: &mut Page) {
        let versions = if self.rewritten {
            format!("{} (rewritten)", self.before)
        } else if self.before == self.after {
            self.before.clone()
        } else {
            format!("{} -> {}", self.before, self.after)
        };
        page.line(&format!("  {versions}: {}", self.verdict.word()));
        for finding in &self.findings {
            page.hanging(4, &format!("[{}] ", finding.rule), &finding.text);
            let older = "services with the older schema cannot read what the newer ones write: ";
            let newer = "services with the newer schema cannot read what the older ones wrote: ";
            for (label, why) in [
                (older, finding.breaks_older_readers),
                (newer, finding.breaks_newer_readers),
            ] {
                if let Some(why) = why {
                    page.hanging(6, "", &format!("{label}{why}"));
                }
            }
        }
        if self.more > 0 {
            page.line(&format!("    and {} more", self.more));
        }
        for default in &self.defaults {
            page.hanging(4, "not on the wire: the default of ", &default.text);
        }
    }
}
