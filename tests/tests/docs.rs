//! The book and the other documents: complete, with links that lead somewhere, and true where a test can tell.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

// The reports on the pages about configuration and the command are about these plugins.
events_core::plugins!(example_greeter, example_audit);

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The Markdown files of a folder and those in it, relative to the root, with `/`.
fn markdown(folder: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(root().join(folder)).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{folder}/{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            found.extend(markdown(&name));
        } else if Path::new(&name)
            .extension()
            .is_some_and(|extension| extension == "md")
        {
            found.insert(name);
        }
    }
    found
}

/// Every document that people read, relative to the root.
fn documents() -> BTreeSet<String> {
    let mut found = markdown("docs");
    found.extend(markdown("events-core/docs"));
    let others = [
        "README.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "events-core/README.md",
        "events-bus/README.md",
        "events-catalog/README.md",
        "events-cli/README.md",
    ];
    found.extend(others.map(str::to_owned));
    found
}

/// The lines outside of fenced code, each with its number.
fn prose(text: &str) -> Vec<(usize, &str)> {
    let mut fenced = false;
    let mut lines = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            lines.push((index + 1, line));
        }
    }
    assert!(!fenced, "a code block is not closed");
    lines
}

/// A line without what stands in backticks: `[…](…)` there is code.
fn without_code(line: &str) -> String {
    let parts = line.split('`').enumerate();
    parts
        .map(|(index, part)| if index % 2 == 0 { part } else { "code" })
        .collect()
}

/// The targets of the links in a document, each with its line.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in prose(text) {
        let line = without_code(line);
        for rest in line.split("](").skip(1) {
            let target = rest.split(')').next().unwrap_or_default();
            found.push((number, target.to_owned()));
        }
    }
    found
}

/// The document with the files that mdBook would include.
fn included(path: &str) -> String {
    let text = read(path);
    let folder = Path::new(path).parent().unwrap();
    let lines = text.lines().map(|line| {
        let file = line
            .strip_prefix("{{#include ")
            .and_then(|rest| rest.strip_suffix("}}"));
        file.map_or_else(|| line.to_owned(), |file| read(folder.join(file)))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The anchors of the headings, as mdBook and GitHub make them.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = prose(text).into_iter().filter_map(|(_, line)| {
        let heading = line.trim_start_matches('#');
        (heading.len() < line.len() && heading.starts_with(' ')).then_some(heading.trim())
    });
    headings
        .map(|heading| {
            let kept = heading.chars().filter_map(|char| match char {
                ' ' => Some('-'),
                char if char.is_alphanumeric() || matches!(char, '-' | '_') => {
                    Some(char.to_ascii_lowercase())
                }
                _ => None,
            });
            kept.collect()
        })
        .collect()
}

/// The path without `.` and `..`.
fn normalized(path: &Path) -> PathBuf {
    let mut result = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                assert!(result.pop(), "{} leaves the repository", path.display());
            }
            other => result.push(other),
        }
    }
    result
}

#[test]
fn every_page_is_in_the_summary_and_is_compiled() {
    let mut pages: BTreeSet<_> = markdown("docs/src").into_iter().collect();
    assert!(pages.remove("docs/src/SUMMARY.md"));
    let summary: BTreeSet<_> = links(&read("docs/src/SUMMARY.md"))
        .into_iter()
        .map(|(_, target)| format!("docs/src/{target}"))
        .collect();
    assert_eq!(
        summary, pages,
        "what the summary lists, and the pages there are"
    );
    let book = read("tests/src/book.rs");
    let compiled: BTreeSet<_> = book
        .split('"')
        .filter(|text| text.starts_with("docs/src/"))
        .map(str::to_owned)
        .collect();
    assert_eq!(
        compiled, pages,
        "what tests/src/book.rs lists, and the pages there are"
    );
}

#[test]
fn every_page_begins_with_its_title() {
    for page in markdown("docs/src") {
        let text = read(&page);
        assert!(text.starts_with("# "), "{page} does not begin with a title");
        let titles = prose(&text)
            .into_iter()
            .filter(|(_, line)| line.starts_with("# "))
            .count();
        assert!(
            titles == 1 || page.ends_with("SUMMARY.md"),
            "{page} has {titles} titles"
        );
    }
}

#[test]
fn every_decision_is_included_and_says_what_it_costs() {
    let page = read("docs/src/decisions.md");
    for (index, path) in markdown("docs/decisions").iter().enumerate() {
        let number = index + 1;
        let file = path.rsplit('/').next().unwrap();
        assert!(
            file.starts_with(&format!("{number:04}-")),
            "{file} is not number {number}"
        );
        assert!(
            page.contains(&format!("{{{{#include ../decisions/{file}}}}}")),
            "{file} is not included"
        );
        let text = read(path);
        assert!(
            text.starts_with(&format!("## {number}. ")),
            "{file} does not begin with its number"
        );
        for part in ["**Context.**", "**Choice.**", "**Cost.**"] {
            assert!(text.contains(part), "{file} has no {part}");
        }
    }
}

#[test]
fn every_link_leads_somewhere() {
    let mut broken = Vec::new();
    for document in documents() {
        let folder = Path::new(&document).parent().unwrap();
        for (line, target) in links(&read(&document)) {
            // Other sites, and items that rustdoc resolves.
            if target.contains("://") || target.contains("::") || target.contains('@') {
                continue;
            }
            let (path, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let path = if path.is_empty() {
                PathBuf::from(&document)
            } else {
                normalized(&folder.join(path))
            };
            if !root().join(&path).is_file() {
                broken.push(format!("{document}:{line}: no file {}", path.display()));
            } else if !anchor.is_empty()
                && !anchors(&included(path.to_str().unwrap())).contains(anchor)
            {
                broken.push(format!(
                    "{document}:{line}: no heading #{anchor} in {}",
                    path.display()
                ));
            }
        }
    }
    assert!(broken.is_empty(), "broken links:\n{}", broken.join("\n"));
}

#[test]
fn the_readme_has_the_two_commands() {
    let readme = read("README.md");
    for command in ["$ cargo run -- demo\n", "$ cargo test --workspace\n"] {
        assert!(
            readme.contains(command),
            "README.md does not have `{command}`"
        );
    }
}

/// The first cells of the table whose header begins with this cell.
fn first_cells(text: &str, header: &str) -> BTreeSet<String> {
    let lines = text
        .lines()
        .skip_while(|line| !line.starts_with(&format!("| {header} |")));
    let rows = lines.skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        row.split('|')
            .nth(1)
            .unwrap()
            .trim()
            .trim_matches('`')
            .to_owned()
    })
    .collect()
}

#[test]
fn the_features_of_the_core_are_those_of_its_manifest() {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let core = packages
        .iter()
        .find(|package| package["name"] == "events-core")
        .unwrap();
    let features: BTreeMap<String, Vec<String>> =
        serde_json::from_value(core["features"].clone()).unwrap();
    let declared: BTreeSet<_> = features
        .keys()
        .filter(|name| *name != "default")
        .cloned()
        .collect();
    assert_eq!(
        first_cells(&read("events-core/README.md"), "Feature"),
        declared
    );
    assert_eq!(
        features["default"],
        Vec::<String>::new(),
        "the README says that none is on by default"
    );
}

/// The block that follows a mark such as `<!-- file: site.toml -->`.
fn marked<'a>(text: &'a str, mark: &str) -> &'a str {
    let (_, rest) = text.split_once(mark).unwrap_or_else(|| panic!("no {mark}"));
    let (_, rest) = rest.split_once("```").unwrap();
    let (_, rest) = rest.split_once('\n').unwrap();
    rest.split_once("```").unwrap().0
}

/// What a page prints is what there is now. With `EVENTS_BLESS` set, the page is changed.
#[track_caller]
fn check_printed(page: &str, printed: &str, now: &str) {
    if std::env::var_os("EVENTS_BLESS").is_some() {
        let text = read(page).replacen(printed, now, 1);
        fs::write(root().join(page), text).unwrap();
    } else {
        assert!(
            printed == now,
            "{page} prints\n{printed}\nand now it is\n{now}\nset EVENTS_BLESS=1 to change the page"
        );
    }
}

#[test]
fn the_report_on_the_configuration_page_is_real() {
    let page = read("docs/src/configuration.md");
    let file = marked(&page, "<!-- file: site.toml -->");
    let errors = events_core::config::Config::from_toml(file, "site.toml")
        .check()
        .unwrap_err();
    let report = marked(&page, "the report is:");
    check_printed("docs/src/configuration.md", report, &format!("{errors}\n"));
}

/// What the page prints of a command, and what the command prints now.
#[track_caller]
fn check_command(page: &str, args: &[&str]) {
    let shown = format!("$ events {}", args.join(" "));
    let (_, rest) = page
        .split_once(&format!("```text\n{shown}\n"))
        .unwrap_or_else(|| panic!("no {shown}"));
    let printed = rest.split_once("```").unwrap().0;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let config = folder.join("plugins.toml");
    let config = config.to_str().unwrap();
    let args = args
        .iter()
        .map(|arg| if *arg == "plugins.toml" { config } else { arg });
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let status = events_cli::run(["events"].into_iter().chain(args), &mut out, &mut err);
    let err = String::from_utf8(err).unwrap();
    assert_eq!(status, events_cli::Status::Ok, "{err}");
    let out = String::from_utf8(out)
        .unwrap()
        .replace(config, "plugins.toml");
    // Where a line breaks depends on how long the path of the configuration is, and that on where this repository is.
    let words = |text: &str| {
        text.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    if words(printed) != words(&out) {
        check_printed("docs/src/command.md", printed, &out);
    }
}

#[test]
fn the_answers_on_the_page_of_the_command_are_real() {
    let page = read("docs/src/command.md");
    let configuration = read("docs/src/configuration.md");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    fs::write(
        folder.join("plugins.toml"),
        marked(&configuration, "in TOML:"),
    )
    .unwrap();
    // Without a configuration first: what one connects stays connected in this process.
    check_command(&page, &["why", "warn_of_login"]);
    check_command(
        &page,
        &["receivers", "--signal", "STUDENT_REGISTRATION_COMPLETED"],
    );
    check_command(&page, &["doctor", "--config", "plugins.toml"]);
}
