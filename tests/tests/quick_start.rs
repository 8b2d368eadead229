//! The quick start as a new user follows it: a workspace of its own, made of what the page prints. Then its event is
//! changed, as the page on breaking at compile time tells, and the compiler has to say what that page prints.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/pages.rs"]
mod pages;

use pages::{Change, Workspace, breaks_as_printed};

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

#[test]
fn the_quick_start_works_and_breaks_as_printed() {
    let workspace = Workspace::of("quick-start.md");
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

    breaks_as_printed(&workspace, "journey-break.md", CHANGES);
}
