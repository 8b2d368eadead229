//! What a receiver may ask for and how it is declared. The catalog and the receivers stand in this crate.
//!
//! Receivers run on the thread of the sender and every test has a thread of its own: so the log is the thread's.

use std::cell::RefCell;

use events_core::{
    AnyEvent, AnySignal, DateTime, EventData, EventMetadata, Outcome, Responses, Signal, event,
    receiver,
};

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

mod catalog {
    use super::{DateTime, EventData, event};

    #[derive(Debug, Clone, PartialEq, EventData)]
    pub(crate) struct OrderData {
        pub(crate) number: i64,
        pub(crate) lines: Vec<String>,
    }

    /// Emitted when an order was placed.
    #[event(type = "org.example.shop.order.placed.v1", key = order.number)]
    pub(crate) struct OrderPlaced {
        pub(crate) order: OrderData,
        pub(crate) note: Option<String>,
        pub(crate) total: f64,
        pub(crate) at: Option<DateTime>,
    }

    #[event(type = "org.example.shop.order.paid.v1", minor_version = 2)]
    pub(crate) struct OrderPaid {
        pub(crate) order: OrderData,
    }

    #[event(type = "org.example.shop.order.returned.v1", signal = GOODS_CAME_BACK)]
    pub(crate) struct OrderReturned {
        pub(crate) order: OrderData,
        pub(crate) reason: String,
    }

    #[event(type = "org.example.shop.stock.counted.v1")]
    pub(crate) struct StockCounted {
        pub(crate) pieces: i64,
    }

    #[event(type = "org.example.shop.till.closed.v1")]
    pub(crate) struct TillClosed {}
}

use catalog::{
    GOODS_CAME_BACK, ORDER_PAID, ORDER_PLACED, OrderData, OrderPaid, OrderPlaced, OrderReturned,
    STOCK_COUNTED, StockCounted, TILL_CLOSED, TillClosed,
};

fn order(number: i64) -> OrderData {
    OrderData {
        number,
        lines: vec!["tea".to_owned(), "milk".to_owned()],
    }
}

fn placed(number: i64) -> OrderPlaced {
    OrderPlaced {
        order: order(number),
        note: Some("ring twice".to_owned()),
        total: 12.5,
        at: None,
    }
}

// Parameters by reference, by value, in any order, some of them.

#[receiver(ORDER_PLACED, id = "a.references")]
#[expect(clippy::trivially_copy_pass_by_ref, reason = "that is what is tested")]
fn by_reference(total: &f64, order: &OrderData) {
    note(format!("{} costs {total}", order.number));
}

#[receiver(ORDER_PLACED, id = "b.values")]
fn by_value(mut order: OrderData, note: Option<String>) {
    order.lines.push("bread".to_owned());
    self::note(format!(
        "{} {}",
        order.lines.join("+"),
        note.unwrap_or_default()
    ));
}

#[receiver(ORDER_PLACED, id = "c.unused")]
#[expect(
    clippy::ref_option,
    clippy::unnecessary_wraps,
    reason = "that is what is tested"
)]
fn unused_and_named_lifetimes<'a>(
    _order: &'a OrderData,
    at: &'a Option<DateTime>,
) -> Result<(), &'static str> {
    note(format!("at {at:?}"));
    Ok(())
}

#[receiver(ORDER_PLACED, id = "d.nothing")]
fn nothing() {
    note("nothing");
}

#[test]
fn parameters_are_chosen_by_name() {
    let responses = ORDER_PLACED.send_event(placed(17));
    assert!(responses.is_ok(), "{responses:?}");
    let named = ["a.references", "b.values", "c.unused", "d.nothing"];
    let seen = ids(&responses);
    assert_eq!(
        seen.iter()
            .filter(|id| named.contains(&id.as_str()))
            .count(),
        4
    );
    let log = noted();
    for line in [
        "17 costs 12.5",
        "tea+milk+bread ring twice",
        "at None",
        "nothing",
    ] {
        assert!(log.iter().any(|noted| noted == line), "{line}: {log:?}");
    }
}

#[test]
fn functions_stay_callable_as_written() {
    by_reference(&1.5, &order(3));
    by_value(order(3), None);
    unused_and_named_lifetimes(&order(3), &None).expect("no error");
    assert_eq!(noted(), ["3 costs 1.5", "tea+milk+bread ", "at None"]);
}

// The reserved names.

#[receiver(STOCK_COUNTED)]
fn reserved(
    event: &StockCounted,
    metadata: &EventMetadata,
    signal: &Signal<StockCounted>,
    from_event_bus: bool,
    pieces: i64,
) {
    note(format!(
        "{} {pieces} {} {} {from_event_bus}",
        event.pieces,
        metadata.event_type(),
        signal.info().name
    ));
}

#[receiver(STOCK_COUNTED, id = "zz.owned")]
#[expect(
    clippy::needless_pass_by_value,
    clippy::trivially_copy_pass_by_ref,
    reason = "that is what is tested"
)]
fn reserved_by_value(event: StockCounted, metadata: EventMetadata, from_event_bus: &bool) {
    note(format!(
        "{} {} {from_event_bus}",
        event.pieces,
        metadata.id()
    ));
}

#[test]
fn reserved_names_give_the_send_itself() {
    STOCK_COUNTED.send_event(StockCounted { pieces: 4 });
    let log = noted();
    let expected = "4 4 org.example.shop.stock.counted.v1 STOCK_COUNTED false";
    assert_eq!(log[1], expected);
    assert!(
        log[2].starts_with("4 ") && log[2].ends_with(" false"),
        "{log:?}"
    );

    let metadata = EventMetadata::new("org.example.shop.stock.counted.v1");
    STOCK_COUNTED.send_event_with_metadata(StockCounted { pieces: 5 }, &metadata);
    let log = noted();
    assert_eq!(log[2], format!("5 {} true", metadata.id()));
}

// Several signals.

#[receiver(ORDER_PAID, GOODS_CAME_BACK)]
fn either(order: &OrderData, signal: &dyn AnySignal) {
    note(format!("{} {}", signal.info().name, order.number));
}

#[test]
fn one_receiver_of_several_signals() {
    ORDER_PAID.send_event(OrderPaid { order: order(1) });
    GOODS_CAME_BACK.send_event(OrderReturned {
        order: order(2),
        reason: "stale".to_owned(),
    });
    let log = noted();
    let of_either: Vec<_> = log.iter().filter(|line| !line.starts_with("any")).collect();
    assert_eq!(of_either, ["ORDER_PAID 1", "GOODS_CAME_BACK 2"]);
}

// Any event.

#[receiver(any, id = "any", priority = -5)]
fn any(
    event: AnyEvent<'_>,
    metadata: &EventMetadata,
    signal: &dyn AnySignal,
) -> Result<(), serde_json::Error> {
    assert_eq!(metadata.event_type(), event.info().event_type);
    assert_eq!(signal.info(), event.signal().info());
    let json = serde_json::to_string(&event)?;
    let downcast = match event.downcast_ref::<OrderReturned>() {
        Some(returned) => format!(" because of {}", returned.reason),
        None => String::new(),
    };
    note(format!("any {:?} {json}{downcast}", event.key()));
    Ok(())
}

#[test]
fn a_receiver_of_any_event_gets_an_erased_view() {
    GOODS_CAME_BACK.send_event(OrderReturned {
        order: order(2),
        reason: "stale".to_owned(),
    });
    let json = r#"{"order":{"number":2,"lines":["tea","milk"]},"reason":"stale"}"#;
    assert_eq!(noted()[0], format!("any None {json} because of stale"));
    ORDER_PLACED.send_event(placed(17));
    assert!(noted()[0].starts_with(r#"any Some("17") {"order":{"number":17"#));
}

#[test]
fn one_metadata_for_all_receivers_of_a_send() {
    let connection = STOCK_COUNTED.connect(|_, metadata| {
        note(format!(
            "{} {} {}",
            metadata.id(),
            metadata.time(),
            metadata.minor_version()
        ));
    });
    let again = STOCK_COUNTED.connect(|_, metadata| {
        note(format!(
            "{} {} {}",
            metadata.id(),
            metadata.time(),
            metadata.minor_version()
        ));
    });
    STOCK_COUNTED.send_event(StockCounted { pieces: 4 });
    drop((connection, again));
    let log = noted();
    let [one, two] = &log[log.len() - 2..] else {
        panic!("{log:?}")
    };
    // The annotated receiver by value notes the id, too.
    assert!(log.len() == 5, "{log:?}");
    assert_eq!(one, two);
    assert!(
        log[2].contains(&one[..36]) || log[1].contains(&one[..36]),
        "{log:?}"
    );
}

#[test]
fn the_minor_version_of_the_event_is_in_its_metadata() {
    let connection =
        ORDER_PAID.connect(|_, metadata| note(format!("minor {}", metadata.minor_version())));
    ORDER_PAID.send_event(OrderPaid { order: order(1) });
    drop(connection);
    assert!(noted().contains(&"minor 2".to_owned()));
}

#[test]
fn a_disabled_signal_has_no_effect() {
    assert!(TILL_CLOSED.is_enabled());
    TILL_CLOSED.disable();
    assert!(!TILL_CLOSED.is_enabled());
    let connection = TILL_CLOSED.connect(|_, _| note("ran"));
    let metadata = EventMetadata::new("org.example.shop.till.closed.v1");
    assert!(TILL_CLOSED.send_event(TillClosed {}).is_empty());
    assert!(
        TILL_CLOSED
            .send_event_with_metadata(TillClosed {}, &metadata)
            .is_empty()
    );
    assert!(
        TILL_CLOSED
            .send_event_strict(TillClosed {})
            .expect("no effect")
            .is_empty()
    );
    assert_eq!(noted(), Vec::<String>::new());
    TILL_CLOSED.enable();
    let responses = TILL_CLOSED.send_event(TillClosed {});
    assert!(
        responses
            .iter()
            .all(|response| matches!(response.outcome(), Outcome::Ok))
    );
    assert_eq!(responses.len(), 2);
    drop(connection);
    assert_eq!(noted(), ["any None {}", "ran"]);
}
