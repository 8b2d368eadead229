//! A binary into which nothing is linked. With the feature `demo`, the example plugins always are.
#![cfg(not(feature = "demo"))]

use events_cli::Status;

fn run(args: &[&str]) -> (Status, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let status = events_cli::run(args, &mut out, &mut err);
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (status, text(out), text(err))
}

#[test]
fn the_commands_hint_at_what_is_missing() {
    for command in ["list", "receivers"] {
        let (status, out, err) = run(&["events", command]);
        assert_eq!(status, Status::Ok);
        assert!(out.starts_with("0 "), "{out}");
        assert!(
            err.starts_with("hint: nothing is linked into this binary")
                && err.contains("`events_core::plugins!(your_plugin, another);`"),
            "{err}"
        );
    }
}

#[test]
fn an_empty_registry_is_a_problem() {
    let (status, out, err) = run(&["events", "doctor", "--json"]);
    assert_eq!((status, err.as_str()), (Status::Problems, ""));
    let facts: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(facts["problems"][0]["kind"], "empty");
    assert_eq!(facts["ok"], false);
}

#[test]
fn there_is_no_demo() {
    let (status, _, err) = run(&["events", "demo"]);
    assert_eq!(status, Status::Usage);
    assert!(err.contains("unrecognized subcommand"), "{err}");
}
