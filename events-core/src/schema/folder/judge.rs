//! What is wrong with the files of one event.

use super::defaults::compare_defaults;
use super::disk::{Content, Files, SchemaFile, unreadable};
use super::name::{file_of, next_major};
use super::problem::{Problem, ProblemKind};
use super::same::same_record;
use super::waivers;
use crate::event::EventInfo;
use crate::schema::{KeptSchema, compare};
use serde_json::Value as Json;

const ACCEPT: &str = "run `events schema accept`, which writes it";
const UNUSED: &str =
    "if nobody has used this version yet, delete the file and run `events schema accept`";

/// How the schema file of an event's own minor version stands to the struct.
pub(super) enum Current {
    /// It is not there.
    Missing,
    /// It is the JSON that the struct gives.
    Same,
    /// It means the same and is other JSON: writing it anew changes nothing for anybody.
    Outdated,
    /// It says something else, or nothing that can be read.
    Other(Problem),
}

/// Compares the schema file of an event's own minor version with the struct.
pub(super) fn current(event: &EventInfo, files: &Files) -> Current {
    let Some(file) = files.schemas.get(&(event.minor_version, None)) else {
        return Current::Missing;
    };
    let content = match &file.content {
        Ok(content) => content,
        Err(problem) => {
            return Current::Other(unreadable(&file.name, problem).of(event.event_type));
        }
    };
    let own = serde_json::from_str::<Json>(&event.avro_schema().to_string());
    if own.is_ok_and(|own| own == content.json) {
        return Current::Same;
    }
    let problem = differs(event, file, content).or_else(|| default_added(event, file, content));
    problem.map_or(Current::Outdated, |problem| {
        Current::Other(problem.of(event.event_type))
    })
}

fn differs(event: &EventInfo, file: &SchemaFile, content: &Content) -> Option<Problem> {
    use core::fmt::Write as _;

    let findings = compare(content.schema, event.schema);
    if findings.is_empty() {
        return None;
    }
    let mut message = String::from("the struct says something else:");
    for finding in findings.as_slice() {
        // Writing to a `String` cannot fail.
        let _ = write!(message, "\n    [{}] {finding}", finding.rule());
    }
    if findings.more() > 0 {
        let _ = write!(message, "\n    and {} more", findings.more());
    }
    let remedy = if findings.are_breaking() {
        format!(
            "restore what the file says, or declare a new event of type `{}`; {UNUSED}",
            next_major(event.event_type)
        )
    } else {
        format!("{}; {UNUSED}", raise(event))
    };
    Some(Problem::new(
        ProblemKind::FileDiffers,
        &file.name,
        message,
        remedy,
    ))
}

/// Services that have this minor version were compiled without the default. Were it written into the file, the compiler
/// would take the field for one that they can do without.
fn default_added(event: &EventInfo, file: &SchemaFile, content: &Content) -> Option<Problem> {
    let added: Vec<_> = compare_defaults(content.schema, event.schema)
        .into_iter()
        .filter(|change| change.before.is_none())
        .map(|change| format!("`{}`", change.path))
        .collect();
    if added.is_empty() {
        return None;
    }
    Some(Problem::new(
        ProblemKind::DefaultAdded,
        &file.name,
        format!(
            "the struct gives a default to {}, and services of this minor version may have none",
            added.join(", ")
        ),
        format!("{}; {UNUSED}", raise(event)),
    ))
}

fn raise(event: &EventInfo) -> String {
    format!(
        "set `minor_version = {}` in `#[event]`, build, and run `events schema accept`",
        event.minor_version.saturating_add(1)
    )
}

/// What is wrong with the minor version, seen from the files.
pub(super) fn minor(event: &EventInfo, files: &Files) -> Option<Problem> {
    let newest = files.minors().next_back()?;
    let name = file_of(event.event_type, newest);
    let minor = event.minor_version;
    let problem = if minor < newest {
        Problem::new(
            ProblemKind::MinorVersionLowered,
            name,
            format!(
                "this binary was compiled with `minor_version = {minor}`, which is older than this file"
            ),
            format!(
                "set `minor_version = {newest}` in `#[event]`, if it is not so already, and build again; minor versions only rise"
            ),
        )
    } else if minor > newest.saturating_add(1) {
        Problem::new(
            ProblemKind::MinorVersionSkipped,
            name,
            format!(
                "this is the newest schema file, and this binary was compiled with `minor_version = {minor}`; minor versions \
                 rise by one"
            ),
            format!("set `minor_version = {}` in `#[event]`", newest + 1),
        )
    } else {
        return None;
    };
    Some(problem.of(event.event_type))
}

/// Everything that is wrong with the files of an event.
pub(super) fn check(event: &EventInfo, files: &Files, problems: &mut Vec<Problem>) {
    let name = file_of(event.event_type, event.minor_version);
    let minor = minor(event, files);
    let is_in_line = minor.is_none();
    problems.extend(minor);
    match current(event, files) {
        Current::Same => {}
        // Nothing is to be written before the minor version is right.
        Current::Missing if !is_in_line => {}
        Current::Missing => problems.push(
            Problem::new(
                ProblemKind::FileMissing,
                name,
                format!(
                    "the event has no schema file of its minor version {}",
                    event.minor_version
                ),
                ACCEPT,
            )
            .of(event.event_type),
        ),
        Current::Outdated => problems.push(
            Problem::new(
                ProblemKind::FileOutdated,
                name,
                "it means what the struct means, and is other JSON than the struct gives",
                "run `events schema accept`, which writes it anew",
            )
            .of(event.event_type),
        ),
        Current::Other(problem) => problems.push(problem),
    }
    let own = (event.minor_version, None);
    let others = files.schemas.iter().filter(|(version, _)| **version != own);
    for (_, file) in others {
        problems.extend(other(event, file));
    }
    if is_in_line {
        missing(event, files, problems);
    }
    waivers::check(event, files, problems);
}

/// What is wrong with a file that is not that of the event's own minor version.
fn other(event: &EventInfo, file: &SchemaFile) -> Option<Problem> {
    let content = match &file.content {
        Ok(content) => content,
        Err(problem) => return Some(unreadable(&file.name, problem).of(event.event_type)),
    };
    let kept = event.kept.iter().find(|kept| kept.file == file.name);
    let how = match kept {
        Some(kept) if same_record(kept.schema, content.schema) => return None,
        Some(_) => "it has changed",
        None => "it was added",
    };
    Some(
        Problem::new(
            ProblemKind::FileChanged,
            &file.name,
            format!(
                "{how} since this binary was compiled, so that the compiler has not judged by it"
            ),
            "if services use that version, restore the file from version control; else build again",
        )
        .of(event.event_type),
    )
}

/// Older versions that were there, or must have been there, and are not.
fn missing(event: &EventInfo, files: &Files, problems: &mut Vec<Problem>) {
    let gone = |kept: &&KeptSchema| {
        let version = (kept.minor_version, kept.label.map(str::to_owned));
        !files.schemas.contains_key(&version)
    };
    let mut names: Vec<String> = event
        .kept
        .iter()
        .filter(gone)
        .map(|kept| kept.file.to_owned())
        .collect();
    let compiled = event.kept.iter().filter(|kept| kept.label.is_none());
    let oldest = compiled
        .map(|kept| kept.minor_version)
        .chain(files.minors())
        .min()
        .unwrap_or(event.minor_version);
    // As many as there may be: a number in the name of a file is no reason to count for long.
    for minor in (oldest..event.minor_version).take(1000) {
        if !files.schemas.contains_key(&(minor, None)) {
            names.push(file_of(event.event_type, minor));
        }
    }
    // That of the event's own version is another matter.
    let own = file_of(event.event_type, event.minor_version);
    names.retain(|name| *name != own);
    names.sort();
    names.dedup();
    for name in names {
        problems.push(
            Problem::new(
                ProblemKind::FileMissing,
                name,
                "services may still use this version, and its schema file is not there to compare with",
                "restore the file from version control",
            )
            .of(event.event_type),
        );
    }
}
