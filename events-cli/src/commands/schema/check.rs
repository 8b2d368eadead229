//! `events schema check`.

use events_core::schema::folder;
use serde::Serialize;

use super::args::CheckArgs;
use super::packages::{self, Skipped, Target};
use super::problems::{self, ProblemFacts};
use crate::Status;
use crate::commands::{Facts, Failure};
use crate::text::{Page, count};
use crate::world::World;

/// What was checked, and what is wrong.
#[derive(Debug, Serialize)]
pub(super) struct Check {
    ok: bool,
    packages: Vec<Checked>,
    skipped: Vec<Skipped>,
}

#[derive(Debug, Serialize)]
struct Checked {
    package: String,
    #[serde(rename = "crate")]
    catalog: &'static str,
    folder: String,
    events: usize,
    files: usize,
    problems: Vec<ProblemFacts>,
}

/// Checks the files.
pub(super) fn check(world: &World, args: &CheckArgs) -> Result<Check, Failure> {
    let signals: Vec<_> = world.signals.iter().collect();
    let found = packages::find(&signals, &args.whose)?;
    let packages: Vec<_> = found.targets.into_iter().map(Checked::new).collect();
    Ok(Check {
        ok: packages.iter().all(|package| package.problems.is_empty()),
        packages,
        skipped: found.skipped,
    })
}

impl Checked {
    fn new(target: Target) -> Self {
        let checked = folder::check(&target.folder, &target.events);
        let problems = checked.problems.into_iter();
        Self {
            package: target.package,
            catalog: target.catalog,
            folder: target.folder.display().to_string(),
            events: checked.events,
            files: checked.files,
            problems: problems
                .map(|problem| ProblemFacts::new(&target.folder, problem))
                .collect(),
        }
    }
}

impl Facts for Check {
    fn lay_out(&self, page: &mut Page) {
        page.line("Checked");
        for package in &self.packages {
            page.line(&format!(
                "  {}: {}, {} in {}",
                package.package,
                count(package.events, "event"),
                count(package.files, "file"),
                package.folder
            ));
        }
        problems::lay_out_skipped(page, &self.skipped);
        page.blank();
        let problems = || self.packages.iter().flat_map(|package| &package.problems);
        page.line(&match problems().count() {
            0 => String::from("No problems"),
            number => count(number, "problem"),
        });
        problems::lay_out(page, problems());
    }

    fn status(&self) -> Status {
        if self.ok {
            Status::Ok
        } else {
            Status::Problems
        }
    }
}
