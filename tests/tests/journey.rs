//! The first journey: two plugin crates, compiled separately, react to events of the catalog by annotation alone.

use events_catalog::learning::{
    COURSE_ENROLLMENT_CREATED, CourseData, CourseEnrollmentCreated, CourseEnrollmentData,
    SESSION_LOGIN_COMPLETED, STUDENT_REGISTRATION_COMPLETED, SessionLoginCompleted,
    StudentRegistrationCompleted, UserData, UserPersonalData,
};
use events_core::{EventMetadata, Outcome, Responses, SourceLib, Timestamp, Uuid, testing};
use example_greeter::{MailError, outbox};

events_core::plugins!(example_greeter, example_audit);

const WELCOME: &str = "example_greeter::receivers::send_welcome_mail";

/// Each test has a user of its own: the outbox and the audit are the process's.
fn user(name: &str, email: &str) -> UserData {
    UserData {
        id: 7,
        is_active: true,
        pii: UserPersonalData {
            username: name.to_owned(),
            email: email.to_owned(),
            name: String::new(),
        },
    }
}

fn registered(name: &str, email: &str) -> StudentRegistrationCompleted {
    StudentRegistrationCompleted {
        user: user(name, email),
    }
}

fn ids(responses: &Responses) -> Vec<String> {
    responses
        .iter()
        .map(|response| response.receiver().id.to_string())
        .collect()
}

#[test]
fn receivers_in_plugin_crates_are_wired_by_annotation_alone() {
    let responses = STUDENT_REGISTRATION_COMPLETED.send_event(registered("ada", "ada@example.org"));
    assert!(responses.is_ok(), "{responses:?}");
    // The audit declares priority -100, so it is first, whatever the linker did.
    assert_eq!(ids(&responses), ["audit.record", WELCOME]);
    assert_eq!(outbox().sent_to("ada@example.org"), ["Welcome, ada!"]);
}

#[test]
fn a_failing_receiver_is_reported_and_the_rest_run() {
    let event = registered("bob", "nowhere");
    let metadata = EventMetadata::new("org.openedx.learning.student.registration.completed.v1")
        .with_id(Uuid::from_u128(0xb0b));
    let responses = STUDENT_REGISTRATION_COMPLETED.send_event_with_metadata(event, &metadata);
    assert!(!responses.is_ok());
    assert_eq!(responses.len(), 2);
    let [failure] = responses.failures().collect::<Vec<_>>()[..] else {
        panic!("one failure expected: {responses:?}");
    };
    assert_eq!(failure.receiver().id, WELCOME);
    let Outcome::Failed(error) = failure.outcome() else {
        panic!("a failure with an error expected: {failure:?}");
    };
    assert_eq!(error.downcast_ref(), Some(&MailError::Refused));
    assert_eq!(example_audit::lines_with("000000000b0b").len(), 1);

    let location = failure.receiver().location;
    let errors = responses.into_result().expect_err("a failure");
    assert_eq!(
        errors.to_string(),
        format!(
            "receiver `{WELCOME}` ({location}) of `org.openedx.learning.student.registration.completed.v1` failed: the \
             mail server refused the address: it has no `@`"
        )
    );
    assert!(
        location.file.ends_with("plugins/greeter/src/receivers.rs"),
        "{location}"
    );
}

#[test]
fn strict_sending_returns_the_first_failure() {
    let error = STUDENT_REGISTRATION_COMPLETED
        .send_event_strict(registered("carl", "nowhere"))
        .expect_err("the address is refused");
    assert_eq!(error.receiver().id, WELCOME);
    assert!(!error.is_panic());
    let inner = error.into_inner().expect("an error, not a panic");
    assert_eq!(inner.downcast_ref(), Some(&MailError::Refused));

    let responses = STUDENT_REGISTRATION_COMPLETED
        .send_event_strict(registered("carl", "carl@example.org"))
        .expect("the address is fine");
    assert_eq!(responses.len(), 2);
    assert_eq!(outbox().sent_to("carl@example.org").len(), 1);
}

#[test]
fn metadata_from_elsewhere_reaches_every_receiver_unchanged() {
    let metadata = EventMetadata::new("org.openedx.learning.course.enrollment.created.v1")
        .with_id(Uuid::from_u128(0x00c0_ffee))
        .with_minor_version(3)
        .with_source("openedx/cms/web")
        .with_source_host("host-17")
        .with_time(Timestamp::UNIX_EPOCH)
        .with_source_lib(SourceLib::from([10, 5, 0]));
    let event = CourseEnrollmentCreated {
        enrollment: CourseEnrollmentData {
            user: user("dora", "dora@example.org"),
            course: CourseData {
                course_key: "course-v1:edX+DemoX+2026".parse().expect("a key"),
                display_name: String::new(),
                start: None,
                end: None,
            },
            mode: "audit".to_owned(),
            is_active: true,
            creation_date: "2026-01-02T03:04:05+00:00".parse().expect("a time"),
            created_by: None,
        },
    };
    let responses = COURSE_ENROLLMENT_CREATED.send_event_with_metadata(event, &metadata);
    assert!(responses.is_ok(), "{responses:?}");

    let json = serde_json::to_string(&metadata).expect("JSON");
    let [line] = &example_audit::lines_with("00c0ffee")[..] else {
        panic!("the audit saw the event once");
    };
    assert_eq!(*line, json + " (key of 24 characters)");
    let [mail] = &outbox().sent_to("dora@example.org")[..] else {
        panic!("one mail expected");
    };
    assert!(mail.contains("since 1970-01-01T00:00:00"), "{mail}");
}

#[test]
fn manual_receivers_wait_for_somebody_to_connect_them() {
    let send = |email: &str| {
        SESSION_LOGIN_COMPLETED.send_event(SessionLoginCompleted {
            user: user("eve", email),
        })
    };
    assert_eq!(ids(&send("eve-1@example.org")), ["audit.record"]);

    let connection = SESSION_LOGIN_COMPLETED
        .connect_receiver("example_greeter::receivers::warn_of_login")
        .expect("it is linked");
    assert_eq!(
        ids(&send("eve-2@example.org")),
        ["audit.record", "example_greeter::receivers::warn_of_login"]
    );
    drop(connection);
    assert_eq!(ids(&send("eve-3@example.org")), ["audit.record"]);
    let mails = |n: u8| outbox().sent_to(&format!("eve-{n}@example.org")).len();
    assert_eq!([mails(1), mails(2), mails(3)], [0, 1, 0]);
}

#[test]
fn a_manual_receiver_that_is_not_there_is_named_with_those_that_are() {
    let error = SESSION_LOGIN_COMPLETED
        .connect_receiver("example_greeter::receivers::warn")
        .expect_err("there is none of that name");
    assert_eq!(
        error.to_string(),
        "signal `SESSION_LOGIN_COMPLETED` has no manual receiver `example_greeter::receivers::warn`; its manual receivers \
         are example_greeter::receivers::warn_of_login"
    );
    let error = COURSE_ENROLLMENT_CREATED
        .connect_receiver("x")
        .expect_err("there is none");
    assert!(
        error
            .to_string()
            .contains("no `#[receiver(…, manual)]` of this signal is linked"),
        "{error}"
    );
}

#[test]
fn a_test_of_a_sender_captures_what_it_sent() {
    let scope = testing::scope().without_receivers();
    STUDENT_REGISTRATION_COMPLETED.send_event(registered("fay", "fay@example.org"));
    scope
        .capture(&STUDENT_REGISTRATION_COMPLETED)
        .assert_sent_once_with(&registered("fay", "fay@example.org"));
    assert!(outbox().sent_to("fay@example.org").is_empty());
}

#[test]
fn a_receiver_stays_a_function() {
    example_greeter::receivers::send_welcome_mail(&user("gil", "gil@example.org")).expect("sent");
    assert_eq!(outbox().sent_to("gil@example.org"), ["Welcome, gil!"]);
}
