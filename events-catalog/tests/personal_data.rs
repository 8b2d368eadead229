//! Which fields are personal data. A new one is added here and in the README.

use std::collections::{BTreeMap, BTreeSet};

// Linked for its signals alone.
use events_catalog as _;
use events_core::{RecordSchema, registry};

#[test]
fn personal_data_is_what_was_decided() {
    let mut found = BTreeMap::<_, BTreeSet<_>>::new();
    for signal in registry::signals() {
        collect_personal(signal.event().schema, &mut found);
    }
    let expected = [
        ("CcxCourseData", &["coach_email"][..]),
        ("CertificateData", &["download_url", "name"]),
        ("CertificateSignatoryData", &["image", "name"]),
        ("CourseNotificationData", &["content_context"]),
        ("DiscussionThreadData", &["body", "title"]),
        ("LtiProviderLaunchParamsData", &["extra_params", "user_id"]),
        (
            "ORASubmissionAnswer",
            &["file_descriptions", "file_names", "file_urls", "parts"],
        ),
        ("ProgramCertificateData", &["url"]),
        ("RoleAssignmentData", &["subject"]),
        ("TrackingLogData", &["context", "data"]),
        ("UserNotificationData", &["context"]),
        ("UserPersonalData", &["email", "name", "username"]),
        ("VerificationAttemptData", &["name"]),
    ];
    let expected = expected.map(|(record, fields)| (record, fields.iter().copied().collect()));
    assert_eq!(found, BTreeMap::from(expected));
}

fn collect_personal(
    record: &'static RecordSchema,
    found: &mut BTreeMap<&'static str, BTreeSet<&'static str>>,
) {
    for field in record.fields {
        if field.personal {
            found.entry(record.name).or_default().insert(field.name);
        }
        if let Some(inner) = field.schema.record() {
            collect_personal(inner, found);
        }
    }
}
