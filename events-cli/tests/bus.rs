//! The bus commands of the `events` binary, as processes: log, help, standard input.
#![cfg(feature = "demo")]

use std::process::{Command, Output, Stdio};

use events_bus::Record;
use events_bus::config::BusConfig;
use events_bus::transport::{Start, names};
use events_core::EventMetadata;
use tempfile::TempDir;

const EVIL: &str = "org.evil\u{1b}[31m\u{9b}2J\u{202e}\nforged: line";

/// A bus in a file, with one event that no receiver of the binary knows.
fn bus() -> (TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("events.db");
    let config = BusConfig::sqlite(&path);
    let transport = events_bus::open(&config).expect("a store").expect("a bus");
    let record = Record::new(EventMetadata::new(EVIL), b"ada".to_vec());
    transport
        .publish("orders", &[record])
        .expect("a published event");
    (folder, format!("sqlite:{}", path.display()))
}

fn events(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_events"))
        .args(args)
        .env_remove("EVENTS_CONFIG")
        .env_remove("EVENTS_BUS")
        .stdin(Stdio::null())
        .output()
        .expect("the binary starts")
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).expect("UTF-8")
}

#[test]
fn a_consumer_logs_to_standard_error_what_it_is_told_to() {
    let (_folder, bus) = bus();
    let log = |group: &str, options: &[&str]| {
        let consume = ["consume", "-t", "orders", "-g", group, "--count", "1"];
        let output = events(&[&consume[..], &["--bus", &bus], options].concat());
        assert!(output.status.success(), "{output:?}");
        text(&output.stderr).to_owned()
    };
    let log_by_default = log("a", &[]);
    assert!(
        log_by_default.contains(" WARN events_bus::consumer: dead letter topic=\"orders\""),
        "{log_by_default}"
    );
    assert!(!log_by_default.contains(" INFO "), "{log_by_default}");
    let log_of_v = log("b", &["-v"]);
    assert!(
        log_of_v.contains(" INFO events_bus::consumer: reads the topic"),
        "{log_of_v}"
    );
    let log_of_vv = log("c", &["-vv"]);
    assert!(log_of_vv.len() >= log_of_v.len(), "{log_of_vv}");
    assert_eq!(log("d", &["-q"]), "");
    let refused = events(&[
        "consume", "-t", "orders", "-g", "e", "-q", "-v", "--bus", &bus,
    ]);
    assert_eq!(refused.status.code(), Some(2));
}

#[test]
fn log_lines_are_escaped() {
    let (_folder, bus) = bus();
    let output = events(&[
        "consume", "-t", "orders", "-g", "a", "--count", "1", "-vv", "--bus", &bus,
    ]);
    let log = text(&output.stderr);
    assert!(log.contains("org.evil"), "{log}");
    let harmful = |char: char| char != '\n' && (char.is_control() || char == '\u{202e}');
    assert!(!log.contains(harmful), "{log:?}");
    assert!(
        log.lines().all(|line| line.starts_with("20")),
        "each line begins with its time: {log}"
    );
}

#[test]
fn the_help_of_each_bus_command_ends_with_two_examples() {
    for command in [
        "produce",
        "consume",
        "bus",
        "bus status",
        "bus trim",
        "bus delete-group",
        "bus backup",
        "bus vacuum",
        "dlq",
        "dlq list",
        "dlq show",
        "dlq retry",
        "dlq drop",
        "replay",
    ] {
        for help in ["-h", "--help"] {
            let args: Vec<_> = command.split(' ').chain([help]).collect();
            let output = events(&args);
            let help = text(&output.stdout);
            let (_, examples) = help.rsplit_once("\nExamples:\n").expect(command);
            let examples: Vec<_> = examples.trim_end().lines().collect();
            assert_eq!(examples.len(), 2, "{command}: {help}");
            for example in examples {
                assert!(example.starts_with("  events "), "{example}");
            }
        }
    }
}

#[test]
fn options_stand_under_their_headings() {
    let output = events(&["produce", "-h"]);
    let help = text(&output.stdout);
    let section = |heading: &str| {
        let (_, rest) = help.split_once(&format!("\n{heading}:\n")).expect(heading);
        rest.split("\n\n").next().unwrap_or_default()
    };
    for (heading, options) in [
        (
            "Metadata",
            &[
                "--id",
                "--time",
                "--source",
                "--source-host",
                "--source-lib",
            ][..],
        ),
        ("Bus", &["--bus", "--topic-prefix"]),
        ("Logging", &["--verbose", "--quiet"]),
        (
            "Options",
            &["--topic", "--data", "--lines", "--all-or-nothing", "--key"],
        ),
    ] {
        let section = section(heading);
        let found = section.lines().filter_map(|line| {
            let (_, option) = line.split_once("--")?;
            line.starts_with("  ").then(|| {
                let end = option.find([' ', '.']).unwrap_or(option.len());
                format!("--{}", &option[..end])
            })
        });
        let found: Vec<_> = found.collect();
        for option in options {
            assert!(
                found.iter().any(|found| found == option),
                "{option} under {heading}: {help}"
            );
        }
        if heading == "Metadata" {
            assert_eq!(found, options);
        }
    }
}

#[test]
fn durable_work_of_a_service_that_was_renamed_is_warned_of() {
    let (folder, bus) = bus();
    let config = BusConfig::sqlite(folder.path().join("events.db"));
    let transport = events_bus::open(&config).expect("a store").expect("a bus");
    for service in ["openedx-lms-web", "openedx-studio-web", "idle"] {
        let topic = names::durable(service);
        transport
            .join(&topic, "durable", Start::Beginning)
            .expect("a group");
        let record = || Record::new(EventMetadata::new("org.example.v1"), Vec::new());
        if service != "idle" {
            transport
                .publish(&topic, &[record(), record()])
                .expect("durable work");
        }
    }
    let status = |options: &[&str]| {
        let output = events(&[&["bus", "status", "--bus", &bus], options].concat());
        assert!(output.status.success(), "{output:?}");
        text(&output.stdout).to_owned()
    };
    let warned = status(&["--service", "lms"]);
    let warned = warned.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        warned.contains(
            "warning: nobody handles 2 entries of durable work stored under the service name `openedx-studio-web`: the configured \
             service `lms`"
        ),
        "{warned}"
    );
    assert_eq!(warned.matches("warning").count(), 1, "{warned}");
    assert!(!status(&[]).contains("warning"), "no service is configured");
    let json: serde_json::Value =
        serde_json::from_str(&status(&["--service", "lms", "--json"])).expect("JSON");
    assert_eq!(json["warnings"].as_array().map(Vec::len), Some(1));
}
