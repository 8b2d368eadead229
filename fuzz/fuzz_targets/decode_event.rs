//! Bodies of events: what can be read is written, and read as the same; and whether the type is known makes no
//! difference. The first byte chooses the event, the second the minor version that the metadata name.

#![no_main]

use events_bus::wire::{self, Layouts};
use events_catalog::content_authoring::{
    CourseCatalogInfoChanged, LibraryBlockCreated, XBlockCreated, XBlockDuplicated,
};
use events_catalog::enterprise::SubsidyRedeemed;
use events_catalog::learning::{
    CertificateCreated, CourseDiscussionsChanged, CourseEnrollmentCreated,
    CourseNotificationRequested, ExamAttemptSubmitted, ForumThreadCreated, OraSubmissionCreated,
    PersistentGradeSummaryChanged, UserNotificationRequested,
};
use events_core::schema::KeptSchema;
use events_core::{Event, EventData, RecordSchema, Schema};
use libfuzzer_sys::fuzz_target;

type Feed = fn(&[u8], i64);

const EVENTS: &[Feed] = &[
    feed::<CourseEnrollmentCreated>,
    feed::<ForumThreadCreated>,
    feed::<CourseDiscussionsChanged>,
    feed::<UserNotificationRequested>,
    feed::<CourseNotificationRequested>,
    feed::<OraSubmissionCreated>,
    feed::<PersistentGradeSummaryChanged>,
    feed::<CertificateCreated>,
    feed::<ExamAttemptSubmitted>,
    feed::<CourseCatalogInfoChanged>,
    feed::<LibraryBlockCreated>,
    feed::<SubsidyRedeemed>,
    feed::<XBlockCreated>,
    feed::<XBlockDuplicated>,
    resolve,
];

fuzz_target!(|data: &[u8]| {
    if let [event, minor_version, body @ ..] = data {
        let event = EVENTS[usize::from(*event) % EVENTS.len()];
        event(body, i64::from(*minor_version) % 4);
    }
});

fn feed<E: Event>(body: &[u8], minor_version: i64) {
    let untyped = wire::decode_any(E::signal(), body, minor_version);
    match wire::decode::<E>(body, minor_version) {
        Ok(event) => {
            let untyped = untyped.expect("it is read with its type");
            let written = wire::encode(&event).expect("an event can be written");
            let again: E = wire::decode(&written, minor_version).expect("what was written is read");
            // Not the events themselves: a NaN is not equal to itself.
            assert_eq!(
                wire::encode(&again).expect("an event can be written"),
                written
            );
            let mut out = Vec::new();
            wire::encode_any_into(&mut out, untyped.get()).expect("an event can be written");
            assert_eq!(out, written);
        }
        Err(error) => {
            let untyped = untyped.expect_err("it is not read with its type");
            assert_eq!(
                format!("{error} {error:?}"),
                format!("{untyped} {untyped:?}")
            );
        }
    }
}

/// Three layouts of one event: the last has the fields of the first in another order.
#[derive(Clone, Debug, PartialEq, EventData)]
struct Now {
    id: i64,
    name: String,
    ratio: f64,
    note: Option<String>,
    tags: Vec<Option<String>>,
}

#[derive(Clone, Debug, PartialEq, EventData)]
struct Before {
    id: i64,
    ratio: i64,
    name: String,
    gone: Vec<Vec<bool>>,
    tags: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, EventData)]
struct Long {
    note: String,
    name: String,
    id: i64,
    ratio: f64,
    tags: Vec<Option<String>>,
}

const fn record<T: EventData>() -> &'static RecordSchema {
    match T::SCHEMA {
        Schema::Record(record) => record,
        _ => panic!("it is a record"),
    }
}

const LAYOUTS: Layouts = Layouts::new(
    "org.example.fuzz.v1",
    2,
    record::<Now>(),
    &[
        KeptSchema::new(1, None, "1", record::<Before>()),
        KeptSchema::new(0, None, "0", record::<Long>()),
    ],
);

fn resolve(body: &[u8], minor_version: i64) {
    match LAYOUTS.decode::<Now>(body, minor_version) {
        Ok(event) => {
            let written = wire::encode(&event).expect("it can be written");
            // By its own minor version there is no doubt.
            let again: Now = LAYOUTS
                .decode(&written, 2)
                .expect("what was written is read");
            assert_eq!(wire::encode(&again).expect("it can be written"), written);
        }
        Err(error) => drop(format!("{error} {error:?}")),
    }
    drop(LAYOUTS.recognise(body, minor_version));
}
