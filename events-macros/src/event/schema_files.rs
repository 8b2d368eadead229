//! The schema files of an event: `schemas/<event type>.<minor version>.avsc` in the crate that declares it.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::TokenStream;
use quote::quote;
use serde_json::Value;

use super::avro;

/// What the folder holds of one event.
#[derive(Default)]
pub(super) struct SchemaFiles {
    /// Newest first, and each before the former layouts of its minor version.
    kept: Vec<Kept>,
    waivers: Vec<Waiver>,
    /// The names of all files that were read, so that the compiler reads them again when they change.
    files: Vec<String>,
    pub(super) problems: Vec<String>,
}

struct Kept {
    minor_version: u32,
    label: Option<String>,
    file: String,
    /// The constant.
    schema: TokenStream,
}

struct Waiver {
    against: String,
    rule: String,
    path: String,
    reason: String,
}

/// Reads the files. Outside of cargo there is no folder, and nothing to compare with.
pub(super) fn read(event_type: &str) -> SchemaFiles {
    let mut files = SchemaFiles::default();
    let Some(folder) = folder() else { return files };
    let Ok(entries) = fs::read_dir(&folder) else {
        return files;
    };
    let mut names: Vec<_> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    names.sort();
    for name in names {
        let Some(rest) = name
            .strip_prefix(event_type)
            .and_then(|rest| rest.strip_prefix('.'))
        else {
            continue;
        };
        if rest == "waivers.json" {
            files.read_waivers(&folder, &name);
        } else if let Some(version) = rest.strip_suffix(".avsc") {
            files.read_schema(&folder, &name, event_type, version);
        }
    }
    files
        .kept
        .sort_by(|a, b| (b.minor_version, &a.label).cmp(&(a.minor_version, &b.label)));
    files
}

fn folder() -> Option<PathBuf> {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR")?;
    Some(Path::new(&manifest).join("schemas"))
}

impl SchemaFiles {
    fn read_schema(&mut self, folder: &Path, name: &str, event_type: &str, version: &str) {
        let (minor, label) = match version.split_once('-') {
            Some((minor, label)) => (minor, Some(label.to_owned())),
            None => (version, None),
        };
        let minor_version = minor.parse().ok();
        // Not `00`: two names would mean one version.
        let plain = minor_version.filter(|version: &u32| version.to_string() == minor);
        let Some(minor_version) = plain.filter(|_| label.as_deref() != Some("")) else {
            // `org.example.order.placed` and `org.example.order.placed.v2` may stand side by side.
            if !version.contains('.') {
                self.problems.push(format!(
                    "[schema-file-name] schemas/{name}: `{version}` is not a minor version, with or without a label\n  expected: {event_type}.0.avsc, or \
                     {event_type}.0-label.avsc for a former layout of the same minor version\n  remedy: rename the file, or remove it"
                ));
            }
            return;
        };
        self.files.push(name.to_owned());
        match text(folder, name).and_then(|text| avro::constant(&text, event_type)) {
            Ok(schema) => self.kept.push(Kept {
                minor_version,
                label,
                file: name.to_owned(),
                schema,
            }),
            Err(problem) => self.problems.push(format!(
                "[schema-file-unreadable] schemas/{name}: {problem}\n  remedy: restore the file from version control; \
                 `events schema accept` writes that of a new version"
            )),
        }
    }

    fn read_waivers(&mut self, folder: &Path, name: &str) {
        self.files.push(name.to_owned());
        let problem = |problem: &str| {
            format!(
                "[waivers-unreadable] schemas/{name}: {problem}\n  expected: a list of {{ \"against\": \"<schema file>\", \
                 \"rule\": \"<rule id>\", \"path\": \"<path>\", \"reason\": \"<why>\" }}"
            )
        };
        let value = text(folder, name)
            .and_then(|text| serde_json::from_str(&text).map_err(|error| error.to_string()));
        let items = match value {
            Ok(Value::Array(items)) => items,
            Ok(_) => return self.problems.push(problem("it is not a list")),
            Err(error) => return self.problems.push(problem(&error)),
        };
        for (index, item) in items.iter().enumerate() {
            let place = format!("waiver {}", index + 1);
            let Value::Object(members) = item else {
                self.problems
                    .push(problem(&format!("{place} is not an object")));
                continue;
            };
            for key in members.keys() {
                if !["against", "rule", "path", "reason"].contains(&key.as_str()) {
                    self.problems
                        .push(problem(&format!("{place} has an unknown key `{key}`")));
                }
            }
            let member = |key: &str| members.get(key).and_then(Value::as_str).map(str::to_owned);
            let (Some(against), Some(rule), Some(path)) =
                (member("against"), member("rule"), member("path"))
            else {
                self.problems.push(problem(&format!(
                    "{place} does not say, as texts, what it waives: `against`, `rule` and `path`"
                )));
                continue;
            };
            let reason = member("reason").unwrap_or_default();
            if reason.trim().is_empty() {
                self.problems.push(format!(
                    "[waiver-without-reason] schemas/{name}: {place}, of `{rule}` at `{path}`, has no reason\n  whoever reads \
                     the event breaks by it, and will ask why\n  remedy: say it: \"reason\": \"…\""
                ));
            }
            self.waivers.push(Waiver {
                against,
                rule,
                path,
                reason,
            });
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty() && self.waivers.is_empty()
    }

    /// `&[KeptSchema]`.
    pub(super) fn kept(&self) -> TokenStream {
        let kept = self.kept.iter().map(|kept| {
            let Kept {
                minor_version,
                file,
                schema,
                ..
            } = kept;
            let label = kept.label.as_ref().map_or_else(
                || quote!(__private::None),
                |label| quote!(__private::Some(#label)),
            );
            quote!(__private::KeptSchema::new(#minor_version, #label, #file, #schema))
        });
        quote!(&[#(#kept),*])
    }

    /// `&[Waiver]`.
    pub(super) fn waivers(&self) -> TokenStream {
        let waivers = self.waivers.iter().map(|waiver| {
            let Waiver {
                against,
                rule,
                path,
                reason,
            } = waiver;
            quote!(__private::Waiver::new(#against, #rule, #path, #reason))
        });
        quote!(&[#(#waivers),*])
    }

    /// Makes the files part of what the crate is compiled from. Expects `__private` in scope.
    pub(super) fn tracked(&self) -> TokenStream {
        let paths = self.files.iter().map(|file| format!("/schemas/{file}"));
        quote! {
            #(const _: &[__private::u8] = __private::include_bytes!(
                __private::concat!(__private::env!("CARGO_MANIFEST_DIR"), #paths)
            );)*
        }
    }
}

fn text(folder: &Path, name: &str) -> Result<String, String> {
    fs::read_to_string(folder.join(name)).map_err(|error| match error.kind() {
        std::io::ErrorKind::InvalidData => "it is not UTF-8".to_owned(),
        _ => error.to_string(),
    })
}
