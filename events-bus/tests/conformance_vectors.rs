//! The wire codec against bodies that the reference wrote: every line of `vectors`, in both directions, by the catalog's
//! types, with and without knowing the type, and by the recorded schemas alone.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::collections::BTreeMap;

use events_bus::wire::{self, Layouts};
use events_core::Event;
use serde_json::Value;
use support::{avsc, conformance, files, hex, lines, text, untyped};

/// What is checked of a line by a type.
type Check = fn(&Value);

/// The events of the catalog by their event type.
macro_rules! events {
    ($($module:ident: $($event:ident)*;)*) => {
        fn events() -> BTreeMap<&'static str, Check> {
            [$($((
                events_catalog::$module::$event::INFO.event_type,
                both_ways::<events_catalog::$module::$event> as Check,
            ),)*)*]
            .into()
        }
    };
}

events! {
    analytics: TrackingEventEmitted;
    authz: RoleAssignmentCreated RoleAssignmentDeleted;
    content_authoring:
        ContentLibraryCreated ContentLibraryDeleted ContentLibraryUpdated ContentObjectAssociationsChanged
        ContentObjectTagsChanged CourseCatalogInfoChanged CourseCertificateConfigChanged CourseCertificateConfigDeleted
        CourseCreated CourseImportCompleted CourseRerunCompleted LibraryBlockCreated LibraryBlockDeleted
        LibraryBlockPublished LibraryBlockUpdated LibraryCollectionCreated LibraryCollectionDeleted
        LibraryCollectionUpdated LibraryContainerCreated LibraryContainerDeleted LibraryContainerPublished
        LibraryContainerUpdated XBlockCreated XBlockDeleted XBlockDuplicated XBlockPublished XBlockUpdated;
    enterprise:
        EnterpriseGroupDeleted LearnerCreditCourseEnrollmentRevoked LedgerTransactionCommitted LedgerTransactionCreated
        LedgerTransactionFailed LedgerTransactionReversed SubsidyRedeemed SubsidyRedemptionReversed;
    learning:
        BadgeAwarded BadgeRevoked CcxCoursePassingStatusUpdated CertificateChanged CertificateCreated CertificateRevoked
        CohortMembershipChanged CourseAccessRoleAdded CourseAccessRoleRemoved CourseDiscussionsChanged
        CourseEnrollmentChanged CourseEnrollmentCreated CourseNotificationRequested CoursePassingStatusUpdated
        CourseUnenrollmentCompleted ExamAttemptErrored ExamAttemptRejected ExamAttemptReset ExamAttemptSubmitted
        ExamAttemptVerified ExternalGraderScoreSubmitted ForumResponseCommentCreated ForumThreadCreated
        ForumThreadResponseCreated IdvAttemptApproved IdvAttemptCreated IdvAttemptDenied IdvAttemptPending
        LtiProviderLaunchSuccess OraSubmissionCreated PersistentGradeSummaryChanged ProgramCertificateAwarded
        ProgramCertificateRevoked SessionLoginCompleted StudentRegistrationCompleted UserNotificationRequested
        XBlockSkillVerified;
}

fn both_ways<E: Event>(line: &Value) {
    let (body, data) = (hex(line, "avro_hex"), &line["data"]);
    let minor_version = line["metadata"]["minorversion"].as_i64().unwrap();

    let read: E = untyped::decode(&body, minor_version).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(&serde_json::to_value(&read).unwrap(), data);
    assert_eq!(untyped::encode(&read), body);

    let given: E = serde_json::from_value(data.clone()).unwrap();
    assert_eq!(wire::encode(&given).unwrap(), body);
    assert_eq!(given, read);

    // The dynamic way gives the same, with the schema of the type.
    assert_eq!(&wire::to_json(&body, E::INFO.schema).unwrap(), data);
    assert_eq!(wire::from_json(data, E::INFO.schema).unwrap(), body);
}

fn vectors() -> impl Iterator<Item = (String, Vec<Value>)> {
    let names = files("vectors", ".jsonl").into_iter();
    names.map(|name| {
        let lines = lines(&format!("vectors/{name}.jsonl"));
        assert!(!lines.is_empty(), "{name}");
        (name, lines)
    })
}

#[test]
#[cfg_attr(
    not(conformance),
    ignore = "recorded reference data not found: set EVENTS_CONFORMANCE"
)]
fn conformance_every_vector_both_ways_by_the_types_of_the_catalog() {
    let events = events();
    let mut count = 0;
    for (name, lines) in vectors() {
        let check = events
            .get(name.as_str())
            .unwrap_or_else(|| panic!("{name} is not in the list of this test"));
        for line in lines {
            assert_eq!(text(&line, "event_type"), name);
            check(&line);
            count += 1;
        }
    }
    assert!(count > 0, "no line was recorded");
}

/// The list above cannot be made by a macro, and so it could lag behind.
#[test]
fn the_list_of_this_test_has_every_event_of_the_catalog() {
    let listed: Vec<_> = events().into_keys().collect();
    let mut registered: Vec<_> = events_core::registry::signals()
        .iter()
        .map(|signal| signal.event().event_type)
        .collect();
    registered.sort_unstable();
    assert_eq!(listed, registered);
}

#[test]
#[cfg_attr(
    not(conformance),
    ignore = "recorded reference data not found: set EVENTS_CONFORMANCE"
)]
fn conformance_every_vector_both_ways_by_the_recorded_schemas() {
    let mut count = 0;
    for (name, lines) in vectors() {
        let file = conformance().join("schemas").join(format!("{name}.avsc"));
        let schema = avsc::event(&std::fs::read_to_string(file).unwrap());
        let layouts = Layouts::new(name.leak(), 0, schema, &[]);
        for line in lines {
            let (body, data) = (hex(&line, "avro_hex"), &line["data"]);
            layouts.recognise(&body, 0).unwrap();
            assert_eq!(&wire::to_json(&body, schema).unwrap(), data);
            assert_eq!(wire::from_json(data, schema).unwrap(), body);
            count += 1;
        }
    }
    assert!(count > 0, "no line was recorded");
}

/// Every body, cut off anywhere, is refused; and so it is with a byte too many.
#[test]
#[cfg_attr(
    not(conformance),
    ignore = "recorded reference data not found: set EVENTS_CONFORMANCE"
)]
fn conformance_no_vector_is_read_in_part() {
    for (name, lines) in vectors() {
        let file = conformance().join("schemas").join(format!("{name}.avsc"));
        let schema = avsc::event(&std::fs::read_to_string(file).unwrap());
        for line in lines {
            let mut body = hex(&line, "avro_hex");
            for length in 0..body.len() {
                assert!(wire::to_json(&body[..length], schema).is_err());
            }
            body.push(0);
            assert!(wire::to_json(&body, schema).is_err());
        }
    }
}
