//! The folder that the site is written to.
//!
//! A file in it says that it is ours, and which files are: so that a folder of somebody else is refused, and pages of
//! events that are gone are removed, and nothing else is.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Error, ErrorKind, Result};
use std::path::{Component, Path};

use serde::{Deserialize, Serialize};

use crate::commands::Failure;

/// Says that the folder is ours.
pub(super) const MARKER: &str = ".events-docs.json";

#[derive(Debug, Serialize, Deserialize)]
struct Marker {
    /// For whoever finds the file.
    made_by: String,
    /// The files of the site, each relative to the folder.
    files: BTreeSet<String>,
}

/// What was done.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Written {
    /// How many files are new or other than before.
    pub(super) changed: usize,
    /// How many files of an earlier site are gone.
    pub(super) removed: usize,
}

/// Writes the files, given by their paths with `/`, and removes those of an earlier site that are not among them.
///
/// # Errors
/// When the folder has files and is not one of a site, unless it is forced; and when it cannot be written.
pub(super) fn write(
    folder: &Path,
    files: &BTreeMap<String, String>,
    force: bool,
) -> core::result::Result<Written, Failure> {
    let before = files_before(folder, force)?;
    let now: BTreeSet<String> = files.keys().cloned().collect();
    fs::create_dir_all(folder).map_err(|error| at(folder, &error))?;
    // A run that is broken off leaves a folder that the next one knows as its own, and clears.
    mark(folder, &before | &now)?;
    let mut written = Written::default();
    for (path, text) in files {
        written.changed += usize::from(write_file(&folder.join(path), text)?);
    }
    for path in before.difference(&now) {
        written.removed += usize::from(remove(folder, path)?);
    }
    mark(folder, now)?;
    Ok(written)
}

/// The files of an earlier site.
fn files_before(folder: &Path, force: bool) -> core::result::Result<BTreeSet<String>, Failure> {
    let mut entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeSet::new()),
        Err(error) => return Err(at(folder, &error).into()),
    };
    if let Ok(text) = fs::read_to_string(folder.join(MARKER)) {
        let marker: core::result::Result<Marker, _> = serde_json::from_str(&text);
        if let Ok(marker) = marker {
            let ours = marker.files.into_iter().filter(|path| stays_inside(path));
            return Ok(ours.collect());
        }
    }
    if entries.next().is_some() && !force {
        return Err(Failure::Usage(format!(
            "the folder `{}` has files, and none of them says that `events docs` made it; name an empty folder or one that \
             is not there, or add `--force` to write among the files",
            folder.display()
        )));
    }
    Ok(BTreeSet::new())
}

/// Whether a path leads nowhere but into the folder: the marker is a file like any other, and may say anything.
fn stays_inside(path: &str) -> bool {
    let mut parts = Path::new(path).components();
    !path.is_empty() && parts.all(|part| matches!(part, Component::Normal(_)))
}

fn mark(folder: &Path, files: BTreeSet<String>) -> Result<()> {
    let marker = Marker {
        made_by: String::from(
            "`events docs`, which removes these files when it no longer writes them",
        ),
        files,
    };
    let text = serde_json::to_string_pretty(&marker)? + "\n";
    write_file(&folder.join(MARKER), &text).map(drop)
}

/// Whether the file is new or another one than before. Equal files are not touched: what copies a site goes by time.
fn write_file(path: &Path, text: &str) -> Result<bool> {
    if fs::read(path).is_ok_and(|before| before == text.as_bytes()) {
        return Ok(false);
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| at(folder, &error))?;
    }
    fs::write(path, text).map_err(|error| at(path, &error))?;
    Ok(true)
}

fn remove(folder: &Path, path: &str) -> Result<bool> {
    let file = folder.join(path);
    match fs::remove_file(&file) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(at(&file, &error)),
    }
    // A folder that became empty goes with its last file; one that did not stays.
    for parent in Path::new(path).ancestors().skip(1) {
        if parent.as_os_str().is_empty() || fs::remove_dir(folder.join(parent)).is_err() {
            break;
        }
    }
    Ok(true)
}

/// The error, and the path that it is about.
pub(in crate::commands) fn at(path: &Path, error: &Error) -> Error {
    Error::new(error.kind(), format!("`{}`: {error}", path.display()))
}
