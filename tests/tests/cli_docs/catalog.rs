//! The examples and the code on the pages of the platform's catalog: every payload is one that its event accepts, and every
//! snippet in Rust compiles.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use events_core::{Event, Signal, registry, testing};
use serde_json::Value;

use crate::command::{answer, folder};
use crate::pages::{code_block, read, site};

/// Reads a payload as an event, and writes it again.
type Again = fn(&str) -> Result<Value, serde_json::Error>;

fn known<E: Event>(signal: &'static Signal<E>) -> (&'static str, Again) {
    (signal.event().event_type, |payload| {
        serde_json::to_value(serde_json::from_str::<E>(payload)?)
    })
}

macro_rules! known {
    ($($module:ident { $($signal:ident)* })*) => {
        vec![$($(known(&events_catalog::$module::$signal),)*)*]
    };
}

/// All events of the platform. The test fails when one is missing.
fn all() -> Vec<(&'static str, Again)> {
    known! {
        analytics {
            TRACKING_EVENT_EMITTED
        }
        authz {
            ROLE_ASSIGNMENT_CREATED
            ROLE_ASSIGNMENT_DELETED
        }
        content_authoring {
            COURSE_CREATED
            COURSE_CATALOG_INFO_CHANGED
            COURSE_IMPORT_COMPLETED
            COURSE_RERUN_COMPLETED
            COURSE_CERTIFICATE_CONFIG_CHANGED
            COURSE_CERTIFICATE_CONFIG_DELETED
            XBLOCK_CREATED
            XBLOCK_UPDATED
            XBLOCK_PUBLISHED
            XBLOCK_DELETED
            XBLOCK_DUPLICATED
            CONTENT_OBJECT_ASSOCIATIONS_CHANGED
            CONTENT_OBJECT_TAGS_CHANGED
            CONTENT_LIBRARY_CREATED
            CONTENT_LIBRARY_UPDATED
            CONTENT_LIBRARY_DELETED
            LIBRARY_BLOCK_CREATED
            LIBRARY_BLOCK_UPDATED
            LIBRARY_BLOCK_DELETED
            LIBRARY_BLOCK_PUBLISHED
            LIBRARY_COLLECTION_CREATED
            LIBRARY_COLLECTION_UPDATED
            LIBRARY_COLLECTION_DELETED
            LIBRARY_CONTAINER_CREATED
            LIBRARY_CONTAINER_UPDATED
            LIBRARY_CONTAINER_DELETED
            LIBRARY_CONTAINER_PUBLISHED
        }
        enterprise {
            SUBSIDY_REDEEMED
            SUBSIDY_REDEMPTION_REVERSED
            LEDGER_TRANSACTION_CREATED
            LEDGER_TRANSACTION_COMMITTED
            LEDGER_TRANSACTION_FAILED
            LEDGER_TRANSACTION_REVERSED
            LEARNER_CREDIT_COURSE_ENROLLMENT_REVOKED
            ENTERPRISE_GROUP_DELETED
        }
        learning {
            STUDENT_REGISTRATION_COMPLETED
            SESSION_LOGIN_COMPLETED
            COURSE_ENROLLMENT_CREATED
            COURSE_ENROLLMENT_CHANGED
            COURSE_UNENROLLMENT_COMPLETED
            COHORT_MEMBERSHIP_CHANGED
            COURSE_ACCESS_ROLE_ADDED
            COURSE_ACCESS_ROLE_REMOVED
            LTI_PROVIDER_LAUNCH_SUCCESS
            PERSISTENT_GRADE_SUMMARY_CHANGED
            COURSE_PASSING_STATUS_UPDATED
            CCX_COURSE_PASSING_STATUS_UPDATED
            EXAM_ATTEMPT_SUBMITTED
            EXAM_ATTEMPT_REJECTED
            EXAM_ATTEMPT_VERIFIED
            EXAM_ATTEMPT_ERRORED
            EXAM_ATTEMPT_RESET
            ORA_SUBMISSION_CREATED
            EXTERNAL_GRADER_SCORE_SUBMITTED
            XBLOCK_SKILL_VERIFIED
            COURSE_DISCUSSIONS_CHANGED
            FORUM_THREAD_CREATED
            FORUM_THREAD_RESPONSE_CREATED
            FORUM_RESPONSE_COMMENT_CREATED
            USER_NOTIFICATION_REQUESTED
            COURSE_NOTIFICATION_REQUESTED
            CERTIFICATE_CREATED
            CERTIFICATE_CHANGED
            CERTIFICATE_REVOKED
            PROGRAM_CERTIFICATE_AWARDED
            PROGRAM_CERTIFICATE_REVOKED
            BADGE_AWARDED
            BADGE_REVOKED
            IDV_ATTEMPT_CREATED
            IDV_ATTEMPT_PENDING
            IDV_ATTEMPT_APPROVED
            IDV_ATTEMPT_DENIED
        }
    }
}

#[test]
fn every_example_is_a_payload_that_its_event_accepts() {
    let _scope = testing::scope();
    let site = site("examples");
    let document = answer(&["asyncapi"]);
    let document: Value = serde_json::from_str(&document).unwrap();
    let known = all();
    for (event_type, again) in &known {
        let page = read(&site, &format!("events/{event_type}.html"));
        let example = code_block(&page, "Example payload");
        let given: Value = serde_json::from_str(&example).unwrap();
        let read_again =
            again(&example).unwrap_or_else(|error| panic!("{event_type}: {error}\n{example}"));
        assert_eq!(read_again, given, "{event_type}");
        assert!(
            !page.contains("are placeholders"),
            "{event_type}: {example}"
        );
        let message = &document["components"]["messages"][event_type];
        assert_eq!(message["examples"][0]["payload"], given, "{event_type}");
    }
    let known: BTreeSet<_> = known.iter().map(|(event_type, _)| *event_type).collect();
    let there: BTreeSet<_> = registry::signals()
        .iter()
        .filter(|signal| signal.info().module.starts_with("events_catalog::"))
        .map(|signal| signal.event().event_type)
        .collect();
    assert_eq!(
        known, there,
        "the events of this test, and those of the catalog"
    );
}

/// What looks like a person in an example is nobody: names and addresses that are reserved for examples.
#[test]
fn no_example_is_a_person() {
    let _scope = testing::scope();
    let document = answer(&["asyncapi"]);
    for (at, _) in document.match_indices('@') {
        let start = document[..at].rfind(['"', ' ']).unwrap() + 1;
        let end = at + document[at..].find(['"', ' ']).unwrap();
        let word = &document[start..end];
        assert!(
            word == "user@example.com" || word.contains("DemoX") || word == "ccx@1",
            "{word}"
        );
    }
}

#[test]
fn every_snippet_in_rust_compiles() {
    let _scope = testing::scope();
    let site = site("snippets");
    let mut program = String::from("//! The code on the pages of the events.\n\nfn main() {}\n");
    for signal in registry::signals() {
        let event = signal.event();
        if !signal.info().module.starts_with("events_catalog::") {
            continue;
        }
        let page = read(&site, &format!("events/{}.html", event.event_type));
        let receiver = code_block(&page, "Receiver in Rust");
        let sender = code_block(&page, "Sender in Rust");
        let module = signal.info().name.to_lowercase();
        let path = receiver
            .split("use ")
            .nth(1)
            .unwrap()
            .split("::{")
            .next()
            .unwrap();
        let path = format!("{path}::{}", event.name);
        let fields: Vec<_> = event.schema.fields.iter().map(|field| field.name).collect();
        let fields = fields.join(", ");
        write!(
            program,
            "\nmod {module} {{\n#![expect(unused_variables)]\n{receiver}\n}}\n\
             pub fn send_{module}(event: {path}) {{\nlet {path} {{ {fields} }} = event;\n{sender}\n}}\n"
        )
        .unwrap();
    }
    // A package of its own, in the target folder of this workspace: what is built already is not built again.
    let package = folder("snippets-package");
    fs::create_dir_all(package.join("src")).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()
        .unwrap();
    let manifest = format!(
        "[package]\nname = \"snippets\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
         events-core = {{ path = {:?} }}\nevents-catalog = {{ path = {:?} }}\n",
        root.join("events-core"),
        root.join("events-catalog"),
    );
    fs::write(package.join("Cargo.toml"), manifest).unwrap();
    fs::copy(root.join("Cargo.lock"), package.join("Cargo.lock")).unwrap();
    fs::write(package.join("src/main.rs"), program).unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["check", "--offline", "--quiet"])
        .current_dir(&package)
        .env(
            "CARGO_TARGET_DIR",
            Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap(),
        )
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && !said.contains("warning"),
        "{said}"
    );
}
