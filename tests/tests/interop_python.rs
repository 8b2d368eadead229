//! The real Python services at the other end of a real Redis: what we publish, `edx-event-bus-redis` consumes, and what it publishes,
//! we consume. All event types, both ways.
//!
//! Needs `redis-server`, the recorded data with their harness, and in `EVENTS_PYTHON` the interpreter of an environment with the
//! packages of `harness/requirements.txt`; `.ci/python-reference` makes one.

#![allow(
    clippy::unwrap_used,
    clippy::allow_attributes,
    clippy::format_collect,
    reason = "a test that cannot go on has failed"
)]

#[path = "../../events-bus/tests/support/redis_server.rs"]
mod redis_server;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use events_bus::config::BusConfig;
use events_bus::transport::{Log as _, Maintenance as _, Position};
use events_bus::{Bus, Record, TraceContext, wire};
use events_core::{EventMetadata, registry};
use serde_json::{Value, json};

use redis_server::RedisServer;

// The linker keeps the catalog only if it is named.
use events_catalog as _;

fn conformance() -> PathBuf {
    std::env::var_os("EVENTS_CONFORMANCE").map_or_else(
        || {
            PathBuf::from(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../../shared/conformance"
            ))
        },
        PathBuf::from,
    )
}

/// A script of the harness, run to its end: what it printed.
fn python(script: &str, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(std::env::var_os("EVENTS_PYTHON").unwrap())
        .arg(conformance().join("harness").join(script))
        .args(arguments)
        // The folder of the harness may not be written to.
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    (output.status.success(), text)
}

fn lines(text: &str) -> Vec<Value> {
    text.split('\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The recorded payloads of all event types.
fn vectors() -> Vec<Value> {
    let mut files: Vec<_> = fs::read_dir(conformance().join("vectors"))
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    let texts = files.iter().map(|file| fs::read_to_string(file).unwrap());
    texts.flat_map(|text| lines(&text)).collect()
}

fn write(folder: &Path, name: &str, lines: &[Value]) -> String {
    let path = folder.join(name);
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
#[cfg_attr(
    not(all(conformance, redis_server, python_reference)),
    ignore = "needs the recorded data, redis-server, and EVENTS_PYTHON with the reference packages"
)]
fn python_consumes_what_we_publish() {
    let server = RedisServer::start();
    let transport = server.transport();
    let mut sent = Vec::new();
    let mut records = Vec::new();
    for vector in vectors() {
        let event_type = vector["event_type"].as_str().unwrap();
        let signal = registry::find(event_type).unwrap();
        let body = wire::from_json(&vector["data"], signal.event().schema).unwrap();
        let event = wire::decode_any(signal, &body, 0).unwrap();
        let metadata: EventMetadata = serde_json::from_value(vector["metadata"].clone()).unwrap();
        // What the reference does not know, it passes over.
        let record = Record::new(metadata.clone(), body.clone())
            .with_key(event.get().key().map(std::borrow::Cow::into_owned))
            .with_trace(Some(TraceContext::new_trace()));
        records.push(record);
        let hex: String = body.iter().map(|byte| format!("{byte:02x}")).collect();
        sent.push(json!({
            "event_type": event_type,
            "data": vector["data"],
            "metadata": metadata,
            "avro_hex": hex,
        }));
    }
    for records in records.chunks(100) {
        transport.publish("interop", records).unwrap();
    }
    let count = sent.len().to_string();
    let (ok, got) = python(
        "consume.py",
        &[
            "--url",
            &server.url(),
            "--topic",
            "interop",
            "--group",
            "python",
            "--count",
            &count,
            "--timeout",
            "120",
        ],
    );
    assert!(
        ok,
        "the Python consumer had errors, or did not get everything"
    );
    let folder = tempfile::tempdir().unwrap();
    let sent = write(folder.path(), "sent.jsonl", &sent);
    let got = write(folder.path(), "got.jsonl", &lines(&got));
    let (ok, report) = python("check.py", &[&sent, &got]);
    assert!(ok, "{report}");
}

#[test]
#[cfg_attr(
    not(all(conformance, redis_server, python_reference)),
    ignore = "needs the recorded data, redis-server, and EVENTS_PYTHON with the reference packages"
)]
fn we_consume_what_python_publishes() {
    let server = RedisServer::start();
    let mut sent = Vec::new();
    for seed in ["1", "2", "3"] {
        let (ok, text) = python(
            "produce.py",
            &[
                "--url",
                &server.url(),
                "--topic",
                "interop",
                "--count",
                "150",
                "--seed",
                seed,
            ],
        );
        assert!(ok, "the Python producer had errors");
        sent.extend(lines(&text));
    }
    let (sender, handled) = mpsc::channel();
    let config = BusConfig::redis(server.url()).with_subscription("rust", &["interop"]);
    let bus = Bus::builder(config)
        .on_handled(move |handled| {
            let metadata = handled.record().map(|record| &record.metadata).ok();
            let line = json!({
                "dead": handled.dead().map(|(reason, error)| format!("{reason}: {error}")),
                "event_type": metadata.map(EventMetadata::event_type),
                "metadata": metadata,
                "data": handled.event(),
            });
            sender.send(line).unwrap();
        })
        .start()
        .unwrap();
    let mut got = HashMap::new();
    for _ in &sent {
        let line: Value = handled.recv_timeout(Duration::from_mins(1)).unwrap();
        let id = line["metadata"]["id"].as_str().unwrap().to_owned();
        got.insert(id, line);
    }
    for sent in &sent {
        let got = &got[sent["metadata"]["id"].as_str().unwrap()];
        assert_eq!(got["dead"], Value::Null);
        assert_eq!(got["event_type"], sent["event_type"]);
        assert_eq!(got["metadata"], sent["metadata"]);
        // What was written: the reference itself gives back less, see its falsy values.
        assert_eq!(got["data"], sent["data"], "{}", sent["event_type"]);
    }
    bus.shutdown(Duration::from_secs(10)).unwrap();
}

#[test]
#[cfg_attr(
    not(all(conformance, redis_server, python_reference)),
    ignore = "needs the recorded data, redis-server, and EVENTS_PYTHON with the reference packages"
)]
fn both_read_one_stream_and_neither_disturbs_the_other() {
    let server = RedisServer::start();
    let arguments = ["--url", &server.url(), "--topic", "interop"];
    let (ok, _) = python("produce.py", &[&arguments[..], &["--count", "80"]].concat());
    assert!(ok);
    let config = BusConfig::redis(server.url()).with_subscription("rust", &["interop"]);
    let (sender, handled) = mpsc::channel();
    let bus = Bus::builder(config)
        .on_handled(move |handled| sender.send(handled.entry()).unwrap())
        .start()
        .unwrap();
    let (ok, got) = python(
        "consume.py",
        &[&arguments[..], &["--group", "python", "--count", "80"]].concat(),
    );
    assert!(ok);
    assert_eq!(lines(&got).len(), 80);
    for _ in 0..80 {
        handled.recv_timeout(Duration::from_mins(1)).unwrap();
    }
    bus.shutdown(Duration::from_secs(10)).unwrap();
    let transport = server.transport();
    let status = transport.status("interop").unwrap().unwrap();
    let mut groups: Vec<_> = status
        .groups
        .iter()
        .map(|group| (group.group.as_str(), group.lag()))
        .collect();
    groups.sort_unstable();
    assert_eq!(groups, [("python", Some(0)), ("rust", Some(0))]);
    assert_eq!(
        transport
            .read("interop", Position::Oldest, 100)
            .unwrap()
            .len(),
        80
    );
}
