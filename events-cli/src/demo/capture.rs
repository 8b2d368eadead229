//! A test as a plugin's author would write it, with a mistake in what it expects. The demo shows the code that it runs.

// shown from here
use events_catalog::learning::STUDENT_REGISTRATION_COMPLETED;
use events_core::testing;

pub(super) fn registration_is_announced() {
    let scope = testing::scope();
    code_under_test(); // sends a registration

    let expected = super::registration("ada", "ada@example.com");
    scope
        .capture(&STUDENT_REGISTRATION_COMPLETED)
        .assert_sent_once_with(&expected);
}
// to here

fn code_under_test() {
    STUDENT_REGISTRATION_COMPLETED.send_event(super::registration("ada", "ada@example.org"));
}

/// The code between the marks, as a test has it.
pub(super) fn shown() -> String {
    let shown = include_str!("capture.rs")
        .split("// shown from here\n")
        .nth(1)
        .and_then(|rest| rest.split("// to here").next())
        .unwrap_or_default();
    shown
        .replace("pub(super) fn", "#[test]\nfn")
        .replace("super::registration", "registration")
}
