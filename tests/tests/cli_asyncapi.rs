//! `events asyncapi` on a binary with two catalogs: what the document has, and that it is valid.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use events_cli::Status;
use events_core::{registry, testing};
use serde_json::{Value, json};

#[path = "cli_docs/command.rs"]
mod command;
#[path = "cli_docs/shop.rs"]
mod shop;

use command::{answer, folder, run};
use shop::ORDER;

fn document(args: &[&str]) -> Value {
    serde_json::from_str(&answer(&[&["asyncapi"], args].concat())).unwrap()
}

/// Every `$ref` in the document.
fn references<'d>(value: &'d Value, found: &mut Vec<&'d str>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                match value {
                    Value::String(target) if key == "$ref" => found.push(target),
                    other => references(other, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn every_event_is_a_channel_with_its_message() {
    let _scope = testing::scope();
    let document = document(&[]);
    assert_eq!(document["asyncapi"], "3.0.0");
    assert_eq!(
        (&document["info"]["title"], &document["info"]["version"]),
        (&"Event catalog".into(), &"1.0.0".into())
    );
    let keys = |value: &Value| -> BTreeSet<String> {
        value.as_object().unwrap().keys().cloned().collect()
    };
    let there: BTreeSet<_> = registry::signals()
        .iter()
        .map(|signal| signal.event().event_type.to_owned())
        .collect();
    assert_eq!(there.len(), 77);
    assert_eq!(keys(&document["channels"]), there);
    assert_eq!(keys(&document["components"]["messages"]), there);
    for signal in registry::signals() {
        let event = signal.event();
        let channel = &document["channels"][event.event_type];
        assert_eq!(channel["address"], event.event_type);
        let message = &document["components"]["messages"][event.event_type];
        let mut schema: Value = serde_json::from_str(&event.avro_schema().to_string()).unwrap();
        // A name in Avro has no `-`.
        schema["namespace"] = event.event_type.replace('-', "_").into();
        assert_eq!(message["payload"]["schema"], schema);
        assert_eq!(
            message["payload"]["schemaFormat"],
            "application/vnd.apache.avro+json;version=1.9.0"
        );
        let headers = &message["examples"][0]["headers"];
        assert_eq!(headers["type"], event.event_type);
        assert_eq!(headers["minorversion"], event.minor_version.to_string());
        assert_eq!(headers.as_object().unwrap().len(), 7);

        let send = &document["operations"][format!("send.{}", signal.info().name)];
        assert_eq!(send["action"], "send");
        let receive = &document["operations"][format!("receive.{}", signal.info().name)];
        assert_eq!(receive.is_null(), signal.receivers().is_empty());
    }
}

#[test]
fn an_order_is_described_in_full() {
    let _scope = testing::scope();
    let document = document(&["--title", "Shop", "--document-version", "7.1.0"]);
    assert_eq!(document["info"]["title"], "Shop");
    assert_eq!(document["info"]["version"], "7.1.0");
    let message = &document["components"]["messages"][ORDER];
    assert_eq!(
        message["x-personal-data"],
        json!(["customer.name", "customer.email"])
    );
    assert_eq!(message["x-key"], "number");
    assert_eq!(message["x-minor-version"], 1);
    assert_eq!(message["x-signal"], "cli_asyncapi::shop::ORDER_PLACED");
    assert_eq!(message["contentType"], "application/avro");
    assert_eq!(message["headers"]["properties"]["type"]["const"], ORDER);
    let example = message["examples"][0]["payload"].clone();
    serde_json::from_value::<shop::OrderPlaced>(example).unwrap();
    assert_eq!(
        document["operations"]["receive.ORDER_PLACED"]["x-receivers"],
        json!([
            {"id": "audit.record", "plugin": "example_audit", "priority": -100},
            {"id": "shop.<pack>", "plugin": "cli_asyncapi", "priority": 5},
        ])
    );
    let cancelled = &document["components"]["messages"]["org.example.docs.order.cancelled-late.v1"];
    assert!(cancelled.get("x-personal-data").is_none() && cancelled.get("x-key").is_none());
}

#[test]
fn every_reference_leads_somewhere() {
    let _scope = testing::scope();
    let document = document(&[]);
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 77 * 4, "{} references", found.len());
    for target in found {
        let pointer = target.strip_prefix('#').expect("within the document");
        assert!(document.pointer(pointer).is_some(), "{target}");
    }
}

#[test]
fn avro_takes_every_schema() {
    let _scope = testing::scope();
    let document = document(&[]);
    for (event_type, message) in document["components"]["messages"].as_object().unwrap() {
        let schema = &message["payload"]["schema"];
        apache_avro::Schema::parse(schema).unwrap_or_else(|error| panic!("{event_type}: {error}"));
    }
}

#[test]
fn it_goes_to_a_file_and_onto_the_site() {
    let _scope = testing::scope();
    let folder = folder("asyncapi");
    fs::create_dir_all(&folder).unwrap();
    let out = folder.join("catalog.json");
    let out = out.to_str().unwrap();
    let said = answer(&["asyncapi", "--out", out]);
    assert!(
        said.starts_with(
            "Wrote an AsyncAPI 3.0.0 document with 77 channels and 154 operations to "
        ),
        "{said}"
    );
    assert_eq!(fs::read_to_string(out).unwrap(), answer(&["asyncapi"]));
    let said: Value = serde_json::from_str(&answer(&["asyncapi", "--out", out, "--json"])).unwrap();
    assert_eq!(
        said,
        json!({
            "out": out,
            "title": "Event catalog",
            "asyncapi": "3.0.0",
            "channels": 77,
            "operations": 154,
            "bytes": fs::metadata(out).unwrap().len(),
        })
    );
    let site = folder.join("site");
    answer(&[
        "docs",
        "--out",
        site.to_str().unwrap(),
        "--title",
        "Shop & <Platform>",
    ]);
    let on_site = fs::read_to_string(site.join("asyncapi.json")).unwrap();
    assert_eq!(
        on_site,
        answer(&["asyncapi", "--title", "Shop & <Platform>"])
    );

    let nowhere = folder.join("no/such/folder.json");
    let (status, _, error) = run(&["asyncapi", "--out", nowhere.to_str().unwrap()]);
    assert_eq!(status, Status::Output);
    assert!(error.contains("folder.json"), "{error}");
}

/// Against the JSON schema that the specification publishes, which names everything that a document may have.
#[test]
#[cfg_attr(
    not(asyncapi_schema),
    ignore = "set EVENTS_ASYNCAPI_SCHEMA to schemas/3.0.0.json of the npm package @asyncapi/specs"
)]
fn the_official_schema_accepts_it() {
    const VALIDATE: &str = "
import json, sys
from jsonschema import Draft7Validator
schema, document = (json.load(open(path, encoding='utf-8')) for path in sys.argv[1:])
validator = Draft7Validator(schema)
for error in validator.iter_errors(document):
    print(list(error.absolute_path), error.message[:2000])
document['channels']['org.example.docs.order.placed.v1']['addres'] = 'a typo'
assert not validator.is_valid(document), 'it finds nothing'
";
    let _scope = testing::scope();
    let schema = std::env::var_os("EVENTS_ASYNCAPI_SCHEMA").expect("set when this was compiled");
    let folder = folder("asyncapi-official");
    fs::create_dir_all(&folder).unwrap();
    let out = folder.join("asyncapi.json");
    answer(&["asyncapi", "--out", out.to_str().unwrap()]);
    let output = Command::new("python3")
        .args(["-c", VALIDATE])
        .args([schema.as_os_str(), out.as_os_str()])
        .output()
        .expect("python3, with the package jsonschema");
    let (said, error) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(
        output.status.success() && said.is_empty(),
        "it needs python3 with the package jsonschema, and found:\n{said}{error}"
    );
}
