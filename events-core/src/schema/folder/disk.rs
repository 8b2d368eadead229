//! What a schema folder holds at this moment.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use super::name::FileName;
use super::problem::{Problem, ProblemKind};
use super::read::{ReadSchema, schema_of};
use super::waivers::{self, OwnedWaiver};
use crate::schema::model::RecordSchema;
use serde_json::Value as Json;

const RESTORE: &str = "restore the file from version control";

/// A schema folder, read once.
#[derive(Debug, Default)]
pub(super) struct Disk {
    /// By event type.
    pub(super) events: BTreeMap<String, Files>,
    /// How many files were read.
    pub(super) files: usize,
    /// What is wrong with files that belong to no event.
    pub(super) problems: Vec<Problem>,
}

/// The files of one event.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// By version.
    pub(super) schemas: BTreeMap<Version, SchemaFile>,
    pub(super) waivers: Option<Waivers>,
}

/// A minor version, and the label of a former layout of it.
pub(super) type Version = (u32, Option<String>);

#[derive(Debug)]
pub(super) struct SchemaFile {
    pub(super) name: String,
    /// What it says, or what is wrong with it.
    pub(super) content: Result<Content, String>,
}

#[derive(Debug)]
pub(super) struct Content {
    pub(super) json: Json,
    pub(super) schema: &'static RecordSchema,
}

#[derive(Debug)]
pub(super) struct Waivers {
    pub(super) name: String,
    pub(super) items: Vec<OwnedWaiver>,
    pub(super) problems: Vec<Problem>,
}

impl Disk {
    /// Reads the folder. One that is not there holds nothing.
    pub(super) fn read(folder: &Path) -> Self {
        let mut disk = Self::default();
        let names = match names(folder) {
            Ok(names) => names,
            Err(error) => {
                disk.problems.push(Problem::new(
                    ProblemKind::FolderUnreadable,
                    "",
                    format!("the folder {} cannot be read: {error}", folder.display()),
                    "name the folder that holds the schema files, `schemas` in the package of the catalog, and see that it \
                     may be read",
                ));
                return disk;
            }
        };
        for name in names {
            disk.add(folder, name);
        }
        disk
    }

    fn add(&mut self, folder: &Path, name: String) {
        match FileName::parse(&name) {
            Some(FileName::Schema {
                event_type,
                minor_version,
                label,
            }) => {
                let content = text(folder, &name).and_then(|text| content(&text, event_type));
                let version = (minor_version, label.map(str::to_owned));
                let files = self.events.entry(event_type.to_owned()).or_default();
                files.schemas.insert(version, SchemaFile { name, content });
                self.files += 1;
            }
            Some(FileName::Waivers { event_type }) => {
                let event_type = event_type.to_owned();
                let read = waivers::read(&name, &event_type, text(folder, &name));
                self.events.entry(event_type).or_default().waivers = Some(read);
                self.files += 1;
            }
            None if is_meant(&name) => self.problems.push(misnamed(&name)),
            None => {}
        }
    }
}

impl Files {
    /// The minor versions that have a schema file, the oldest first.
    pub(super) fn minors(&self) -> impl DoubleEndedIterator<Item = u32> {
        let unlabelled = self.schemas.keys().filter(|(_, label)| label.is_none());
        unlabelled.map(|(minor, _)| *minor)
    }

    /// What is wrong with files that cannot be read.
    pub(super) fn unreadable(&self, event_type: &str) -> impl Iterator<Item = Problem> {
        self.schemas.values().filter_map(move |file| {
            let problem = file.content.as_ref().err()?;
            Some(unreadable(&file.name, problem).of(event_type))
        })
    }
}

pub(super) fn unreadable(name: &str, problem: &str) -> Problem {
    Problem::new(
        ProblemKind::FileUnreadable,
        name,
        problem,
        format!(
            "{RESTORE}; if it was never published, delete it, and `events schema accept` writes it anew"
        ),
    )
}

fn misnamed(name: &str) -> Problem {
    Problem::new(
        ProblemKind::FileName,
        name,
        "this is no name of a schema file, so that nobody reads it; expected `<event type>.<minor version>.avsc`, \
         `<event type>.<minor version>-<label>.avsc` for a former layout, or `<event type>.waivers.json`",
        "rename the file, or delete it",
    )
}

/// Whether somebody may take it for a file that counts: a note, or what an editor leaves, is not.
fn is_meant(name: &str) -> bool {
    let lower = name.to_lowercase();
    !name.starts_with('.')
        && [".avsc", ".json"]
            .iter()
            .any(|ending| lower.contains(ending))
}

/// The names of the files, sorted.
fn names(folder: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry?.file_name();
        names.push(name.to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

fn text(folder: &Path, name: &str) -> Result<String, String> {
    fs::read_to_string(folder.join(name)).map_err(|error| match error.kind() {
        ErrorKind::InvalidData => "it is not UTF-8".to_owned(),
        _ => error.to_string(),
    })
}

fn content(text: &str, event_type: &str) -> Result<Content, String> {
    let json =
        serde_json::from_str::<Json>(text).map_err(|problem| format!("not JSON: {problem}"))?;
    let ReadSchema {
        event_type: namespace,
        schema,
    } = schema_of(&json)?;
    if namespace != event_type {
        return Err(format!(
            "it is the schema of `{namespace}`, by its `namespace`"
        ));
    }
    Ok(Content { json, schema })
}
