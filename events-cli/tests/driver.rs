//! The command embedded in a binary that brings a transport of its own.

#![expect(
    missing_docs,
    clippy::exhaustive_structs,
    clippy::unwrap_used,
    reason = "the event of a test, which has failed where it cannot go on"
)]

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use events_cli::Status;
use events_core::event;

#[path = "../../events-bus/tests/support/test_driver.rs"]
mod test_driver;

events_core::plugin!();

/// Emitted when an order was placed.
#[event(type = "org.example.counter.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
}

const PLACED: &str = "org.example.counter.order.placed.v1";

fn run(args: &[&str]) -> (Status, String, String) {
    test_driver::install();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let args = ["events"].iter().chain(args);
    let status = events_cli::run(args, &mut out, &mut err);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status, text(out), text(err))
}

/// A file of its own for each test.
fn file(name: &str, text: &str) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("driver-{name}"));
    fs::write(&path, text).unwrap();
    path.into_os_string().into_string().unwrap()
}

#[track_caller]
fn produce(test: &str, options: &[&str]) {
    let data = file(&format!("{test}.json"), "{\"number\": 17}");
    let args = ["produce", PLACED, "-t", "orders", "--data", &data];
    let (status, out, err) = run(&[&args, options].concat());
    assert_eq!(status, Status::Ok, "{out}{err}");
}

#[track_caller]
fn assert_one_entry(options: &[&str]) {
    let (status, out, err) = run(&[&["bus", "status", "--json"], options].concat());
    assert_eq!(status, Status::Ok, "{err}");
    let facts: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(facts["topics"][0]["topic"], "orders", "{out}");
    assert_eq!(facts["topics"][0]["entries"], 1, "{out}");
}

#[test]
fn the_command_line_names_it() {
    produce("line", &["--bus", "test:line"]);
    assert_one_entry(&["--bus", "test:line"]);
}

#[test]
fn a_configuration_names_it() {
    for (name, text) in [
        (
            "toml",
            "[bus]\ntransport = \"test\"\ntest.store = \"file-toml\"",
        ),
        (
            "json",
            r#"{"bus": {"transport": "test", "test": {"store": "file-json"}}}"#,
        ),
    ] {
        let config = file(&format!("site.{name}"), text);
        produce(name, &["--config", &config]);
        assert_one_entry(&["--config", &config]);
        assert_one_entry(&["--bus", &format!("test:file-{name}")]);
    }
}

#[test]
fn the_rest_of_its_table_holds_under_a_url() {
    let config = file(
        "rest.toml",
        "[bus]\ntransport = \"sqlite\"\ntest = { store = \"a b\", pause = \"2s\" }",
    );
    let (status, _, err) = run(&["bus", "status", "--config", &config, "--bus", "test:rest"]);
    assert_eq!(status, Status::Problems);
    assert!(
        err.contains("rest.toml:3:33: `bus.test.pause` is `2s`, expected `0s` to `1s`")
            && !err.contains("a b"),
        "{err}"
    );
}

#[test]
fn an_environment_variable_names_it() {
    if std::env::var("EVENTS_BUS").is_ok() {
        produce("variable", &[]);
        assert_one_entry(&[]);
        return;
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["an_environment_variable_names_it", "--exact"])
        .env("EVENTS_BUS", "test:variable")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}"
    );
}

#[test]
fn its_problems_are_told() {
    for (args, status, told) in [
        (
            vec!["bus", "status", "--bus", "tset:one"],
            Status::Usage,
            "`--bus` begins with `tset:`, which names no transport; did you mean `test`?",
        ),
        (
            vec!["bus", "status", "--bus", "test:"],
            Status::Usage,
            "`--bus` has no store, expected `test:STORE`; add the name of a store",
        ),
        (
            vec!["bus", "status", "--bus", "test:a b"],
            Status::Problems,
            "`bus.test.store` has a space, expected a name such as `one`; write one",
        ),
        (
            vec!["bus", "status", "--bus", "test:nobody"],
            Status::Bus,
            "test: there is no store `nobody`",
        ),
    ] {
        let (ended, _, err) = run(&args);
        assert_eq!(ended, status, "{args:?}: {err}");
        assert!(err.contains(told), "{told} is not in {err}");
    }
    let config = file(
        "slip.toml",
        "[bus]\ntransport = \"test\"\ntest.stor = \"one\"",
    );
    let (status, _, err) = run(&["bus", "status", "--config", &config]);
    assert_eq!(status, Status::Problems);
    assert!(
        err.contains("slip.toml:3:6: unknown key `stor` in `bus.test`; did you mean `store`?"),
        "{err}"
    );
}

#[test]
fn a_remote_store_waits_in_memory() {
    // Without an outbox of the command line, a route to a remote transport would be refused.
    let routes = format!("[bus.producer.\"{PLACED}\".orders]\n");
    let config = file("routes.toml", &routes);
    produce("remote", &["--config", &config, "--bus", "test+remote:far"]);
    assert_one_entry(&["--bus", "test:far"]);
}
