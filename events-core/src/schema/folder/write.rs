//! Writes the schema files that are missing.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use super::by_type;
use super::disk::{Disk, Files};
use super::judge::{self, Current};
use super::name::file_of;
use super::problem::{Problem, ProblemKind};
use crate::event::EventInfo;

/// What came of [`accept`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Accepted {
    /// The files that were written, by event type.
    pub written: Vec<Written>,
    /// The names of the files that were there already, and are as they should be.
    pub unchanged: Vec<String>,
    /// What was left as it is, and why.
    pub refused: Vec<Problem>,
}

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Written {
    /// The event.
    pub event_type: &'static str,
    /// Its minor version.
    pub minor_version: u32,
    /// The name of the file.
    pub file: String,
    /// Whether there was a file that meant the same, and was other JSON.
    pub anew: bool,
}

/// Writes the schema file of the minor version of each event, where it is missing. With `dry_run`, says only what it
/// would write.
///
/// A file that says something else is never overwritten.
pub fn accept(folder: &Path, events: &[&EventInfo], dry_run: bool) -> Accepted {
    let disk = Disk::read(folder);
    let none = Files::default();
    let mut accepted = Accepted::default();
    if disk
        .problems
        .iter()
        .any(|problem| problem.kind == ProblemKind::FolderUnreadable)
    {
        accepted.refused = disk.problems;
        return accepted;
    }
    for (event_type, event) in by_type(events) {
        let files = disk.events.get(event_type).unwrap_or(&none);
        let file = file_of(event_type, event.minor_version);
        if let Some(problem) = judge::minor(event, files) {
            accepted.refused.push(problem);
            continue;
        }
        let anew = match judge::current(event, files) {
            Current::Same => {
                accepted.unchanged.push(file);
                continue;
            }
            Current::Other(problem) => {
                accepted.refused.push(problem);
                continue;
            }
            Current::Missing => false,
            Current::Outdated => true,
        };
        let written = if dry_run {
            Ok(())
        } else {
            write(folder, &file, &event.avro_schema().to_string())
        };
        match written {
            Ok(()) => accepted.written.push(Written {
                event_type,
                minor_version: event.minor_version,
                file,
                anew,
            }),
            Err(error) => accepted.refused.push(
                Problem::new(
                    ProblemKind::FileUnwritable,
                    file,
                    format!("it cannot be written into {}: {error}", folder.display()),
                    "see that the folder may be written, and run this again",
                )
                .of(event_type),
            ),
        }
    }
    accepted
}

/// All of the file, or nothing of it: whoever compiles at this moment reads no half of it.
fn write(folder: &Path, name: &str, text: &str) -> io::Result<()> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);

    fs::create_dir_all(folder)?;
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let half = folder.join(format!(".{name}.{}-{number}.tmp", std::process::id()));
    let written = File::create(&half)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&half, folder.join(name)));
    if written.is_err() {
        // It may not be there; the error is the one above.
        let _ = fs::remove_file(&half);
    }
    written
}
