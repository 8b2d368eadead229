//! What is compared: a file, a folder, a revision, or this binary.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use events_core::RecordSchema;
use events_core::schema::folder::{FileName, read_schema};
use serde::Serialize;

use super::git;
use crate::commands::Failure;
use crate::commands::schema::list::version;
use crate::commands::schema::packages;
use crate::world::World;

/// Schemas, by event type.
#[derive(Debug, Default)]
pub(super) struct Catalog {
    /// As it was given.
    pub(super) source: String,
    /// Whether a single file was given.
    pub(super) is_file: bool,
    /// The versions of each event, the newest last.
    pub(super) events: BTreeMap<String, Vec<Version>>,
    pub(super) problems: Vec<SourceProblem>,
}

/// A schema of an event.
#[derive(Debug, Clone)]
pub(super) struct Version {
    /// No former layout comes behind the schema of a version, and what no name tells comes first.
    order: (Option<u32>, bool),
    /// `1`, `0-before-note`; the name of a file that does not tell.
    pub(super) name: String,
    pub(super) schema: &'static RecordSchema,
}

impl Version {
    /// Whether its minor version is known.
    pub(super) fn is_numbered(&self) -> bool {
        self.order.0.is_some()
    }
}

/// A file that cannot be compared.
#[derive(Debug, Serialize)]
pub(super) struct SourceProblem {
    pub(super) file: String,
    pub(super) message: String,
}

/// What a side of the comparison names.
pub(super) enum Source<'a> {
    Binary,
    Path(&'a Path),
    Git {
        revision: &'a str,
        path: Option<&'a str>,
    },
}

impl<'a> Source<'a> {
    pub(super) fn parse(text: &'a str) -> Self {
        match text.strip_prefix("git:") {
            _ if text == "." || text == "binary" => Self::Binary,
            Some(rest) => {
                let (revision, path) = match rest.split_once(':') {
                    Some((revision, path)) => (revision, Some(path)),
                    None => (rest, None),
                };
                Self::Git { revision, path }
            }
            None => Self::Path(Path::new(text)),
        }
    }
}

/// Reads a side; the other one may say which path of a revision is meant.
pub(super) fn read(
    world: &World,
    text: &str,
    other: &Source<'_>,
    package: Option<&String>,
) -> Result<Catalog, Failure> {
    let mut catalog = match Source::parse(text) {
        Source::Binary => of_binary(world, package)?,
        Source::Path(path) => of_path(path)?,
        Source::Git { revision, path } => {
            let path = match (path, other) {
                (Some(path), _) => Path::new(path),
                (None, Source::Path(path)) => path,
                (None, Source::Git { path, .. }) => Path::new(path.unwrap_or("schemas")),
                (None, Source::Binary) => Path::new("schemas"),
            };
            of_revision(revision, path)?
        }
    };
    text.clone_into(&mut catalog.source);
    if catalog.events.is_empty() && catalog.problems.is_empty() {
        return Err(Failure::Usage(format!(
            "`{text}` holds no schema files; expected files called `<event type>.<minor version>.avsc`"
        )));
    }
    for versions in catalog.events.values_mut() {
        versions.sort_by(|a, b| (a.order, &a.name).cmp(&(b.order, &b.name)));
    }
    Ok(catalog)
}

fn of_binary(world: &World, package: Option<&String>) -> Result<Catalog, Failure> {
    let signals: Vec<_> = world.signals.iter().collect();
    let package: Vec<_> = package.into_iter().cloned().collect();
    let mut catalog = Catalog::default();
    for event in packages::chosen(&signals, &package)?
        .into_values()
        .flatten()
    {
        let own = version(event.minor_version, None);
        let kept = event
            .kept
            .iter()
            .map(|kept| Version {
                order: (Some(kept.minor_version), kept.label.is_none()),
                name: version(kept.minor_version, kept.label),
                schema: kept.schema,
            })
            .filter(|kept| kept.name != own);
        let mut versions: Vec<_> = kept.collect();
        versions.push(Version {
            order: (Some(event.minor_version), true),
            name: own,
            schema: event.schema,
        });
        catalog.events.insert(event.event_type.to_owned(), versions);
    }
    Ok(catalog)
}

fn of_path(path: &Path) -> Result<Catalog, Failure> {
    let unreadable = |error| Failure::Usage(format!("{} cannot be read: {error}", path.display()));
    let mut catalog = Catalog::default();
    if path.is_file() {
        catalog.is_file = true;
        catalog.add(&name_of(path), text(path));
    } else if path.is_dir() {
        let folder = schemas_in(path);
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            let name = name_of(&path);
            if is_schema(&name) {
                catalog.add(&name, text(&path));
            }
        }
    } else {
        return Err(Failure::Usage(format!(
            "`{}` is neither a file nor a folder; expected a schema file, a folder of them, `git:REVISION[:PATH]`, or \
             `binary`",
            path.display()
        )));
    }
    Ok(catalog)
}

/// A package is as good as its folder.
fn schemas_in(path: &Path) -> PathBuf {
    let below = path.join("schemas");
    if below.is_dir() {
        below
    } else {
        path.to_owned()
    }
}

fn of_revision(revision: &str, path: &Path) -> Result<Catalog, Failure> {
    let files = git::files(revision, path).map_err(Failure::Usage)?;
    let mut catalog = Catalog {
        is_file: files.is_file,
        ..Catalog::default()
    };
    for (name, bytes) in files.files {
        if catalog.is_file || is_schema(&name) {
            catalog.add(
                &name,
                String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned()),
            );
        }
    }
    Ok(catalog)
}

pub(super) fn is_schema(name: &str) -> bool {
    Path::new(name)
        .extension()
        .is_some_and(|extension| extension == "avsc")
}

fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn text(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| error.to_string())
}

impl Catalog {
    fn add(&mut self, name: &str, text: Result<String, String>) {
        let read = text.and_then(|text| read_schema(&text));
        let read = match read {
            Ok(read) => read,
            Err(message) => {
                self.problems.push(SourceProblem {
                    file: name.to_owned(),
                    message,
                });
                return;
            }
        };
        let (order, label) = match FileName::parse(name) {
            Some(FileName::Schema {
                event_type,
                minor_version,
                label,
            }) => {
                if event_type != read.event_type && !self.is_file {
                    self.problems.push(SourceProblem {
                        file: name.to_owned(),
                        message: format!(
                            "it is the schema of `{}`, by its `namespace`",
                            read.event_type
                        ),
                    });
                    return;
                }
                (
                    (Some(minor_version), label.is_none()),
                    version(minor_version, label),
                )
            }
            // A schema of another making, as that of the reference: it has no versions.
            _ => ((None, true), name.trim_end_matches(".avsc").to_owned()),
        };
        let short = label
            .strip_prefix(&read.event_type)
            .map(|rest| rest.trim_start_matches('.'));
        let name = match short {
            Some("") => String::from("the only one"),
            Some(rest) => rest.to_owned(),
            None => label,
        };
        let versions = self.events.entry(read.event_type).or_default();
        versions.push(Version {
            order,
            name,
            schema: read.schema,
        });
    }
}
