//! The three events that the reference does not serialize, and for which it recorded nothing.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fmt::Debug;

use events_catalog::content_authoring::{
    CertificateConfigData, CertificateSignatoryData, CourseCertificateConfigChanged,
    CourseCertificateConfigDeleted,
};
use events_catalog::learning::{ExternalGraderScoreData, ExternalGraderScoreSubmitted};
use events_core::{Bytes, Event};
use serde_json::json;

fn comes_back<E: Event + PartialEq + Debug>(event: &E) {
    let text = serde_json::to_string(event).unwrap();
    assert_eq!(serde_json::from_str::<E>(&text).unwrap(), *event, "{text}");
}

fn certificate_config() -> CertificateConfigData {
    CertificateConfigData {
        certificate_type: "verified".to_owned(),
        course_key: "course-v1:edX+DemoX+2026".parse().unwrap(),
        title: "Certificate".to_owned(),
        signatories: vec![CertificateSignatoryData {
            image: Bytes::from(vec![0, 159, 146, 150]),
            name: "Ada Lovelace".to_owned(),
            organization: "edX".to_owned(),
            title: "Professor".to_owned(),
        }],
        is_active: true,
    }
}

#[test]
fn certificate_configurations_come_back() {
    let certificate_config = certificate_config();
    comes_back(&CourseCertificateConfigChanged {
        certificate_config: certificate_config.clone(),
    });
    comes_back(&CourseCertificateConfigDeleted { certificate_config });
}

#[test]
fn a_signatory_is_not_shown() {
    let shown = format!("{:?}", certificate_config());
    assert!(
        shown.contains("Professor") && !shown.contains("Ada"),
        "{shown}"
    );
    assert!(!shown.contains("bytes"), "{shown}");
}

#[test]
fn scores_of_an_external_grader_come_back() {
    let event = ExternalGraderScoreSubmitted {
        score: ExternalGraderScoreData {
            points_possible: 10,
            points_earned: 7,
            course_id: "course-v1:edX+DemoX+2026".to_owned(),
            score_msg: "three tests failed".to_owned(),
            submission_id: 17,
            user_id: "5".to_owned(),
            module_id: "block-v1:edX+DemoX+2026+type@problem+block@p1".to_owned(),
            queue_key: "k".to_owned(),
            queue_name: "python".to_owned(),
        },
    };
    comes_back(&event);
    let written = serde_json::to_value(&event).unwrap();
    assert_eq!(written["score"]["points_earned"], json!(7));
}
