//! The recorded payloads of the reference, read and written again: every line for every event.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::collections::BTreeSet;
use std::fs;

use events_core::{AnySignal, Event, RecordSchema, Schema, Signal, registry};
use serde_json::Value;
use support::{catalog, conformance, none, text};

/// What a test does with an event without knowing its type.
#[derive(Clone, Copy)]
struct Known {
    signal: &'static dyn AnySignal,
    /// Reads the payload and writes it again.
    again: fn(&Value) -> Result<Value, serde_json::Error>,
    /// Reads the payload and shows it as `{:?}` does.
    shown: fn(&Value) -> Result<String, serde_json::Error>,
}

fn known<E: Event>(signal: &'static Signal<E>) -> Known {
    Known {
        signal,
        again: |data| serde_json::to_value(serde_json::from_value::<E>(data.clone())?),
        shown: |data| Ok(format!("{:?}", serde_json::from_value::<E>(data.clone())?)),
    }
}

/// Says for each signal by its public path which event it is of.
macro_rules! known {
    ($($module:ident { $($signal:ident = $event:ident,)* })*) => {
        vec![$($(known::<events_catalog::$module::$event>(&events_catalog::$module::$signal),)*)*]
    };
}

/// All events. The first test below fails when one is missing.
fn all() -> Vec<Known> {
    known! {
        analytics {
            TRACKING_EVENT_EMITTED = TrackingEventEmitted,
        }
        authz {
            ROLE_ASSIGNMENT_CREATED = RoleAssignmentCreated,
            ROLE_ASSIGNMENT_DELETED = RoleAssignmentDeleted,
        }
        content_authoring {
            COURSE_CREATED = CourseCreated,
            COURSE_CATALOG_INFO_CHANGED = CourseCatalogInfoChanged,
            COURSE_IMPORT_COMPLETED = CourseImportCompleted,
            COURSE_RERUN_COMPLETED = CourseRerunCompleted,
            COURSE_CERTIFICATE_CONFIG_CHANGED = CourseCertificateConfigChanged,
            COURSE_CERTIFICATE_CONFIG_DELETED = CourseCertificateConfigDeleted,
            XBLOCK_CREATED = XBlockCreated,
            XBLOCK_UPDATED = XBlockUpdated,
            XBLOCK_PUBLISHED = XBlockPublished,
            XBLOCK_DELETED = XBlockDeleted,
            XBLOCK_DUPLICATED = XBlockDuplicated,
            CONTENT_OBJECT_ASSOCIATIONS_CHANGED = ContentObjectAssociationsChanged,
            CONTENT_OBJECT_TAGS_CHANGED = ContentObjectTagsChanged,
            CONTENT_LIBRARY_CREATED = ContentLibraryCreated,
            CONTENT_LIBRARY_UPDATED = ContentLibraryUpdated,
            CONTENT_LIBRARY_DELETED = ContentLibraryDeleted,
            LIBRARY_BLOCK_CREATED = LibraryBlockCreated,
            LIBRARY_BLOCK_UPDATED = LibraryBlockUpdated,
            LIBRARY_BLOCK_DELETED = LibraryBlockDeleted,
            LIBRARY_BLOCK_PUBLISHED = LibraryBlockPublished,
            LIBRARY_COLLECTION_CREATED = LibraryCollectionCreated,
            LIBRARY_COLLECTION_UPDATED = LibraryCollectionUpdated,
            LIBRARY_COLLECTION_DELETED = LibraryCollectionDeleted,
            LIBRARY_CONTAINER_CREATED = LibraryContainerCreated,
            LIBRARY_CONTAINER_UPDATED = LibraryContainerUpdated,
            LIBRARY_CONTAINER_DELETED = LibraryContainerDeleted,
            LIBRARY_CONTAINER_PUBLISHED = LibraryContainerPublished,
        }
        enterprise {
            SUBSIDY_REDEEMED = SubsidyRedeemed,
            SUBSIDY_REDEMPTION_REVERSED = SubsidyRedemptionReversed,
            LEDGER_TRANSACTION_CREATED = LedgerTransactionCreated,
            LEDGER_TRANSACTION_COMMITTED = LedgerTransactionCommitted,
            LEDGER_TRANSACTION_FAILED = LedgerTransactionFailed,
            LEDGER_TRANSACTION_REVERSED = LedgerTransactionReversed,
            LEARNER_CREDIT_COURSE_ENROLLMENT_REVOKED = LearnerCreditCourseEnrollmentRevoked,
            ENTERPRISE_GROUP_DELETED = EnterpriseGroupDeleted,
        }
        learning {
            STUDENT_REGISTRATION_COMPLETED = StudentRegistrationCompleted,
            SESSION_LOGIN_COMPLETED = SessionLoginCompleted,
            COURSE_ENROLLMENT_CREATED = CourseEnrollmentCreated,
            COURSE_ENROLLMENT_CHANGED = CourseEnrollmentChanged,
            COURSE_UNENROLLMENT_COMPLETED = CourseUnenrollmentCompleted,
            COHORT_MEMBERSHIP_CHANGED = CohortMembershipChanged,
            COURSE_ACCESS_ROLE_ADDED = CourseAccessRoleAdded,
            COURSE_ACCESS_ROLE_REMOVED = CourseAccessRoleRemoved,
            LTI_PROVIDER_LAUNCH_SUCCESS = LtiProviderLaunchSuccess,
            PERSISTENT_GRADE_SUMMARY_CHANGED = PersistentGradeSummaryChanged,
            COURSE_PASSING_STATUS_UPDATED = CoursePassingStatusUpdated,
            CCX_COURSE_PASSING_STATUS_UPDATED = CcxCoursePassingStatusUpdated,
            EXAM_ATTEMPT_SUBMITTED = ExamAttemptSubmitted,
            EXAM_ATTEMPT_REJECTED = ExamAttemptRejected,
            EXAM_ATTEMPT_VERIFIED = ExamAttemptVerified,
            EXAM_ATTEMPT_ERRORED = ExamAttemptErrored,
            EXAM_ATTEMPT_RESET = ExamAttemptReset,
            ORA_SUBMISSION_CREATED = OraSubmissionCreated,
            EXTERNAL_GRADER_SCORE_SUBMITTED = ExternalGraderScoreSubmitted,
            XBLOCK_SKILL_VERIFIED = XBlockSkillVerified,
            COURSE_DISCUSSIONS_CHANGED = CourseDiscussionsChanged,
            FORUM_THREAD_CREATED = ForumThreadCreated,
            FORUM_THREAD_RESPONSE_CREATED = ForumThreadResponseCreated,
            FORUM_RESPONSE_COMMENT_CREATED = ForumResponseCommentCreated,
            USER_NOTIFICATION_REQUESTED = UserNotificationRequested,
            COURSE_NOTIFICATION_REQUESTED = CourseNotificationRequested,
            CERTIFICATE_CREATED = CertificateCreated,
            CERTIFICATE_CHANGED = CertificateChanged,
            CERTIFICATE_REVOKED = CertificateRevoked,
            PROGRAM_CERTIFICATE_AWARDED = ProgramCertificateAwarded,
            PROGRAM_CERTIFICATE_REVOKED = ProgramCertificateRevoked,
            BADGE_AWARDED = BadgeAwarded,
            BADGE_REVOKED = BadgeRevoked,
            IDV_ATTEMPT_CREATED = IdvAttemptCreated,
            IDV_ATTEMPT_PENDING = IdvAttemptPending,
            IDV_ATTEMPT_APPROVED = IdvAttemptApproved,
            IDV_ATTEMPT_DENIED = IdvAttemptDenied,
        }
    }
}

/// The lines of an event's file, each parsed, with its number.
fn vectors(event_type: &str) -> Vec<(usize, Value)> {
    let path = conformance()
        .join("vectors")
        .join(format!("{event_type}.jsonl"));
    let Ok(text) = fs::read_to_string(path) else {
        return Vec::new();
    };
    // Not `lines()`: a line may hold other line breaks.
    let lines = text.split('\n').enumerate();
    lines
        .filter(|(_, line)| !line.is_empty())
        .map(|(index, line)| (index + 1, serde_json::from_str(line).unwrap()))
        .collect()
}

#[test]
fn conformance_list_of_events_is_that_of_the_registry() {
    let listed: BTreeSet<_> = all()
        .iter()
        .map(|known| known.signal.event().event_type)
        .collect();
    let linked: BTreeSet<_> = registry::signals()
        .iter()
        .map(|signal| signal.event().event_type)
        .collect();
    assert_eq!(listed, linked);
    assert_eq!(all().len(), listed.len());
}

#[test]
#[cfg_attr(
    not(conformance),
    ignore = "recorded reference data not found: set EVENTS_CONFORMANCE"
)]
fn conformance_payloads_come_back_as_they_were() {
    let catalog = catalog();
    let serializable: BTreeSet<_> = catalog["events"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["serializable"] == true)
        .map(|event| text(event, "event_type"))
        .collect();
    let mut problems = Vec::new();
    let mut total = 0;
    for known in all() {
        let event_type = known.signal.event().event_type;
        let vectors = vectors(event_type);
        if vectors.is_empty() && serializable.contains(event_type) {
            problems.push(format!("{event_type}: no payload was recorded"));
        }
        total += vectors.len();
        for (line, vector) in vectors {
            if vector["event_type"] != event_type {
                problems.push(format!("{event_type}:{line} is of another type"));
            }
            match (known.again)(&vector["data"]) {
                Ok(again) if again == vector["data"] => {}
                Ok(again) => problems.push(format!(
                    "{event_type}:{line}: written {again}\n  read    {}",
                    vector["data"]
                )),
                Err(error) => {
                    problems.push(format!("{event_type}:{line}: {error}: {}", vector["data"]));
                }
            }
        }
    }
    let recorded: usize = fs::read_dir(conformance().join("vectors"))
        .unwrap()
        .map(|file| fs::read_to_string(file.unwrap().path()).unwrap())
        .map(|text| text.split('\n').filter(|line| !line.is_empty()).count())
        .sum();
    assert!(recorded > 0, "no payload was recorded");
    if total != recorded {
        problems.push(format!(
            "{total} lines were read of {recorded} that were recorded"
        ));
    }
    none(&problems);
}

#[test]
#[cfg_attr(
    not(conformance),
    ignore = "recorded reference data not found: set EVENTS_CONFORMANCE"
)]
fn conformance_personal_data_is_not_shown() {
    let mut problems = Vec::new();
    let mut marked = 0;
    for known in all() {
        let event = known.signal.event();
        for (line, vector) in vectors(event.event_type) {
            let mut data = vector["data"].clone();
            let replaced = mark_personal(event.schema, &mut data);
            marked += replaced;
            // What is marked arrived: it is there as often where the event is written.
            let written = (known.again)(&data).map(|again| again.to_string());
            let written = written.map(|text| text.matches(MARK).count());
            match ((known.shown)(&data), written) {
                (Ok(shown), Ok(written)) if !shown.contains(MARK) && written == replaced => {}
                (shown, written) => problems.push(format!(
                    "{}:{line}: {replaced} marked, written {written:?}, shown {shown:?}",
                    event.event_type
                )),
            }
        }
    }
    assert!(marked > 1000, "only {marked} texts were personal data");
    none(&problems);
}

const MARK: &str = "nobody may read this";

/// Puts the mark in the place of each text that is personal data, and says how many there were.
fn mark_personal(record: &RecordSchema, data: &mut Value) -> usize {
    let fields = record.fields.iter();
    fields
        .map(|field| {
            let value = &mut data[field.name];
            if field.personal {
                mark(value)
            } else {
                mark_within(field.schema, value)
            }
        })
        .sum()
}

fn mark_within(schema: &Schema, value: &mut Value) -> usize {
    match (schema, value) {
        (_, Value::Null) => 0,
        (Schema::Optional(inner), value) => mark_within(inner, value),
        (Schema::Record(record), value) => mark_personal(record, value),
        (Schema::Array(inner), Value::Array(items)) => {
            items.iter_mut().map(|item| mark_within(inner, item)).sum()
        }
        (Schema::Map(inner), Value::Object(entries)) => {
            let values = entries.values_mut();
            values.map(|value| mark_within(inner, value)).sum()
        }
        _ => 0,
    }
}

/// Marks every text in the value.
fn mark(value: &mut Value) -> usize {
    match value {
        Value::String(text) => {
            MARK.clone_into(text);
            1
        }
        Value::Array(items) => items.iter_mut().map(mark).sum(),
        Value::Object(entries) => entries.values_mut().map(mark).sum(),
        _ => 0,
    }
}
