//! Where the schema files of a crate are: the folder `schemas` of its package, which cargo knows.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use events_core::EventInfo;
use serde::Serialize;
use serde_json::Value;

use super::args::Whose;
use crate::commands::Failure;
use crate::world::SignalView;

/// A crate of events, and the folder of its schema files.
#[derive(Debug)]
pub(super) struct Target {
    /// The name of the package; that of the crate where cargo was not asked.
    pub(super) package: String,
    pub(super) catalog: &'static str,
    pub(super) folder: PathBuf,
    pub(super) events: Vec<&'static EventInfo>,
}

/// A crate of events whose files are not here.
#[derive(Debug, Serialize)]
pub(super) struct Skipped {
    #[serde(rename = "crate")]
    pub(super) catalog: &'static str,
    pub(super) events: usize,
    pub(super) because: String,
}

/// The crates that a command is about.
#[derive(Debug)]
pub(super) struct Targets {
    pub(super) targets: Vec<Target>,
    pub(super) skipped: Vec<Skipped>,
}

const REMEDY: &str =
    "Run this in the workspace of the catalog, or name the folder of the schema files with `--dir`";

type Events = Vec<&'static EventInfo>;

/// Finds the folders of the crates that declare these signals, or of those among them that are asked for.
pub(super) fn find(signals: &[&SignalView], whose: &Whose) -> Result<Targets, Failure> {
    let catalogs = chosen(signals, &whose.package)?;
    if let Some(dir) = &whose.dir {
        return given(catalogs, dir);
    }
    let workspace = Workspace::here();
    let mut found = Targets {
        targets: Vec::new(),
        skipped: Vec::new(),
    };
    for (catalog, events) in catalogs {
        let package = workspace
            .as_ref()
            .map_err(Clone::clone)
            .and_then(|workspace| {
                workspace
                    .package(catalog)
                    .ok_or_else(|| workspace.lacks(catalog))
            });
        match package {
            Ok(package) => found.targets.push(Target {
                package: package.name.clone(),
                catalog,
                folder: shorter(&package.folder.join("schemas")),
                events,
            }),
            Err(because) => found.skipped.push(Skipped {
                catalog,
                events: events.len(),
                because,
            }),
        }
    }
    // What was asked for by name must be there; and if nothing is, there is nothing to do.
    let reason = found.skipped.first().map(|skipped| skipped.because.clone());
    match reason {
        Some(reason) if !whose.package.is_empty() || found.targets.is_empty() => {
            Err(Failure::Usage(format!("{reason}. {REMEDY}")))
        }
        _ => Ok(found),
    }
}

/// The crates that declare events, by name; only those that are asked for.
pub(super) fn chosen(
    signals: &[&SignalView],
    packages: &[String],
) -> Result<BTreeMap<&'static str, Events>, Failure> {
    let mut catalogs: BTreeMap<&'static str, Events> = BTreeMap::new();
    for signal in signals {
        let events = catalogs.entry(signal.catalog()).or_default();
        events.push(signal.event);
    }
    if catalogs.is_empty() {
        return Err(Failure::Usage(crate::EMPTY.to_owned()));
    }
    if packages.is_empty() {
        return Ok(catalogs);
    }
    let mut wanted = Vec::new();
    for package in packages {
        let name = package.replace('-', "_");
        if catalogs.contains_key(name.as_str()) {
            wanted.push(name);
            continue;
        }
        // The name of a package need not be that of its crate.
        let workspace = Workspace::here().unwrap_or_default();
        let there = catalogs.keys().find(|catalog| {
            workspace
                .package(catalog)
                .is_some_and(|there| there.name == *package)
        });
        let Some(catalog) = there else {
            let known: Vec<_> = catalogs.keys().copied().collect();
            return Err(Failure::Usage(format!(
                "there are no events of a package `{package}` here; there are those of the crates `{}`",
                known.join("`, `")
            )));
        };
        wanted.push((*catalog).to_owned());
    }
    catalogs.retain(|catalog, _| wanted.iter().any(|name| name == catalog));
    Ok(catalogs)
}

/// A folder belongs to one crate.
fn given(catalogs: BTreeMap<&'static str, Events>, dir: &Path) -> Result<Targets, Failure> {
    let names: Vec<_> = catalogs.keys().copied().collect();
    let mut catalogs = catalogs.into_iter();
    let (Some((catalog, events)), None) = (catalogs.next(), catalogs.next()) else {
        return Err(Failure::Usage(format!(
            "`--dir` names the folder of one crate, and this is about the events of {}: `{}`; say with `--package` whose \
             folder it is",
            names.len(),
            names.join("`, `")
        )));
    };
    Ok(Targets {
        targets: vec![Target {
            package: catalog.to_owned(),
            catalog,
            folder: dir.to_owned(),
            events,
        }],
        skipped: Vec::new(),
    })
}

/// Relative to the current directory, where it is below it.
fn shorter(path: &Path) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    match path.strip_prefix(here) {
        Ok(below) => below.to_owned(),
        Err(_) => path.to_owned(),
    }
}

/// The packages that cargo finds from the current directory.
#[derive(Debug, Default)]
struct Workspace {
    root: String,
    packages: Vec<Package>,
}

#[derive(Debug)]
struct Package {
    name: String,
    folder: PathBuf,
    /// The names of what it builds, as the code writes them; the library first.
    crates: Vec<String>,
}

impl Workspace {
    fn here() -> Result<Self, String> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(&cargo)
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .output();
        let output = output.map_err(|error| match error.kind() {
            ErrorKind::NotFound => {
                "cargo, which knows where packages are, is not installed here".to_owned()
            }
            _ => format!("cargo, which knows where packages are, cannot be run: {error}"),
        })?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(format!(
                "cargo finds no packages from the current directory: {}",
                said.trim().trim_start_matches("error: ")
            ));
        }
        serde_json::from_slice(&output.stdout)
            .ok()
            .as_ref()
            .and_then(Self::read)
            .ok_or_else(|| {
                "what `cargo metadata` says of the packages here cannot be read".to_owned()
            })
    }

    fn read(metadata: &Value) -> Option<Self> {
        let packages = metadata["packages"].as_array()?.iter().map(Package::read);
        Some(Self {
            root: metadata["workspace_root"].as_str()?.to_owned(),
            packages: packages.collect::<Option<_>>()?,
        })
    }

    /// The package that builds the crate.
    fn package(&self, catalog: &str) -> Option<&Package> {
        let library = |package: &&Package| package.crates.first().is_some_and(|it| it == catalog);
        let any = |package: &&Package| package.crates.iter().any(|it| it == catalog);
        let packages = || self.packages.iter();
        packages().find(library).or_else(|| packages().find(any))
    }

    fn lacks(&self, catalog: &str) -> String {
        format!(
            "the crate `{catalog}` belongs to no package of the workspace {}: its schema files are where its source is, \
             and those of a dependency are not to be written",
            self.root
        )
    }
}

impl Package {
    fn read(package: &Value) -> Option<Self> {
        let manifest = Path::new(package["manifest_path"].as_str()?);
        let mut crates = Vec::new();
        for target in package["targets"].as_array()? {
            let name = target["name"].as_str()?.replace('-', "_");
            let kinds = target["kind"].as_array()?.iter();
            let is_program = kinds
                .filter_map(Value::as_str)
                .any(|kind| ["bin", "test", "example", "bench"].contains(&kind));
            if is_program {
                crates.push(name);
            } else {
                crates.insert(0, name);
            }
        }
        Some(Self {
            name: package["name"].as_str()?.to_owned(),
            folder: manifest.parent()?.to_owned(),
            crates,
        })
    }
}
