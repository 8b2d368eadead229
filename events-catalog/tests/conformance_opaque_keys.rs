//! Every recorded key, against what the reference made of it: `opaque_keys.jsonl`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::PathBuf;

use events_catalog::keys::{
    CcxLocator, CourseKey, CourseKeyKind, KeyError, LibraryCollectionLocator,
    LibraryContainerLocator, LibraryLocatorV2, LibraryUsageLocatorV2, UsageKey, UsageKeyKind,
};
use serde_json::{Value, json};

/// What was recorded, under the names of the record.
fn recorded() -> Vec<Value> {
    let given = std::env::var_os("EVENTS_CONFORMANCE").map(PathBuf::from);
    let directory = given.unwrap_or_else(|| {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/conformance")
    });
    let path = directory.join("opaque_keys.jsonl");
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let lines = text.split('\n').filter(|line| !line.is_empty());
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn course_class(kind: CourseKeyKind) -> &'static str {
    match kind {
        CourseKeyKind::LibraryV1 => "LibraryLocator",
        CourseKeyKind::CcxV1 => "CCXLocator",
        _ => "CourseLocator",
    }
}

fn usage_class(kind: UsageKeyKind) -> &'static str {
    match kind {
        UsageKeyKind::LibBlockV1 => "LibraryUsageLocator",
        UsageKeyKind::CcxBlockV1 => "CCXBlockUsageLocator",
        UsageKeyKind::Library => "LibraryUsageLocatorV2",
        UsageKeyKind::Location => "DeprecatedLocation",
        UsageKeyKind::AsideV1 => "AsideUsageKeyV1",
        UsageKeyKind::AsideV2 => "AsideUsageKeyV2",
        _ => "BlockUsageLocator",
    }
}

fn course_parts(key: &CourseKey) -> Value {
    let mut parts =
        json!({"org": key.org(), "branch": key.branch(), "version_guid": key.version_guid()});
    if key.kind() == CourseKeyKind::LibraryV1 {
        parts["library"] = json!(key.library());
    } else {
        parts["course"] = json!(key.course());
        parts["run"] = json!(key.run());
    }
    if key.kind() == CourseKeyKind::CcxV1 {
        parts["ccx"] = json!(key.ccx());
    }
    parts
}

fn usage_parts(key: &UsageKey) -> Value {
    if let Some(decorated) = key.usage_key() {
        return json!({
            "usage_key": decorated.as_str(),
            "usage_key_class": usage_class(decorated.kind()),
            "aside_type": key.aside_type(),
        });
    }
    let mut parts =
        json!({"org": key.org(), "block_type": key.block_type(), "block_id": key.block_id()});
    if key.kind() == UsageKeyKind::Library {
        parts["slug"] = json!(key.slug());
        parts["usage_id"] = json!(key.block_id());
        return parts;
    }
    parts["branch"] = json!(key.branch());
    parts["version_guid"] = json!(key.version_guid());
    if key.kind() == UsageKeyKind::LibBlockV1 {
        parts["library"] = json!(key.library());
    } else {
        parts["course"] = json!(key.course());
        parts["run"] = json!(key.run());
    }
    if key.kind() == UsageKeyKind::CcxBlockV1 {
        parts["ccx"] = json!(key.ccx());
    }
    parts
}

/// What the record says of a key, said of ours.
fn described<K>(
    text: &str,
    describe: impl Fn(&K) -> (&'static str, bool, Value),
) -> Result<Value, KeyError>
where
    K: std::str::FromStr<Err = KeyError> + AsRef<str> + PartialEq + serde::Serialize,
{
    let key: K = text.parse()?;
    let (class, deprecated, parts) = describe(&key);
    let canonical = key.as_ref();
    assert_eq!(serde_json::to_value(&key).unwrap(), canonical);
    Ok(json!({
        "canonical": canonical,
        "parsed_class": class,
        "deprecated": deprecated,
        "parts": parts,
        "canonical_reparses_equal": canonical.parse().as_ref() == Ok(&key),
    }))
}

fn ours(class: &str, text: &str) -> Result<Value, KeyError> {
    match class {
        "CourseKey" => described(text, |key: &CourseKey| {
            (
                course_class(key.kind()),
                key.deprecated(),
                course_parts(key),
            )
        }),
        "UsageKey" => described(text, |key: &UsageKey| {
            (usage_class(key.kind()), key.deprecated(), usage_parts(key))
        }),
        "CCXLocator" => described(text, |key: &CcxLocator| {
            let mut parts = json!({"org": key.org(), "course": key.course(), "run": key.run()});
            parts["branch"] = json!(key.branch());
            parts["version_guid"] = json!(key.version_guid());
            parts["ccx"] = json!(key.ccx());
            ("CCXLocator", false, parts)
        }),
        "LibraryLocatorV2" => described(text, |key: &LibraryLocatorV2| {
            let parts = json!({"org": key.org(), "slug": key.slug()});
            ("LibraryLocatorV2", false, parts)
        }),
        "LibraryUsageLocatorV2" => described(text, |key: &LibraryUsageLocatorV2| {
            let mut parts =
                json!({"org": key.org(), "slug": key.slug(), "block_type": key.block_type()});
            parts["usage_id"] = json!(key.usage_id());
            parts["block_id"] = json!(key.block_id());
            ("LibraryUsageLocatorV2", false, parts)
        }),
        "LibraryCollectionLocator" => described(text, |key: &LibraryCollectionLocator| {
            let mut parts = json!({"org": key.org(), "slug": key.slug()});
            parts["collection_id"] = json!(key.collection_id());
            ("LibraryCollectionLocator", false, parts)
        }),
        "LibraryContainerLocator" => described(text, |key: &LibraryContainerLocator| {
            let mut parts = json!({"org": key.org(), "slug": key.slug()});
            parts["container_type"] = json!(key.container_type());
            parts["container_id"] = json!(key.container_id());
            ("LibraryContainerLocator", false, parts)
        }),
        _ => panic!("the record has a class that is not here: {class}"),
    }
}

fn text<'a>(line: &'a Value, field: &str) -> &'a str {
    line[field].as_str().unwrap()
}

#[test]
#[cfg_attr(
    not(conformance),
    ignore = "recorded reference data not found: set EVENTS_CONFORMANCE"
)]
fn conformance_keys_are_as_recorded() {
    const FIELDS: [&str; 5] = [
        "canonical",
        "parsed_class",
        "deprecated",
        "parts",
        "canonical_reparses_equal",
    ];
    let lines = recorded();
    let mut wrong = Vec::new();
    for line in &lines {
        let (class, input) = (text(line, "class"), text(line, "input"));
        let differs = match ours(class, input) {
            Ok(key) => line["valid"] != true || FIELDS.iter().any(|name| key[name] != line[name]),
            Err(_) => line["valid"] != false,
        };
        if differs {
            wrong.push(format!("{line}\n  here: {:?}", ours(class, input)));
        }
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
    let valid = lines.iter().filter(|line| line["valid"] == true).count();
    assert!(valid > 0 && lines.len() > valid, "too little was recorded");
}

/// A refusal says what is wanted, what is wrong and what is expected, and shows nothing of the text.
#[test]
#[cfg_attr(
    not(conformance),
    ignore = "recorded reference data not found: set EVENTS_CONFORMANCE"
)]
fn conformance_refusals_say_what_is_wrong_and_show_nothing() {
    for line in recorded().iter().filter(|line| line["valid"] == false) {
        let input = text(line, "input");
        let error = ours(text(line, "class"), input).unwrap_err().to_string();
        assert!(
            error.starts_with("not a") || error.starts_with("not the key of a"),
            "{error}"
        );
        assert!(error.contains("; expected "), "{error}");
        // What the generator of the record made up: longer than three characters, and no word of ours.
        let parts = input
            .split(['+', ':', '/', '@'])
            .filter(|part| part.len() > 3);
        for part in parts.filter(|part| part.chars().any(|char| char.is_ascii_digit())) {
            let ours = part.ends_with("-v1") || part.ends_with("-v2") || part == "i4x";
            assert!(ours || !error.contains(part), "{error}\n{input}");
        }
    }
}
