//! A binary that expects plugins that do not state themselves. They are its registry's for good, so it is a binary of its
//! own.

use events_core::registry;
use events_core::{event, receiver};

// This crate is linked (it is this one), has a receiver, and does not say `plugin!()`.
extern crate self as registry_plugins;

// `std` stands for a crate that is linked and has nothing to do with events.
events_core::plugins!(registry_plugins, std, example_greeter);

#[event(type = "org.example.tests.plugins.tested.v1")]
struct Tested {}

#[receiver(TESTED)]
fn tested() {}

#[test]
fn a_plugin_that_does_not_state_itself_is_told_apart_from_a_missing_one() {
    let problems = registry::verify().expect_err("two do not state themselves");
    let here = format!("{}:", file!());
    let texts: Vec<_> = problems.iter().map(ToString::to_string).collect();
    let [silent, missing] = &texts[..] else {
        panic!("two problems expected: {texts:?}");
    };
    assert!(
        silent.starts_with(&format!("plugin `registry_plugins` is expected at {here}")),
        "{silent}"
    );
    assert!(
        silent.ends_with(
            " and linked, with 1 receiver, but does not state itself: add `events_core::plugin!();` to the root of the \
             crate `registry_plugins`"
        ),
        "{silent}"
    );
    assert!(
        missing.starts_with(&format!("plugin `std` is expected at {here}")),
        "{missing}"
    );
    assert!(missing.contains("linked are example_greeter."), "{missing}");
    assert!(missing.contains("in its root"), "{missing}");
}
