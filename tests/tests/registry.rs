//! The registry of a binary in which all is well: it lists what there is, sorted, and finds a signal by any of its names.

use events_core::registry::{self, Problem};
use events_core::{AnySignal, event, receiver};

events_core::plugin!();
events_core::plugins!(example_audit, example_greeter);

#[event(type = "org.openedx.learning.registry.test.finished.v1", signal = REGISTRY_TESTED)]
struct Tested {}

mod second {
    use events_core::event;

    /// Another catalog may use the name of the signal again.
    #[event(type = "com.example.shop.registry.test.finished.v1", signal = REGISTRY_TESTED)]
    struct Tested {}
}

#[receiver(REGISTRY_TESTED)]
fn tested() {}

fn types(signals: &[&'static dyn AnySignal]) -> Vec<&'static str> {
    signals
        .iter()
        .map(|signal| signal.event().event_type)
        .collect()
}

#[test]
fn all_is_well() {
    registry::verify().expect("no problems");
}

#[test]
fn signals_are_complete_and_sorted() {
    let types = types(registry::signals());
    assert!(types.is_sorted(), "{types:?}");
    for expected in [
        "com.example.shop.registry.test.finished.v1",
        "org.openedx.learning.auth.session.login.completed.v1",
        "org.openedx.learning.course.enrollment.changed.v1",
        "org.openedx.learning.course.enrollment.created.v1",
        "org.openedx.learning.course.unenrollment.completed.v1",
        "org.openedx.learning.registry.test.finished.v1",
        "org.openedx.learning.student.registration.completed.v1",
    ] {
        assert_eq!(
            types.iter().filter(|found| **found == expected).count(),
            1,
            "{expected}"
        );
    }
}

#[test]
fn a_signal_is_found_by_its_event_type() {
    let found =
        registry::find("org.openedx.learning.course.enrollment.created.v1").expect("it is there");
    assert_eq!(found.info().name, "COURSE_ENROLLMENT_CREATED");
    assert_eq!(found.event().name, "CourseEnrollmentCreated");
    assert_eq!(found.event().key, Some("enrollment.course.course_key"));
    assert!(registry::find("org.openedx.learning.course.enrollment.created.v2").is_none());
    assert!(registry::find("").is_none());
}

#[test]
fn a_path_is_resolved_in_every_form() {
    let expected = "org.openedx.learning.student.registration.completed.v1";
    for path in [
        expected,
        "STUDENT_REGISTRATION_COMPLETED",
        "events_catalog::learning::signals::STUDENT_REGISTRATION_COMPLETED",
        // Where the catalog exports it, which is what people write.
        "events_catalog::learning::STUDENT_REGISTRATION_COMPLETED",
        "openedx_events.learning.signals.STUDENT_REGISTRATION_COMPLETED",
    ] {
        assert_eq!(types(&registry::resolve(path)), [expected], "{path}");
    }
    for path in [
        "",
        "STUDENT_REGISTRATION",
        "openedx_events.learning.signals",
        "openedx_events.content_authoring.signals.STUDENT_REGISTRATION_COMPLETED",
        "events_catalog::STUDENT_REGISTRATION_COMPLETED_",
        "other_catalog::learning::STUDENT_REGISTRATION_COMPLETED",
    ] {
        assert!(registry::resolve(path).is_empty(), "{path}");
    }
}

#[test]
fn a_bare_name_may_mean_several_signals() {
    assert_eq!(
        types(&registry::resolve("REGISTRY_TESTED")),
        [
            "com.example.shop.registry.test.finished.v1",
            "org.openedx.learning.registry.test.finished.v1"
        ]
    );
    assert_eq!(
        types(&registry::resolve("registry::second::REGISTRY_TESTED")),
        ["com.example.shop.registry.test.finished.v1"]
    );
    // Only events of the platform have a Python path.
    assert_eq!(
        types(&registry::resolve(
            "openedx_events.learning.signals.REGISTRY_TESTED"
        )),
        ["org.openedx.learning.registry.test.finished.v1"]
    );
}

#[test]
fn receivers_are_listed_in_their_order_manual_ones_included() {
    let ids: Vec<_> = registry::receivers().map(|info| info.id.as_ref()).collect();
    assert_eq!(
        ids,
        [
            "audit.record",
            "example_greeter::receivers::confirm_enrollment",
            "example_greeter::receivers::send_welcome_mail",
            "example_greeter::receivers::warn_of_login",
            "registry::tested",
        ]
    );
}

#[test]
fn plugins_state_themselves() {
    let plugins: Vec<_> = registry::plugins()
        .iter()
        .map(|plugin| (plugin.name, plugin.version))
        .collect();
    assert_eq!(
        plugins,
        [
            ("example_audit", env!("CARGO_PKG_VERSION")),
            ("example_greeter", env!("CARGO_PKG_VERSION")),
            ("registry", env!("CARGO_PKG_VERSION")),
        ]
    );
    let expected = registry::expected_plugins();
    let names: Vec<_> = expected.iter().map(|plugin| plugin.name).collect();
    assert_eq!(names, ["example_audit", "example_greeter"]);
    assert!(expected[0].location.file.ends_with("registry.rs"));
}

#[test]
fn plugins_that_a_configuration_names_may_be_expected_too() {
    registry::verify_plugins(["example_audit", "registry"]).expect("they are there");
    let problems = registry::verify_plugins(["lost", "example_audit", "lost", "gone"])
        .expect_err("two are missing");
    let missing: Vec<_> = problems
        .iter()
        .map(|problem| match problem {
            Problem::MissingPlugin {
                plugin,
                expected_at: None,
                receivers: 0,
                ..
            } => plugin.as_str(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(missing, ["lost", "gone"]);
    let text = problems.to_string();
    assert!(
        text.starts_with(
            "the event registry has 2 problems\n- plugin `lost` is expected but not linked"
        ),
        "{text}"
    );
    for part in [
        "linked are example_audit, example_greeter, registry",
        "add `events_core::plugins!(lost);` to the binary and `lost` to its dependencies",
    ] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn signals_work_without_their_type() {
    let signal = registry::find("org.openedx.learning.auth.session.login.completed.v1")
        .expect("it is there");
    let ids = |infos: Vec<events_core::ReceiverInfo>| -> Vec<String> {
        infos.iter().map(|info| info.id.to_string()).collect()
    };
    assert_eq!(ids(signal.receivers()), ["audit.record"]);
    assert_eq!(
        ids(signal.manual_receivers()),
        ["example_greeter::receivers::warn_of_login"]
    );
    let connection = signal
        .connect_receiver("example_greeter::receivers::warn_of_login")
        .expect("it is linked");
    assert_eq!(signal.receivers().len(), 2);
    drop(connection);
    signal.set_enabled(false);
    assert!(!signal.is_enabled());
    signal.set_enabled(true);
    assert_eq!(
        format!("{signal:?}"),
        "Signal(SESSION_LOGIN_COMPLETED of org.openedx.learning.auth.session.login.completed.v1)"
    );
}
