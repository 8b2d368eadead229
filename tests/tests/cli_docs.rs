//! `events docs` on a binary with two catalogs: what the pages say, that they hold together, and what becomes of the folder.

use events_core::testing;
use serde_json::{Value, json};

#[path = "cli_docs/catalog.rs"]
mod catalog;
#[path = "cli_docs/command.rs"]
mod command;
#[path = "cli_docs/conformance_python.rs"]
mod conformance_python;
#[path = "cli_docs/folders.rs"]
mod folders;
#[path = "cli_docs/markup.rs"]
mod markup;
#[path = "cli_docs/pages.rs"]
mod pages;
#[path = "cli_docs/shop.rs"]
mod shop;

use command::{answer, folder};
use pages::{code_block, files, read, site};
use shop::ORDER;

#[track_caller]
fn has(page: &str, parts: &[&str]) {
    for part in parts {
        assert!(page.contains(part), "no {part} in\n{page}");
    }
}

/// The page of the order, without what is only for breaking names.
fn order_page(site: &std::path::Path) -> String {
    read(site, &format!("events/{ORDER}.html")).replace("<wbr>", "")
}

#[test]
fn it_says_what_it_wrote() {
    let _scope = testing::scope();
    let out = folder("said");
    let out = out.to_str().unwrap();
    let said = answer(&["docs", "--out", out]);
    // 75 of the platform and 2 of the shop, and the three pages about all of them.
    assert!(
        said.starts_with(&format!("Wrote 80 pages about 77 events to {out}\n")),
        "{said}"
    );
    let document: Value = serde_json::from_str(&answer(&["docs", "--out", out, "--json"])).unwrap();
    assert_eq!(
        document,
        json!({
            "out": out,
            "title": "Event catalog",
            "events": 77,
            "pages": 80,
            // Pages, schemas, style, script, AsyncAPI document.
            "files": 80 + 77 + 3,
            "bytes": document["bytes"],
            "changed": 0,
            "removed": 0,
        })
    );
    assert!(document["bytes"].as_u64().unwrap() > 500_000);
}

#[test]
fn the_index_has_every_event_in_its_subdomain() {
    let _scope = testing::scope();
    let site = site("index");
    let index = read(&site, "index.html").replace("<wbr>", "");
    for signal in events_core::registry::signals() {
        let (event, info) = (signal.event(), signal.info());
        let link = format!(
            "<a class=\"name\" href=\"events/{}.html\">{}</a>",
            event.event_type, info.name
        );
        assert_eq!(index.matches(&link).count(), 1, "{link}");
    }
    has(
        &index,
        &[
            "<title>Shop &amp; &lt;Platform&gt;</title>",
            "<h2 id=\"catalog-cli_docs\">Catalog <code>cli_docs</code></h2>",
            "<h2 id=\"catalog-events_catalog\">",
            "<h3 id=\"heading-events_catalog-learning\">learning <span class=\"number\">37</span></h3>",
            "href=\"#cli_docs-docs\">cli_docs · docs <span class=\"number\">2</span></a>",
            // What the search finds besides the text.
            "data-names=\"OrderPlaced Customer OrderLine Shelf State\"",
            "number customer customer.name customer.email lines lines[].article",
            "77 events in 6 subdomains",
        ],
    );
}

#[test]
fn the_page_of_an_event_tells_everything() {
    let _scope = testing::scope();
    let site = site("event");
    let page = order_page(&site);
    has(
        &page,
        &[
            "<h1>ORDER_PLACED</h1>",
            "<ul><li>once for <em>each</em> order</li>",
            "<a href=\"https://shop.example/?a=1&amp;b=2\" rel=\"noreferrer\">the shop</a>",
            "<dd><code>cli_docs::shop::ORDER_PLACED</code></dd>",
            "<dd><code>cli_docs::shop::OrderPlaced</code></dd>",
            "<dt>Minor version</dt><dd>1</dd>",
            "<dt>Key</dt><dd><a href=\"#field-number\"><code>number</code></a></dd>",
            "tests/tests/cli_docs/shop.rs:",
            "2 fields of 16 marked as personal data.",
            "<a href=\"../types.html#record-Customer\">Customer</a>",
            "<span class=\"quantity\">array of </span><a href=\"../types.html#record-OrderLine\">",
            "one of <code>open</code>, <code>back-ordered</code>",
            "<span class=\"quantity\">map of </span>string",
            "string <span class=\"format\">uuid</span>",
            "string <span class=\"format\">date-time</span>",
            "<a href=\"../types.html#text-Shelf\">Shelf</a> <span class=\"format\">string</span>",
            "Default: <code>false</code>",
            "Default: <code>null</code>",
            "<span class=\"badge\">key</span> The number that the customer sees.",
            "<span class=\"badge personal\">personal data</span> Where to write to.",
            "The values of <code>Shelf</code> are placeholders",
            // Receivers.
            "<code class=\"name\">shop.&lt;pack&gt;</code>",
            "plugin <code>cli_docs</code> · linked · async · wants metadata · priority 5",
            "<code class=\"name\">audit.record</code>",
            "<code class=\"name\">shop.bill</code>",
            "manual · not connected · durable · priority 0",
        ],
    );
    assert!(
        !page.contains("in Python"),
        "it is not in the Python package"
    );
    assert_eq!(
        serde_json::from_str::<Value>(&code_block(&page, "Example payload")).unwrap(),
        json!({
            "number": 1,
            "customer": {"name": "Example User", "email": "user@example.com"},
            "lines": [{"article": "example", "pieces": 1, "state": "open", "tags": {"example": "example"}}],
            "id": "00000000-0000-4000-8000-000000000001",
            "placed": "2030-01-15T09:30:00+00:00",
            "scan": [101, 103],
            "shelf": "example",
            "urgent": true,
            "price": 0.75,
            "note": "example",
        })
    );
    let example = code_block(&page, "Example payload");
    serde_json::from_str::<shop::OrderPlaced>(&example).unwrap();
    let schema = shop::ORDER_PLACED.event().avro_schema().to_string();
    assert_eq!(code_block(&page, "Avro schema"), schema.trim_end());
    assert_eq!(read(&site, &format!("schemas/{ORDER}.1.avsc")), schema);
}

#[test]
fn versions_are_shown_with_what_changed() {
    let _scope = testing::scope();
    let page = order_page(&site("versions"));
    has(
        &page,
        &[
            "<h3>Minor version 1 <span class=\"badge\">current</span></h3>",
            "<h3>Minor version 0</h3>",
            "<h3>Minor version 0, former layout <code>before-price</code></h3>",
            &format!("Schema file <code>{ORDER}.0.avsc</code>"),
            "<code class=\"rule\">field-added</code> at <code>note</code>: <code>optional string</code>. \
             <span class=\"quiet-text\">Breaks nobody.</span>",
            "<code class=\"rule\">field-added</code> at <code>price</code>: <code>double</code>. \
             <span class=\"badge warning\">breaks</span> Newer readers cannot read older events.",
            "<ins>+       &quot;name&quot;: &quot;price&quot;,\n</ins>",
            "<h3>Waivers</h3>",
            &format!(
                "<code class=\"rule\">field-added</code> at <code>price</code> against \
                 <code>{ORDER}.0-before-price.avsc</code>: Nobody keeps orders from before &lt;2020&gt;."
            ),
        ],
    );
    let order = [
        "Minor version 1 ",
        "Minor version 0<",
        "Minor version 0, former",
    ]
    .map(|heading| page.find(heading).unwrap());
    assert!(order.is_sorted(), "the newest first");
}

#[test]
fn an_event_without_schema_file_says_so() {
    let _scope = testing::scope();
    let page = read(
        &site("fileless"),
        "events/org.example.docs.order.cancelled-late.v1.html",
    );
    has(
        &page,
        &[
            "No schema file is kept yet",
            "No schema file yet: <code>events schema accept</code> writes it.",
            "none: events of this type have no order among themselves",
            "OrderCancelledLate { r#type }",
        ],
    );
}

#[test]
fn personal_data_and_data_types_have_their_pages() {
    let _scope = testing::scope();
    let site = site("overview");
    let personal = read(&site, "personal-data.html").replace("<wbr>", "");
    has(
        &personal,
        &[
            &format!(
                "<a href=\"events/{ORDER}.html#field-customer.email\"><code>customer.email</code></a>"
            ),
            "enrollment.user.pii.username",
        ],
    );
    assert!(!personal.contains("CANCELLED_LATE"), "it carries none");
    let types = read(&site, "types.html").replace("<wbr>", "");
    has(
        &types,
        &[
            "<code>State</code> <span class=\"kind\">enum</span>",
            "<p>How far it is.</p><ul><li><code>open</code></li>",
            "Readers refuse any other value.",
            "<code>Shelf</code> <span class=\"kind\">string</span>",
            "<section class=\"type\" id=\"record-CourseEnrollmentData\"",
            &format!("<a href=\"events/{ORDER}.html\">ORDER_PLACED</a>"),
        ],
    );
}

#[test]
fn the_same_binary_writes_the_same_site() {
    let _scope = testing::scope();
    let (first, second) = (files(&site("first")), files(&site("second")));
    assert!(first == second, "two sites of one binary differ");
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap();
    let root = root.to_str().unwrap();
    for (path, bytes) in first {
        let text = String::from_utf8(bytes).expect("UTF-8");
        assert!(!text.contains(root), "{path} tells where it was built");
    }
}
