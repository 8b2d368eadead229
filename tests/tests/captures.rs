//! The assertions of captures: when they hold, and what they say when they do not.

use std::panic::{AssertUnwindSafe, catch_unwind};

use events_core::testing::{self, Capture};
use events_core::{event, receiver};

#[event(type = "org.example.tests.captures.written.v1")]
struct Written {
    page: i64,
    text: String,
}

#[event(type = "org.example.tests.captures.erased.v1")]
struct Erased {
    page: i64,
}

#[receiver(ERASED, id = "captures.rub", alias = "captures.old")]
fn rub() {}

#[receiver(ERASED, manual)]
fn by_hand() {}

fn written(page: i64, text: &str) -> Written {
    Written {
        page,
        text: text.to_owned(),
    }
}

fn write(page: i64, text: &str) {
    WRITTEN.send_event(written(page, text));
}

/// What an assertion says that does not hold.
#[track_caller]
fn message(assertion: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(assertion)).expect_err("the assertion fails");
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => (*payload.downcast::<&str>().expect("a text")).to_owned(),
    }
}

fn with_pages(pages: &[(i64, &str)], test: impl FnOnce(&Capture<Written>)) {
    let scope = testing::scope();
    for (page, text) in pages {
        write(*page, text);
    }
    test(&scope.capture(&WRITTEN));
}

#[test]
fn assertions_that_hold() {
    with_pages(&[(1, "one")], |capture| {
        assert_eq!(capture.assert_sent_once().event, written(1, "one"));
        capture.assert_sent_once_with(&written(1, "one"));
        assert!(!capture.is_empty());
    });
    with_pages(&[(1, "one"), (2, "two"), (2, "two")], |capture| {
        capture.assert_sent_with(&written(2, "two"));
        capture.assert_sent_times(3);
        capture.assert_sent_exactly(&[written(1, "one"), written(2, "two"), written(2, "two")]);
        assert_eq!(capture.events().len(), capture.len());
    });
    with_pages(&[], |capture| {
        capture.assert_not_sent();
        capture.assert_sent_exactly(&[]);
        assert!(capture.is_empty());
    });
}

#[test]
fn a_capture_may_begin_after_the_send_and_goes_on() {
    let scope = testing::scope();
    write(1, "one");
    let capture = scope.capture(&WRITTEN);
    write(2, "two");
    capture.assert_sent_times(2);
    assert_eq!(
        scope.sent_types(),
        ["org.example.tests.captures.written.v1"; 2]
    );
    ERASED.send_event(Erased { page: 1 });
    assert_eq!(
        scope.sent_types()[1..],
        [
            "org.example.tests.captures.written.v1",
            "org.example.tests.captures.erased.v1"
        ]
    );
}

#[test]
fn not_once() {
    with_pages(&[], |capture| {
        let text = message(|| {
            capture.assert_sent_once();
        });
        assert_eq!(
            text,
            "WRITTEN was expected to be sent once, and was not sent"
        );
    });
    with_pages(&[(1, "one"), (2, "two")], |capture| {
        let text = message(|| capture.assert_sent_once_with(&written(1, "one")));
        assert!(
            text.starts_with(
                "WRITTEN was expected to be sent once, and was sent 2 times:\n[\n    Written {"
            ),
            "{text}"
        );
        assert!(text.contains(r#"text: "two","#), "{text}");
    });
}

#[test]
fn other_data_is_shown_as_a_diff() {
    with_pages(&[(1, "one")], |capture| {
        let text = message(|| capture.assert_sent_once_with(&written(1, "first")));
        assert_eq!(
            text,
            "WRITTEN was sent once, but with other data (- expected, + sent):\n  Written {\n      page: 1,\n-     text: \
             \"first\",\n+     text: \"one\",\n  }\n"
        );
    });
}

#[test]
fn the_closest_event_is_compared() {
    with_pages(&[(1, "one"), (2, "second"), (3, "three")], |capture| {
        let text = message(|| capture.assert_sent_with(&written(2, "two")));
        assert!(
            text.starts_with("WRITTEN was sent 3 times, but not with this data; the closest differs (- expected, + sent):\n"),
            "{text}"
        );
        assert!(
            text.contains("      page: 2,\n-     text: \"two\",\n+     text: \"second\",\n"),
            "{text}"
        );
    });
    with_pages(&[], |capture| {
        let text = message(|| capture.assert_sent_with(&written(2, "two")));
        assert_eq!(
            text,
            "WRITTEN was not sent; expected\nWritten {\n    page: 2,\n    text: \"two\",\n}"
        );
    });
}

#[test]
fn another_order_or_number_is_shown_as_a_diff() {
    with_pages(&[(1, "one"), (2, "two")], |capture| {
        let text = message(|| capture.assert_sent_exactly(&[written(2, "two"), written(1, "one")]));
        assert!(
            text.starts_with("WRITTEN was sent otherwise (- expected, + sent):\n  [\n"),
            "{text}"
        );
        assert!(
            text.contains("\n-     Written {") || text.contains("\n-         page:"),
            "{text}"
        );
        let text = message(|| capture.assert_sent_exactly(&[written(1, "one")]));
        assert!(text.contains("+         text: \"two\",\n"), "{text}");
        assert!(!text.contains("\n- "), "nothing is missing: {text}");
    });
}

#[test]
fn sent_although_it_should_not_be() {
    with_pages(&[(1, "one")], |capture| {
        let text = message(|| capture.assert_not_sent());
        assert!(
            text.starts_with(
                "WRITTEN was expected not to be sent, and was sent once:\n[\n    Written {"
            ),
            "{text}"
        );
        let text = message(|| capture.assert_sent_times(3));
        assert!(
            text.starts_with("WRITTEN was expected to be sent 3 times, and was sent once:\n"),
            "{text}"
        );
    });
}

#[test]
fn a_disabled_signal_is_named_as_the_reason() {
    let scope = testing::scope();
    WRITTEN.disable();
    write(1, "one");
    let text = message(|| {
        scope.capture(&WRITTEN).assert_sent_once();
    });
    assert_eq!(
        text,
        "WRITTEN was expected to be sent once, and was not sent (the signal is disabled in this scope)"
    );
}

#[test]
fn nothing_at_all() {
    let scope = testing::scope();
    scope.assert_nothing_sent();
    write(1, "one");
    ERASED.send_event(Erased { page: 1 });
    assert_eq!(
        message(|| scope.assert_nothing_sent()),
        "nothing was expected to be sent, but 2 events were: org.example.tests.captures.written.v1, \
         org.example.tests.captures.erased.v1"
    );
}

#[test]
fn a_receiver_is_connected_by_id_alias_or_name() {
    for name in ["captures.rub", "captures.old", "rub"] {
        testing::assert_receiver_connected(&ERASED, name);
    }
    testing::assert_receiver_not_connected(&ERASED, "by_hand");
    let text = message(|| testing::assert_receiver_not_connected(&ERASED, "rub"));
    assert!(
        text.starts_with("receiver `captures.rub` (") && text.ends_with(") is connected to ERASED"),
        "{text}"
    );
    assert!(text.contains("captures.rs:"), "{text}");
}

#[test]
fn a_receiver_that_is_not_connected_is_explained() {
    assert_eq!(
        message(|| testing::assert_receiver_connected(&ERASED, "scrub")),
        "receiver `scrub` is not connected to ERASED; connected are captures.rub. If its crate is a dependency, see that \
         this test binary names it: `use the_crate as _;`"
    );
    let text = message(|| testing::assert_receiver_connected(&WRITTEN, "rub"));
    assert!(text.contains("connected are no receivers"), "{text}");
    assert_eq!(
        message(|| testing::assert_receiver_connected(&ERASED, "captures::by_hand")),
        "receiver `captures::by_hand` is not connected to ERASED: it is annotated with `manual`, and no configuration \
         connects it here. In a test, `ERASED.connect_receiver(…)` does"
    );
    let _scope = testing::scope();
    let _connection = ERASED
        .connect_receiver("captures::by_hand")
        .expect("it is linked");
    testing::assert_receiver_connected(&ERASED, "by_hand");
}

#[test]
fn without_receivers_nobody_is_connected() {
    let _scope = testing::scope().without_receivers();
    testing::assert_receiver_not_connected(&ERASED, "rub");
    let text = message(|| testing::assert_receiver_connected(&ERASED, "rub"));
    assert!(text.contains("without_receivers"), "{text}");
}
