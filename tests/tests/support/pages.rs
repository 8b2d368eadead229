//! A workspace made of what a page of the book prints, and changes to it that the compiler answers as the page tells.
//!
//! It is a process of its own that runs cargo, in the target folder of this workspace: what is built already is not built
//! again.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const MARK: &str = "<!-- file: ";

pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()
        .unwrap()
}

pub(crate) fn page(name: &str) -> String {
    fs::read_to_string(root().join("docs/src").join(name)).unwrap()
}

/// The files that the page prints, with their paths, without the lines that are there for the doctest only.
fn printed(page: &str) -> Vec<(String, String)> {
    let marked = page.split(MARK).skip(1);
    marked
        .map(|rest| {
            let (path, rest) = rest.split_once(" -->").unwrap();
            let (_, rest) = rest.split_once("```").unwrap();
            let (_, rest) = rest.split_once('\n').unwrap();
            let (text, _) = rest.split_once("```").unwrap();
            let shown = text
                .lines()
                .filter(|line| *line != "#" && !line.starts_with("# "));
            let shown: Vec<_> = shown.collect();
            (path.to_owned(), shown.join("\n") + "\n")
        })
        .collect()
}

pub(crate) struct Workspace {
    pub(crate) folder: PathBuf,
}

impl Workspace {
    /// The files that the page prints.
    pub(crate) fn of(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&folder);
        let workspace = Self { folder };
        for (path, mut text) in printed(&page(name)) {
            if path == "Cargo.toml" {
                // What the page says to do while the crates are not on a registry; and the profile of this workspace,
                // so that its build can be used.
                for name in ["events-core", "events-catalog"] {
                    let path = root().join(name).to_str().unwrap().to_owned();
                    let version = format!("{name} = \"0.1\"");
                    text = text.replace(&version, &format!("{name} = {{ path = {path:?} }}"));
                }
                text += "\n[profile.dev]\ndebug = \"line-tables-only\"\n";
            }
            workspace.write(&path, &text);
        }
        fs::copy(
            root().join("Cargo.lock"),
            workspace.folder.join("Cargo.lock"),
        )
        .unwrap();
        workspace
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.folder.join(path)).unwrap()
    }

    /// Runs cargo: whether it succeeded, its output, and what it said.
    pub(crate) fn cargo(&self, args: &[&str]) -> (bool, String, String) {
        self.cargo_with(args, &[])
    }

    /// The same, with variables of the environment.
    pub(crate) fn cargo_with(&self, args: &[&str], env: &[(&str, &str)]) -> (bool, String, String) {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
        let output = Command::new(env!("CARGO"))
            .args(args)
            .arg("--offline")
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", target)
            .envs(env.iter().copied())
            // Whatever the surroundings ask for: it is a new user who builds.
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        (
            output.status.success(),
            text(&output.stdout),
            text(&output.stderr),
        )
    }
}

/// A change: the heading of the page's section, and for each file what is replaced by what.
pub(crate) type Change = (
    &'static str,
    &'static [(&'static str, &'static str, &'static str)],
);

/// What the page prints under a heading, as the compiler's.
fn messages(page: &str, heading: &str) -> String {
    let (_, section) = page
        .split_once(&format!("# {heading}\n"))
        .unwrap_or_else(|| panic!("the page has no section \"{heading}\""));
    let section = section.split("\n#").next().unwrap();
    let (_, block) = section.split_once("```text\n").unwrap();
    block.split_once("\n```").unwrap().0.to_owned()
}

/// The errors, without what cargo and rustc add at the end, and without the lists that a page has no use for.
fn said(err: &str) -> &str {
    // Warnings of the crates that are built on the way are not what this is about.
    let start = err.find("\nerror").map_or(0, |at| at + 1);
    let said = &err[start..];
    let ends = [
        "\n\nFor more information",
        "\n\nSome errors have",
        "\n\nerror: could not compile",
        "\nhelp: the following other types",
    ];
    let end = ends.iter().filter_map(|end| said.find(end)).min();
    &said[..end.unwrap_or(said.len())]
}

/// Makes each change, one at a time, and compares what the compiler says with what the page prints under the heading.
pub(crate) fn breaks_as_printed(workspace: &Workspace, name: &str, changes: &[Change]) {
    if !cfg!(pinned_messages) {
        return;
    }
    let page = page(name);
    let mut blessed = page.clone();
    let mut wrong = Vec::new();
    for (heading, edits) in changes {
        let before: Vec<_> = edits
            .iter()
            .rev()
            .map(|(path, _, _)| (*path, workspace.read(path)))
            .collect();
        for (path, from, to) in *edits {
            let text = workspace.read(path);
            assert!(text.contains(from), "{path} has no `{from}`");
            workspace.write(path, &text.replace(from, to));
        }
        let (success, _, err) = workspace.cargo(&["check", "--workspace"]);
        assert!(!success, "{heading}: it compiles");
        let printed = messages(&page, heading);
        if !err.contains(&printed) {
            let said = said(&err);
            wrong.push(format!(
                "--- {heading}: the page prints\n{printed}\n--- the compiler says\n{said}\n"
            ));
            blessed = blessed.replacen(&printed, said, 1);
        }
        for (path, text) in before {
            workspace.write(path, &text);
        }
    }
    if std::env::var_os("EVENTS_BLESS").is_some() {
        fs::write(root().join("docs/src").join(name), blessed).unwrap();
    } else {
        assert!(
            wrong.is_empty(),
            "\n{}\nset EVENTS_BLESS=1 to change the page",
            wrong.join("\n")
        );
    }
}
