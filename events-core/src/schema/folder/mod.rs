//! The schema folder of a catalog crate: checking it, and writing what is missing.
//!
//! What `events schema check` and `events schema accept` do, and
//! [`testing::schema_files!`](crate::testing::schema_files); without a command line, and without any output.
//!
//! The compiler compares an event with the files that are there ([`Contract`](super::Contract)). What it cannot know is
//! found here: files that are missing, left over, misnamed, or changed since.

mod defaults;
mod disk;
mod judge;
mod name;
mod problem;
mod read;
mod same;
mod waivers;
mod write;

use std::collections::BTreeMap;
use std::path::Path;

pub use defaults::{DefaultChange, compare_defaults};
use disk::Disk;
pub use name::FileName;
pub use problem::{Problem, ProblemKind};
pub use read::{ReadSchema, read_schema};
pub use write::{Accepted, Written, accept};

use crate::event::EventInfo;

/// What came of checking a schema folder.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Checked {
    /// How many events there are.
    pub events: usize,
    /// How many files were read.
    pub files: usize,
    /// Everything that is wrong: by event type, then what belongs to no event.
    pub problems: Vec<Problem>,
}

/// Checks a schema folder against all the events of its crate.
///
/// A folder that is not there is one without files.
pub fn check(folder: &Path, events: &[&EventInfo]) -> Checked {
    let disk = Disk::read(folder);
    let events = by_type(events);
    let none = disk::Files::default();
    let mut problems = Vec::new();
    for (event_type, event) in &events {
        let files = disk.events.get(*event_type).unwrap_or(&none);
        judge::check(event, files, &mut problems);
    }
    for (event_type, files) in &disk.events {
        if !events.contains_key(event_type.as_str()) {
            problems.extend(unknown(event_type, files));
            problems.extend(files.unreadable(event_type));
        }
    }
    problems.extend(disk.problems);
    Checked {
        events: events.len(),
        files: disk.files,
        problems,
    }
}

/// One of each type: that two events have one is for [`registry::verify`](crate::registry::verify) to say.
fn by_type<'e>(events: &[&'e EventInfo]) -> BTreeMap<&'static str, &'e EventInfo> {
    events
        .iter()
        .map(|event| (event.event_type, *event))
        .collect()
}

fn unknown(event_type: &str, files: &disk::Files) -> impl Iterator<Item = Problem> {
    let schemas = files.schemas.values().map(|file| &file.name);
    let names = schemas.chain(files.waivers.as_ref().map(|waivers| &waivers.name));
    names.map(move |name| {
        Problem::new(
            ProblemKind::FileUnknown,
            name,
            format!("the crate declares no event of type `{event_type}`"),
            "restore the event, which others may still send and receive; if nobody does, delete the file. An event behind a \
             feature is seen only where the feature is on",
        )
        .of(event_type)
    })
}
