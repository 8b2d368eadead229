//! `events schema accept`.

use events_core::schema::folder;
use serde::Serialize;

use super::args::AcceptArgs;
use super::packages::{self, Skipped, Target};
use super::problems::{self, ProblemFacts};
use crate::Status;
use crate::commands::{Facts, Failure};
use crate::names::{self, Unknown};
use crate::text::{Page, count};
use crate::world::{SignalView, World};

/// What was written, and what was not.
#[derive(Debug, Serialize)]
pub(super) struct Accept {
    ok: bool,
    dry_run: bool,
    packages: Vec<Accepted>,
    skipped: Vec<Skipped>,
}

#[derive(Debug, Serialize)]
struct Accepted {
    package: String,
    #[serde(rename = "crate")]
    catalog: &'static str,
    folder: String,
    written: Vec<Written>,
    /// The paths of the files that are as they should be.
    unchanged: Vec<String>,
    refused: Vec<ProblemFacts>,
}

#[derive(Debug, Serialize)]
struct Written {
    event_type: &'static str,
    minor_version: u32,
    file: String,
    /// Whether the file was there, and meant the same.
    anew: bool,
}

/// Writes the files.
pub(super) fn accept(world: &World, args: &AcceptArgs) -> Result<Accept, Failure> {
    let signals = if args.events.is_empty() {
        world.signals.iter().collect()
    } else {
        named(world, &args.events)?
    };
    let found = packages::find(&signals, &args.whose)?;
    let packages: Vec<_> = found
        .targets
        .into_iter()
        .map(|target| Accepted::new(target, args.dry_run))
        .collect();
    Ok(Accept {
        ok: packages.iter().all(|package| package.refused.is_empty()),
        dry_run: args.dry_run,
        packages,
        skipped: found.skipped,
    })
}

fn named<'w>(world: &'w World, names: &[String]) -> Result<Vec<&'w SignalView>, Unknown> {
    let mut signals = Vec::new();
    for name in names {
        let meant = names::signals(world, name);
        if meant.is_empty() {
            return Err(Unknown::signal(world, name));
        }
        signals.extend(meant);
    }
    Ok(signals)
}

impl Accepted {
    fn new(target: Target, dry_run: bool) -> Self {
        let Target {
            package,
            catalog,
            folder,
            events,
        } = target;
        let path = |file: &str| folder.join(file).display().to_string();
        let accepted = folder::accept(&folder, &events, dry_run);
        let written = accepted.written.iter().map(|written| Written {
            event_type: written.event_type,
            minor_version: written.minor_version,
            file: path(&written.file),
            anew: written.anew,
        });
        let refused = accepted.refused.into_iter();
        Self {
            package,
            catalog,
            folder: folder.display().to_string(),
            written: written.collect(),
            unchanged: accepted.unchanged.iter().map(|file| path(file)).collect(),
            refused: refused
                .map(|problem| ProblemFacts::new(&folder, problem))
                .collect(),
        }
    }
}

impl Facts for Accept {
    fn lay_out(&self, page: &mut Page) {
        let packages = || self.packages.iter();
        let written: Vec<_> = packages().flat_map(|package| &package.written).collect();
        let unchanged: usize = packages().map(|package| package.unchanged.len()).sum();
        let refused = || packages().flat_map(|package| &package.refused);
        if !written.is_empty() {
            page.line(if self.dry_run { "Would write" } else { "Wrote" });
            for written in &written {
                let note = if written.anew {
                    " (anew: what was there meant the same)"
                } else {
                    ""
                };
                page.line(&format!("  {}{note}", written.file));
            }
        }
        if refused().next().is_some() {
            page.blank();
            page.line("Left as it is");
            problems::lay_out(page, refused());
        }
        problems::lay_out_skipped(page, &self.skipped);
        page.blank();
        let verb = if self.dry_run { "to write" } else { "written" };
        let mut end = format!(
            "{} {verb}, {unchanged} as they should be",
            count(written.len(), "file")
        );
        match refused().count() {
            0 => {}
            number => {
                end.push_str(", ");
                end.push_str(&count(number, "problem"));
            }
        }
        page.line(&end);
        if !written.is_empty() && !self.dry_run {
            page.line("Commit them: from the next build on, the compiler holds the events to them");
        }
    }

    fn status(&self) -> Status {
        if self.ok {
            Status::Ok
        } else {
            Status::Problems
        }
    }
}
