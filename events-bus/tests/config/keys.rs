//! Fields of events as keys.

use events_bus::config::KeyPath;
use events_core::delivery::OwnedEvent;
use events_core::{AnyEvent, Event};

use super::*;

fn placed() -> OrderPlaced {
    let address = |city: Option<&str>| Address {
        city: city.map(str::to_owned),
    };
    OrderPlaced {
        number: -17,
        customer: Customer {
            name: "Ada".to_owned(),
            address: address(Some("Łódź")),
        },
        gift: None,
        paid: true,
        price: 1.5,
        items: vec![Customer {
            name: "x".to_owned(),
            address: address(None),
        }],
        extras: BTreeMap::from([("a".to_owned(), 1)]),
        seal: Bytes::from(vec![1, 2]),
        at: "2026-01-02T03:04:05+00:00".parse().unwrap(),
        id: Uuid::from_u128(7),
        color: Color::Blue,
        note: Some(String::new()),
    }
}

fn key(event: &OrderPlaced, path: &str) -> Option<String> {
    let owned = OwnedEvent::new(event.clone());
    let event: AnyEvent<'_> = owned.get();
    KeyPath::new(path).of(event)
}

#[test]
fn a_key_is_the_text_of_its_field() {
    let event = placed();
    for (path, expected) in [
        ("number", "-17"),
        ("paid", "true"),
        ("customer.name", "Ada"),
        ("customer.address.city", "Łódź"),
        ("at", "2026-01-02T03:04:05+00:00"),
        ("id", "00000000-0000-0000-0000-000000000007"),
        ("color", "sky-blue"),
        ("note", ""),
    ] {
        assert_eq!(key(&event, path).as_deref(), Some(expected), "{path}");
    }
    // It is what the event's own key would be.
    assert_eq!(
        key(&event, "customer.name").as_deref(),
        Event::key(&event).as_deref()
    );
}

#[test]
fn an_empty_option_on_the_way_is_no_key() {
    let mut event = placed();
    assert_eq!(key(&event, "gift.name"), None);
    event.gift = Some(event.customer.clone());
    assert_eq!(key(&event, "gift.name").as_deref(), Some("Ada"));
    event.customer.address.city = None;
    assert_eq!(key(&event, "customer.address.city"), None);
    event.note = None;
    assert_eq!(key(&event, "note"), None);
}

#[test]
fn what_is_no_key_gives_none() {
    let event = placed();
    for path in [
        "",
        ".",
        "nothing",
        "customer",
        "customer.",
        ".name",
        "customer.name.x",
        "number.x",
        "gift",
        "price",
        "items",
        "items.name",
        "extras",
        "extras.a",
        "seal",
        "color.Red",
        "at.year",
    ] {
        assert_eq!(key(&event, path), None, "{path}");
    }
}

#[test]
fn paths_are_checked_against_the_schema() {
    let told = |path: &str| {
        let config = BusConfig::memory().with_keyed_route(PLACED, "t", path);
        let errors = config.check().err();
        let text = errors.map(|errors| {
            assert!(
                errors
                    .iter()
                    .all(|error| error.kind() == Kind::UnknownField)
            );
            let text = errors.iter().next().unwrap().to_string();
            let (before, rest) = text.split_once(", which is no key: ").unwrap();
            assert_eq!(
                before,
                format!("`bus.producer.\"{PLACED}\".t.event_key_field` is `{path}`")
            );
            let rest = rest.strip_suffix(", or remove it for the event's own key");
            rest.unwrap().to_owned()
        });
        text.unwrap_or_default()
    };
    for path in [
        "number",
        "paid",
        "customer.name",
        "customer.address.city",
        "gift.name",
        "at",
        "id",
        "color",
        "note",
    ] {
        assert_eq!(told(path), "", "{path}");
    }
    let fields = "`number`, `customer`, `gift`, `paid`, `price`, `items`, `extras`, `seal`, `at`, `id`, `color`, `note`";
    for (path, expected) in [
        (
            "custmer.name",
            format!("the event has no field `custmer`; did you mean `customer`? its fields are {fields}; write one of them"),
        ),
        (
            "customer.address.town",
            "`customer.address` has no field `town`; its fields are `city`; write one of them".to_owned(),
        ),
        (
            "gift",
            "`gift` is a record, expected a field that is a text, a whole number or a boolean; its fields are `name`, \
             `address`; write one of them behind it"
                .to_owned(),
        ),
        (
            "number.x",
            "`number` is of type long, which has no fields; end the path with it".to_owned(),
        ),
        (
            "items.name",
            "`items` is of type array of Customer, which has no fields; end the path with it".to_owned(),
        ),
        (
            "price",
            "`price` is of type double, expected a text, a whole number or a boolean; write another field".to_owned(),
        ),
        (
            "extras",
            "`extras` is of type map of long, expected a text, a whole number or a boolean; write another field".to_owned(),
        ),
        (
            "seal",
            "`seal` is of type bytes, expected a text, a whole number or a boolean; write another field".to_owned(),
        ),
        (
            "",
            format!("the event has no field ``; its fields are {fields}; write one of them"),
        ),
    ] {
        assert_eq!(told(path), expected, "{path}");
    }
}

#[test]
fn whatever_passes_the_check_is_a_key() {
    // Every path of up to two names is either refused, or has a key in an event that has all of its fields.
    let mut event = placed();
    event.gift = Some(event.customer.clone());
    let names = [
        "number",
        "customer",
        "gift",
        "paid",
        "price",
        "items",
        "extras",
        "seal",
        "at",
        "id",
        "color",
        "note",
        "name",
        "address",
        "city",
        "address.city",
    ];
    let mut accepted = 0;
    let paths = names.iter().flat_map(|a| {
        let longer = names.iter().map(move |b| format!("{a}.{b}"));
        longer.chain([(*a).to_owned()])
    });
    for path in paths {
        let config = BusConfig::memory().with_keyed_route(PLACED, "t", path.as_str());
        let is_right = config.check().is_ok();
        accepted += usize::from(is_right);
        assert_eq!(key(&event, &path).is_some(), is_right, "{path}");
    }
    assert_eq!(accepted, 10);
}
