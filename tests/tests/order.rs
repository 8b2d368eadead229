//! The declared order of receivers, and what is known of each. Receivers run on the thread of the sender and every test has
//! a thread of its own: so the log is the thread's.

use std::cell::RefCell;

use events_core::{EventMetadata, ReceiverKind, Responses, event, receiver};

thread_local! {
    static LOG: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

fn note(text: impl Into<String>) {
    LOG.with_borrow_mut(|log| log.push(text.into()));
}

fn noted() -> Vec<String> {
    LOG.take()
}

fn ids(responses: &Responses) -> Vec<String> {
    responses
        .iter()
        .map(|response| response.receiver().id.to_string())
        .collect()
}

#[event(type = "org.example.shop.till.opened.v1")]
struct TillOpened {
    till: String,
}

#[event(type = "org.example.shop.till.counted.v1")]
struct TillCounted {}

#[receiver(TILL_COUNTED)]
fn plain() {}

#[receiver(TILL_COUNTED)]
fn asks_for_metadata(metadata: &EventMetadata) {
    let _ = metadata;
}

#[receiver(TILL_OPENED, id = "m.middle")]
fn middle(till: &str) {
    note(format!("middle {till}"));
}

#[receiver(TILL_OPENED, id = "b.before")]
fn before() {
    note("before");
}

#[receiver(TILL_OPENED, id = "a.late", priority = 10)]
fn late() {
    note("late");
}

#[receiver(TILL_OPENED, id = "z.early", priority = -1)]
fn early() {
    note("early");
}

#[receiver(
    TILL_OPENED,
    id = "k.manual",
    alias = "k.former",
    alias = "k.first",
    manual
)]
fn manual() {
    note("manual");
}

fn open() -> Responses {
    TILL_OPENED.send_event(TillOpened {
        till: "3".to_owned(),
    })
}

#[test]
fn the_order_is_priority_then_id_then_closures_as_they_were_connected() {
    let _second = TILL_OPENED.connect_with("a closure", 0, |_| note("closure 1"));
    let _third = TILL_OPENED.connect_with("0 closure", 0, |_| note("closure 2"));
    let _first = TILL_OPENED.connect_with("early closure", -2, |event| note(event.till.clone()));
    let manual = TILL_OPENED.connect_receiver("k.former").expect("an alias");
    let responses = open();
    let expected = [
        "early closure",
        "z.early",
        "b.before",
        "k.manual",
        "m.middle",
        "a closure",
        "0 closure",
        "a.late",
    ];
    assert_eq!(ids(&responses), expected);
    let listed = TILL_OPENED.receivers();
    let listed: Vec<_> = listed.iter().map(|info| info.id.as_ref()).collect();
    assert_eq!(listed, expected, "what is listed is what runs");
    assert_eq!(
        noted(),
        [
            "3",
            "early",
            "before",
            "manual",
            "middle 3",
            "closure 1",
            "closure 2",
            "late"
        ]
    );
    drop(manual);
}

#[test]
fn what_is_known_of_a_receiver() {
    let manual = TILL_OPENED.manual_receivers();
    let [manual] = &manual[..] else {
        panic!("{manual:?}")
    };
    assert_eq!(manual.kind, ReceiverKind::Manual);
    assert_eq!(manual.aliases, ["k.former", "k.first"]);
    assert!(
        manual.is_called("k.first") && manual.is_called("k.manual") && !manual.is_called("manual")
    );

    let infos: Vec<_> = events_core::registry::receivers().collect();
    let find = |name: &str| {
        *infos
            .iter()
            .find(|info| info.name == name)
            .expect("a receiver")
    };
    let plain = find("plain");
    assert_eq!(plain.id, "order::plain");
    assert_eq!((plain.module, plain.plugin()), ("order", "order"));
    assert!(plain.location.file.ends_with("order.rs") && plain.location.line > 1);
    assert!(!plain.wants_metadata && !plain.is_async && plain.priority == 0);
    assert!(find("asks_for_metadata").wants_metadata);
    assert_eq!(find("late").priority, 10);
    assert!(infos.is_sorted_by_key(|info| (info.priority, info.id.as_ref())));
}
