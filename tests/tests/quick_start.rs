//! The quick start as a new user follows it: a workspace of its own, made of what the page prints. Then its event is
//! changed, as the page on breaking at compile time tells, and the compiler has to say what that page prints.
//!
//! It is a process of its own that runs cargo, in the target folder of this workspace: what is built already is not built
//! again.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const MARK: &str = "<!-- file: ";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()
        .unwrap()
}

fn page(name: &str) -> String {
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

struct Workspace {
    folder: PathBuf,
}

impl Workspace {
    fn new() -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("quick-start");
        let _ = fs::remove_dir_all(&folder);
        let workspace = Self { folder };
        for (path, mut text) in printed(&page("quick-start.md")) {
            if path == "Cargo.toml" {
                // What the page says to do while the crates are not on a registry; and the profile of this workspace,
                // so that its build can be used.
                let core = root().join("events-core").to_str().unwrap().to_owned();
                let version = "events-core = \"0.1\"";
                assert!(
                    text.contains(version),
                    "the page's Cargo.toml has no `{version}`"
                );
                text = text.replace(version, &format!("events-core = {{ path = {core:?} }}"));
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

    fn write(&self, path: &str, text: &str) {
        let path = self.folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.folder.join(path)).unwrap()
    }

    /// Runs cargo: whether it succeeded, its output, and what it said.
    fn cargo(&self, args: &[&str]) -> (bool, String, String) {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
        let output = Command::new(env!("CARGO"))
            .args(args)
            .arg("--offline")
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", target)
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
type Change = (
    &'static str,
    &'static [(&'static str, &'static str, &'static str)],
);

const EVENTS: &str = "shop-events/src/lib.rs";
const PACKING: &str = "packing/src/lib.rs";

const CHANGES: &[Change] = &[
    (
        "A field is renamed or removed",
        &[
            (EVENTS, "pub order:", "pub purchase:"),
            (EVENTS, "key = order.", "key = purchase."),
        ],
    ),
    (
        "A field gets another type",
        &[
            (EVENTS, "pub order: OrderData", "pub order: Vec<OrderData>"),
            (EVENTS, ", key = order.customer", ""),
        ],
    ),
    (
        "A field is added",
        &[(
            EVENTS,
            "    pub order: OrderData,\n",
            "    pub order: OrderData,\n    pub gift: bool,\n",
        )],
    ),
    (
        "A nested type changes",
        &[(EVENTS, "number: i64", "number: String")],
    ),
    (
        "A key leads nowhere",
        &[(EVENTS, "order.customer", "order.customr")],
    ),
    (
        "A signal is renamed or removed",
        &[(EVENTS, "struct OrderPlaced", "struct OrderAccepted")],
    ),
    (
        "A receiver returns the wrong thing",
        &[
            (PACKING, "Result<(), String>", "bool"),
            (
                PACKING,
                "return Err(\"nothing to pack\".to_owned())",
                "return false",
            ),
            (PACKING, "Ok(())", "true"),
        ],
    ),
    (
        "An event carries what no event can carry",
        &[(EVENTS, "number: i64", "number: u32")],
    ),
    (
        "Several mistakes at once",
        &[
            (
                EVENTS,
                "org.example.shop.order.placed.v1",
                "shop.orderPlaced",
            ),
            (EVENTS, "key = order", "keys = order"),
        ],
    ),
];

/// What the page prints under a heading, as the compiler's.
fn messages(page: &str, heading: &str) -> String {
    let (_, section) = page
        .split_once(&format!("\n## {heading}\n"))
        .unwrap_or_else(|| panic!("the page has no section \"{heading}\""));
    let section = section.split("\n## ").next().unwrap();
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

#[test]
fn the_quick_start_works_and_breaks_as_printed() {
    let workspace = Workspace::new();
    let (success, out, err) = workspace.cargo(&["run", "-p", "shop-app"]);
    assert!(success, "{err}");
    let lines: Vec<_> = out.lines().collect();
    assert!(
        lines[0].starts_with("order 17 of 20") && lines[0].ends_with(": packing"),
        "{out}"
    );
    assert_eq!(
        lines[1..],
        [
            "packing::pack: Ok",
            "packing::pack: Failed(\"nothing to pack\")"
        ]
    );
    let (success, out, err) = workspace.cargo(&["test", "-p", "shop-app"]);
    assert!(success, "{out}\n{err}");

    if !cfg!(pinned_messages) {
        return;
    }
    let page = page("journey-break.md");
    let mut blessed = page.clone();
    let mut wrong = Vec::new();
    for (heading, edits) in CHANGES {
        let before: Vec<_> = [EVENTS, PACKING]
            .map(|path| (path, workspace.read(path)))
            .into();
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
        fs::write(root().join("docs/src/journey-break.md"), blessed).unwrap();
    } else {
        assert!(
            wrong.is_empty(),
            "\n{}\nset EVENTS_BLESS=1 to change the page",
            wrong.join("\n")
        );
    }
}
