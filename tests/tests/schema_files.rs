//! The page on schema files as the maintainers of a catalog follow it: a workspace of its own with an event whose types are
//! in two crates. Its schema is accepted, and six changes are made, which the compiler answers as the page tells.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/pages.rs"]
mod pages;

use pages::{Change, Workspace, breaks_as_printed};

const PAGE: &str = "schema-files.md";
const PEOPLE: &str = "people/src/lib.rs";
const EVENTS: &str = "shop-events/src/lib.rs";
const FILE: &str = "shop-events/schemas/org.example.shop.order.placed.v1.0.avsc";

const COUNT: &str = "    pub count: i64,\n";

const CHANGES: &[Change] = &[
    (
        "A field is removed",
        &[
            (
                PEOPLE,
                "    /// Where to write to.\n    #[event_data(pii)]\n    pub email: String,\n",
                "",
            ),
            (PEOPLE, "derive(Clone", "derive(Debug, Clone"),
        ],
    ),
    (
        "A field is added",
        &[(EVENTS, COUNT, "    pub count: i64,\n    pub price: f64,\n")],
    ),
    (
        "A field is added that readers can do without",
        &[(
            EVENTS,
            COUNT,
            "    pub count: i64,\n    pub price: Option<f64>,\n",
        )],
    ),
    (
        "A field gets another type",
        &[(EVENTS, "count: i64", "count: String")],
    ),
    (
        "A type is renamed",
        &[
            (PEOPLE, "struct Customer", "struct Person"),
            (EVENTS, "people::Customer", "people::Person"),
            (EVENTS, "customer: Customer", "customer: Person"),
        ],
    ),
    (
        "What was optional is required",
        &[(EVENTS, "note: Option<String>", "note: String")],
    ),
];

#[test]
fn a_schema_is_accepted_and_kept_as_printed() {
    let workspace = Workspace::of(PAGE);
    let test = ["test", "-p", "shop-events"];
    let (success, out, _) = workspace.cargo(&test);
    assert!(!success, "without a schema file the test passes: {out}");
    assert!(
        out.contains("org.example.shop.order.placed.v1") && out.contains("EVENTS_SCHEMA_ACCEPT=1"),
        "{out}"
    );
    let accept = [("EVENTS_SCHEMA_ACCEPT", "1")];
    let (success, out, err) = workspace.cargo_with(&test, &accept);
    assert!(success, "{out}\n{err}");
    let file = workspace.read(FILE);
    let json: serde_json::Value = serde_json::from_str(&file).unwrap();
    assert_eq!(json["namespace"], "org.example.shop.order.placed.v1");
    let (success, out, err) = workspace.cargo(&test);
    assert!(success, "{out}\n{err}");

    breaks_as_printed(&workspace, PAGE, CHANGES);

    // The change that nobody breaks by, made as the message says.
    let text = workspace.read(EVENTS);
    let text = text.replace(COUNT, "    pub count: i64,\n    pub price: Option<f64>,\n");
    let text = text.replace("placed.v1\", ", "placed.v1\", minor_version = 1, ");
    workspace.write(EVENTS, &text);
    let (success, out, err) = workspace.cargo_with(&test, &accept);
    assert!(success, "{out}\n{err}");
    assert_eq!(
        workspace.read(FILE),
        file,
        "an accepted file is not touched"
    );
    let newer = workspace.read(&FILE.replace(".0.avsc", ".1.avsc"));
    assert!(newer.contains("\"price\""), "{newer}");
    let (success, out, err) = workspace.cargo(&test);
    assert!(success, "{out}\n{err}");
}
