//! The naming rules of event types.
//!
//! Source: openedx-events, decision 2 (*Events naming and versioning*):
//! `{reverse DNS}.{subdomain}.{subject}.{action}.v{major version}`. What the catalog of version 11.2 shows beyond it is
//! allowed as well: `_` and `-` inside a label.

use core::fmt::Write as _;

/// What a complete event type looks like, for messages.
const SHAPE: &str = "`{reverse DNS}.{subdomain}.{subject}.{action}.v{major version}`, \
                     for instance `org.openedx.learning.student.registration.completed.v1`";

/// The fewest labels before the version: two of a reverse DNS name, subdomain, subject, action.
const LABELS: usize = 5;

/// What is wrong with the event type, if anything.
pub(super) fn check(event_type: &str, unversioned: bool) -> Result<(), String> {
    let mut problems = Vec::new();
    let labels: Vec<_> = event_type.split('.').collect();
    for label in &labels {
        problems.extend(check_label(label));
    }
    problems.dedup();
    let (version, names) = match labels.split_last() {
        Some((last, names)) if looks_like_version(last) => (Some(*last), names),
        _ => (None, &labels[..]),
    };
    match (version, unversioned) {
        (None, false) => problems.push(format!(
            "it has no major version at its end: append `.v1`{}",
            if names.len() >= LABELS {
                ", or say `unversioned` where an event type that exists lacks one"
            } else {
                ""
            }
        )),
        (Some(version), true) => problems.push(format!(
            "it says `unversioned` and ends in a version, `.{version}`: drop one"
        )),
        (Some(version), false) => problems.extend(check_version(version)),
        (None, true) => {}
    }
    if names.len() < LABELS && problems.is_empty() {
        problems.push(format!(
            "it has {} parts before the version, and needs at least {LABELS}",
            names.len()
        ));
    }
    if problems.is_empty() {
        return Ok(());
    }
    let mut message = format!("event type `{event_type}` is not well formed: ");
    for (index, problem) in problems.iter().enumerate() {
        let separator = if index > 0 { "; " } else { "" };
        // Writing to a `String` cannot fail.
        let _ = write!(message, "{separator}{problem}");
    }
    let _ = write!(message, ". Expected {SHAPE}");
    Err(message)
}

fn check_label(label: &str) -> Option<String> {
    if label.is_empty() {
        return Some("it has an empty part: dots stand between parts only".to_owned());
    }
    if label.chars().any(char::is_uppercase) {
        return Some(format!(
            "`{label}` is not lower case: write `{}`",
            label.to_lowercase()
        ));
    }
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
    if let Some(other) = label.chars().find(|c| !allowed(*c)) {
        return Some(format!(
            "`{label}` contains {other:?}: a part has the letters a to z, digits, `_` and `-`"
        ));
    }
    (!label.starts_with(|c: char| c.is_ascii_lowercase()))
        .then(|| format!("`{label}` does not begin with a letter"))
}

fn looks_like_version(label: &str) -> bool {
    label
        .strip_prefix(['v', 'V'])
        .is_some_and(|number| number.starts_with(|c: char| c.is_ascii_digit()))
}

fn check_version(version: &str) -> Option<String> {
    let number = &version[1..];
    let well_formed = number.bytes().all(|b| b.is_ascii_digit()) && !number.starts_with('0');
    (!well_formed).then(|| {
        format!("`{version}` is not a major version: `v` and a number from 1, without leading zeros; minor versions go into `minor_version`")
    })
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn event_types_of_the_catalog_are_well_formed() {
        for event_type in [
            "org.openedx.learning.student.registration.completed.v1",
            "org.openedx.enterprise.subsidy.redemption-reversed.v1",
            "org.openedx.content_authoring.content_library.container.created.v1",
            "com.acme.billing.invoice.paid.v12",
        ] {
            assert_eq!(check(event_type, false), Ok(()), "{event_type}");
        }
        assert_eq!(
            check("org.openedx.authz.role_assignment.created", true),
            Ok(())
        );
    }

    #[test]
    fn every_problem_is_named() {
        for (event_type, unversioned, expected) in [
            (
                "org.openedx.learning.student.registered",
                false,
                "append `.v1`, or say `unversioned`",
            ),
            ("registered", false, "append `.v1`."),
            (
                "org.openedx.Learning.student.registered.v1",
                false,
                "`Learning` is not lower case: write `learning`",
            ),
            (
                "org..learning.student.registered.v1",
                false,
                "an empty part",
            ),
            (
                "org.openedx.learning.student.registered.v0",
                false,
                "`v0` is not a major version",
            ),
            (
                "org.openedx.learning.student.registered.v01",
                false,
                "`v01` is not a major version",
            ),
            (
                "org.openedx.learning.student.registered.v1-2",
                false,
                "`v1-2` is not a major version",
            ),
            (
                "org.openedx.learning.student registered.done.v1",
                false,
                "contains ' '",
            ),
            (
                "org.openedx.learning.student.2fa.v1",
                false,
                "`2fa` does not begin with a letter",
            ),
            ("org.acme.paid.v1", false, "has 3 parts before the version"),
            ("org.openedx.authz.role.created.v1", true, "drop one"),
        ] {
            let message = check(event_type, unversioned).expect_err(event_type);
            assert!(
                message.contains(expected),
                "{message}\n  should contain\n{expected}"
            );
        }
    }
}
