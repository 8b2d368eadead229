//! Times: reading, writing and the properties that hold for all of them.
//!
//! The grammar as a whole was compared with `CPython` by a differential fuzzer; the cases pinned here are the ones that
//! would go unnoticed.

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use events_core::{DateTime, ParseTimeError, Timestamp};
use proptest::prelude::*;

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros).expect("in range")
}

fn timestamps() -> impl Strategy<Value = Timestamp> {
    let range = Timestamp::MIN.as_micros()..=Timestamp::MAX.as_micros();
    prop_oneof![
        range.clone().prop_map(at),
        range.prop_map(|micros| at(micros / 1_000_000 * 1_000_000))
    ]
}

/// Texts that look like times more often than not.
fn nearly_times() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[0-9:.,TWZ+\\-\u{0} é]{0,40}",
        "[0-9]{4}-?(W[0-5][0-9](-?[0-9])?|[01][0-9]-?[0-3][0-9])(.[0-2][0-9](:?[0-6][0-9]){0,2}([.,:][0-9]{0,9})?.?(Z|[+-][0-2][0-9](:?[0-9]{2}){0,2}([.,][0-9]{1,7})?)?)?",
    ]
}

proptest! {
    #[test]
    fn a_timestamp_survives_its_text(time in timestamps()) {
        let text = time.to_string();
        prop_assert_eq!(text.parse::<Timestamp>(), Ok(time));
        prop_assert_eq!(text.len(), if time.as_micros() % 1_000_000 == 0 { 25 } else { 32 });
    }

    #[test]
    fn timestamps_are_ordered_as_their_texts(a in timestamps(), b in timestamps()) {
        // Seconds only: a fraction's dot sorts behind the offset's plus.
        let second = |time: Timestamp| at(time.as_micros().div_euclid(1_000_000) * 1_000_000);
        let (a, b) = (second(a), second(b));
        prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
    }

    #[test]
    fn a_timestamp_survives_the_systems_time(time in timestamps()) {
        let system = SystemTime::try_from(time).expect("Unix holds them all");
        prop_assert_eq!(Timestamp::from(system), time);
    }

    #[test]
    fn a_date_time_made_of_a_timestamp_is_that_instant(time in timestamps()) {
        let made = DateTime::from(time);
        prop_assert_eq!(made.to_timestamp(), Some(time));
        prop_assert_eq!(made.offset(), Some(0));
        prop_assert_eq!(made.as_str(), time.to_string());
        let read: DateTime = made.as_str().parse().expect("our own text");
        prop_assert_eq!(read.year(), made.year());
        prop_assert_eq!(&read, &made);
    }

    #[test]
    fn whatever_is_read_is_kept_and_whatever_is_refused_is_not_repeated(text in nearly_times()) {
        match text.parse::<DateTime>() {
            Ok(time) => {
                prop_assert_eq!(time.as_str(), &text);
                prop_assert!((1..=9999).contains(&time.year()));
                prop_assert!((1..=12).contains(&time.month()) && (1..=31).contains(&time.day()));
                prop_assert!(time.hour() < 24 && time.minute() < 60 && time.second() < 60);
                prop_assert!(time.microsecond() < 1_000_000);
                prop_assert!(time.offset().is_none_or(|offset| offset.abs() < 86_400_000_000));
                // UTC, and nothing else, is a timestamp's text.
                prop_assert_eq!(text.parse::<Timestamp>().ok(), time.to_timestamp().filter(|_| time.offset() == Some(0)));
            }
            Err(error) => {
                prop_assert!(error.position() <= text.len());
                prop_assert!(text.len() < 12 || !error.to_string().contains(&text));
                prop_assert!(text.parse::<Timestamp>().is_err());
            }
        }
    }

    #[test]
    fn the_order_of_date_times_agrees_with_their_equality(a in nearly_times(), b in nearly_times()) {
        if let (Ok(a), Ok(b)) = (a.parse::<DateTime>(), b.parse::<DateTime>()) {
            prop_assert_eq!(a.cmp(&b).is_eq(), a == b);
            prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
        }
    }

    #[test]
    fn serde_is_the_text(time in timestamps()) {
        let json = serde_json::to_string(&time).expect("JSON");
        prop_assert_eq!(&json, &format!("\"{time}\""));
        prop_assert_eq!(serde_json::from_str::<Timestamp>(&json).expect("its own JSON"), time);
        prop_assert_eq!(serde_json::from_str::<DateTime>(&json).expect("its own JSON"), DateTime::from(time));
    }
}

/// What Python makes of it: the local time's parts and the offset.
#[track_caller]
fn assert_reads(text: &str, parts: (u16, u8, u8, u8, u8, u8, u32), offset: Option<i64>) {
    let time: DateTime = text
        .parse()
        .unwrap_or_else(|error| panic!("{text}: {error}"));
    let found = (
        time.year(),
        time.month(),
        time.day(),
        time.hour(),
        time.minute(),
        time.second(),
        time.microsecond(),
    );
    assert_eq!((found, time.offset()), (parts, offset), "{text}");
    assert_eq!(time.is_naive(), offset.is_none(), "{text}");
}

#[test]
fn python_reads_these() {
    const SECOND: i64 = 1_000_000;
    assert_reads("2024-06-11", (2024, 6, 11, 0, 0, 0, 0), None);
    assert_reads("2024W24", (2024, 6, 10, 0, 0, 0, 0), None);
    assert_reads("2024W242", (2024, 6, 11, 0, 0, 0, 0), None);
    assert_reads("2024W24212", (2024, 6, 10, 12, 0, 0, 0), None);
    assert_reads("2024-W24-12", (2024, 6, 10, 12, 0, 0, 0), None);
    assert_reads("2024-W24-2T14", (2024, 6, 11, 14, 0, 0, 0), None);
    assert_reads("2020-W53-7", (2021, 1, 3, 0, 0, 0, 0), None);
    assert_reads("9999-W52-5", (9999, 12, 31, 0, 0, 0, 0), None);
    assert_reads("2024-02-29🦀14:12", (2024, 2, 29, 14, 12, 0, 0), None);
    assert_reads(
        "2024-06-11T14:12:45+05:53:28",
        (2024, 6, 11, 14, 12, 45, 0),
        Some(21_208 * SECOND),
    );
    assert_reads(
        "2024-06-11T14:12:45-00:00:01",
        (2024, 6, 11, 14, 12, 45, 0),
        Some(-SECOND),
    );
    assert_reads(
        "2024-06-11T14:12:45-00:00:01.000002",
        (2024, 6, 11, 14, 12, 45, 0),
        Some(-SECOND - 2),
    );
    assert_reads(
        "2024-06-11T14:12:45+00:00:00.5",
        (2024, 6, 11, 14, 12, 45, 0),
        Some(0),
    );
    assert_reads(
        "2024-06-11T14:12:45+01:99",
        (2024, 6, 11, 14, 12, 45, 0),
        Some(9540 * SECOND),
    );
    assert_reads(
        "2024-06-11T14:12:45.9999999+23:59:59.999999",
        (2024, 6, 11, 14, 12, 45, 999_999),
        Some(86_400 * SECOND - 1),
    );
    assert_reads("2024-06-11T12.5", (2024, 6, 11, 12, 0, 0, 500_000), None);
    assert_reads(
        "2024-06-11T12:30:45:5",
        (2024, 6, 11, 12, 30, 45, 500_000),
        None,
    );
    assert_reads(
        "2024-06-11 12:30:45 +00:00",
        (2024, 6, 11, 12, 30, 45, 0),
        Some(0),
    );
    assert_reads("2024-06-11T12:30\0", (2024, 6, 11, 12, 30, 0, 0), None);
}

#[test]
fn python_refuses_these() {
    for text in [
        "",
        "2024-06",
        "2024-6-11",
        "2024-0611",
        "202406-11",
        "0000-01-01",
        "2023-02-29",
        "1900-02-29",
        "2024-00-10",
        "2024-13-10",
        "2021-W53-1",
        "2024-W00-1",
        "2024-W24-0",
        "2024-W24-8",
        "9999-W52-6",
        "0000-W01-1",
        "2024-06-11T",
        "2024-06-11T24:00:00",
        "2024-06-11T23:60",
        "2024-06-11T23:59:60",
        "2024-06-11T12:3045",
        "2024-06-11T1230:45",
        "2024-06-11T12:30:45.",
        "2024-06-11T12:30:45z",
        "2024-06-11T12:30:45Z ",
        "2024-06-11T12:30:45+24:00",
        "2024-06-11T12:30:45-23:60",
        "2024-06-11T12:30:45+",
        "2024-06-11T+00:00",
        " 2024-06-11",
        "２０２４-06-11",
        "2024-06-11T１２",
    ] {
        let error = text.parse::<DateTime>().expect_err(text);
        assert!(
            error.to_string().contains(error.expected()),
            "{text}: {error}"
        );
    }
}

#[test]
fn an_error_says_where_and_what() {
    let error = |text: &str| -> ParseTimeError { text.parse::<Timestamp>().expect_err(text) };
    assert_eq!(
        error("2024-06-11T14:1x").to_string(),
        "not a time: expected a minute of two digits at byte 15; write times like 2024-06-11T14:12:45.320819+00:00"
    );
    assert_eq!(error("2024-06-11T14:12:45").position(), 19);
    assert!(
        error("2024-06-11T14:12:45+02:00")
            .expected()
            .contains("UTC")
    );
}

#[test]
fn payloads_do_not_show_in_errors() {
    for (json, given) in [
        ("1718115165", "1718115165"),
        ("true", "true"),
        ("-5", "-5"),
        ("1.5", "1.5"),
        ("\"secret!\"", "secret"),
    ] {
        let error = serde_json::from_str::<DateTime>(json)
            .expect_err(json)
            .to_string();
        assert!(!error.contains(given), "{error}");
        assert!(error.contains("expected"), "{error}");
    }
}

#[test]
fn equal_instants_of_other_texts_are_other_values() {
    let read = |text: &str| -> DateTime { text.parse().expect(text) };
    let (zulu, zero) = (read("2024-06-11T14:00Z"), read("2024-06-11T14:00+00:00"));
    assert_eq!(zulu.to_timestamp(), zero.to_timestamp());
    assert_ne!(zulu, zero);
    assert_eq!(HashSet::from([zulu, zero]).len(), 2);
    // 15:00 in the east is earlier than 14:30 in UTC.
    assert!(read("2024-06-11T15:00+01:00") < read("2024-06-11T14:30Z"));
}

#[test]
fn an_offset_may_lead_out_of_the_range() {
    let first: DateTime = "0001-01-01T00:00:00+00:01".parse().expect("a time");
    let last: DateTime = "9999-12-31T23:59:59-00:01".parse().expect("a time");
    assert_eq!((first.to_timestamp(), last.to_timestamp()), (None, None));
    assert!(first < DateTime::from(Timestamp::MIN) && last > DateTime::from(Timestamp::MAX));
    assert_eq!(
        "2024-06-11"
            .parse::<DateTime>()
            .map(|naive| naive.to_timestamp()),
        Ok(None)
    );
}

#[test]
fn the_range_ends_where_pythons_does() {
    assert_eq!(Timestamp::MIN.to_string(), "0001-01-01T00:00:00+00:00");
    assert_eq!(
        Timestamp::MAX.to_string(),
        "9999-12-31T23:59:59.999999+00:00"
    );
    assert_eq!(
        Timestamp::UNIX_EPOCH.to_string(),
        "1970-01-01T00:00:00+00:00"
    );
    assert_eq!(Timestamp::from_micros(Timestamp::MIN.as_micros() - 1), None);
    assert_eq!(Timestamp::from_micros(Timestamp::MAX.as_micros() + 1), None);
    assert_eq!(
        (
            Timestamp::from_micros(i64::MIN),
            Timestamp::from_micros(i64::MAX)
        ),
        (None, None)
    );
}

#[test]
fn the_systems_time_is_cut_to_microseconds_and_to_the_range() {
    let from =
        |seconds, nanos| Timestamp::from(SystemTime::UNIX_EPOCH + Duration::new(seconds, nanos));
    assert_eq!(from(1, 1999).as_micros(), 1_000_001);
    assert_eq!(from(1 << 40, 0), Timestamp::MAX);
    let before =
        |seconds, nanos| Timestamp::from(SystemTime::UNIX_EPOCH - Duration::new(seconds, nanos));
    assert_eq!(before(0, 1).as_micros(), -1);
    assert_eq!(before(1, 1000).as_micros(), -1_000_001);
    assert_eq!(before(1 << 40, 0), Timestamp::MIN);
}
