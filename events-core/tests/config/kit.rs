//! Tables that other crates read.

use std::time::Duration;

use events_core::config::kit::{Located, Section, Table, dotted, quoted, quoted_path};

use super::*;

fn json(text: &str) -> Config {
    Config::from_json(text, "site.json")
}

/// Reads a table that has a key of each type.
fn read(table: &mut Table<'_>) -> (Option<i64>, Option<String>) {
    let number = table.integer("number", -1..=99);
    let text = table.text("text", "abc");
    table.boolean("flag");
    table.duration("time", Duration::from_millis(100)..=Duration::from_hours(1));
    table.one_of("choice", &[("left", 1), ("right", 2)]);
    table.texts("names", "of names", "ada");
    table.table("inner", |inner| inner.require(&["id"]));
    table.tables("items", "of items", |item| item.text("id", "a"));
    table.table("any", |any| {
        any.each(
            |_, key| key.value != "no",
            |_, table| {
                table.boolean("on");
            },
        );
    });
    let value = |located: Located<i64>| located.value;
    (number.map(value), text.map(|text| text.value))
}

fn problems_of(config: &Config) -> Vec<String> {
    let section = config.section("bus");
    section.read(|table| drop(read(table)));
    let errors = section.finish().expect_err("the table is wrong");
    errors.iter().map(ToString::to_string).collect()
}

fn kinds_of(config: &Config) -> Vec<(Kind, u32)> {
    let section = config.section("bus");
    section.read(|table| drop(read(table)));
    let errors = section.finish().expect_err("the table is wrong");
    let kinds = errors
        .iter()
        .map(|error| (error.kind(), error.origin().line().unwrap_or_default()));
    kinds.collect()
}

const RIGHT: &str = r#"
[bus]
number = 0x10
text = "a"
flag = true
time = "1h"
choice = "right"
names = ["a", "b"]
items = [{ id = "x" }]
[bus.inner]
[bus.any."a.b"]
on = false
"#;

#[test]
fn a_table_is_read_layer_by_layer() {
    let config = Config::layers([
        toml(RIGHT.replace("[bus.inner]", "").as_str()),
        json(r#"{"bus": {"number": -1, "inner": null}}"#),
        Config::for_service("lms"),
    ]);
    let section = config.section("bus");
    assert!(section.is_there());
    let mut seen = Vec::new();
    section.read(|table| seen.push(read(table)));
    assert_eq!(seen, [(Some(16), Some("a".to_owned())), (Some(-1), None)]);
    let place = |path: &[&str]| section.origin_of(path).map(|origin| origin.to_string());
    assert_eq!(place(&["number"]).as_deref(), Some("site.json:1:20"));
    assert_eq!(place(&["text"]).as_deref(), Some("site.toml:4:8"));
    assert_eq!(place(&["names", "1"]).as_deref(), Some("site.toml:8:15"));
    assert_eq!(
        place(&["any", "a.b", "on"]).as_deref(),
        Some("site.toml:12:6")
    );
    assert_eq!(place(&["any", "a.b"]).as_deref(), Some("site.toml:11:10"));
    assert_eq!(place(&["names", "2"]), None);
    assert_eq!(place(&["names", "x"]), None);
    assert_eq!(place(&["text", "x"]), None);
    let near = |path: &[&str]| section.origin_near(path).to_string();
    assert_eq!(near(&["any", "a.b", "off"]), "site.toml:11:10");
    assert_eq!(near(&["what"]), "site.json:1:2");
}

#[test]
fn every_problem_of_a_table_is_told() {
    let config = toml(
        r#"[bus]
number = 100
text = 1
flag = "true"
time = 5
choice = "rihgt"
names = ["a", 1, ""]
items = [1, { id = "x", idd = "y" }]
nmber = 1
[bus.inner]
[bus.any."a.b"]
on = 1.5
[bus.any.no]
on = 1
"#,
    );
    assert_eq!(
        problems_of(&config),
        [
            "site.toml:2:10: `bus.number` is `100`, expected `-1` to `99`; write a number within these limits",
            "site.toml:3:8: `bus.text` is the integer `1`, expected a string; write it in quotes, such as `\"abc\"`",
            "site.toml:4:8: `bus.flag` is the string `true`, expected a boolean; write `true` or `false`, without quotes",
            "site.toml:5:8: `bus.time` is the integer `5`, expected a duration; write it in quotes and with its unit, such as \
             `\"5s\"` or `\"250ms\"`",
            "site.toml:6:10: `bus.choice` is `rihgt`, which is none of its values; did you mean `right`? they are `left`, \
             `right`; write one of them",
            "site.toml:7:15: `bus.names[1]` is the integer `1`, expected a string; write it in quotes, such as `\"ada\"`",
            "site.toml:7:18: `bus.names[2]` is empty, expected a text such as `ada`; write one, or remove the key",
            "site.toml:8:10: `bus.items[0]` is the integer `1`, expected a table; write `{ … }`, or give its keys under a \
             header in brackets",
            "site.toml:8:25: unknown key `idd` in `bus.items[1]`; did you mean `id`? the keys there are `id`; write one of \
             them, or remove it",
            "site.toml:9:1: unknown key `nmber` in `bus`; did you mean `number`? the keys there are `number`, `text`, `flag`, \
             `time`, `choice`, `names`, `inner`, `items`, `any`; write one of them, or remove it",
            "site.toml:10:6: key `id` is missing in `bus.inner`, where it is required; add it",
            "site.toml:12:6: `bus.any.\"a.b\".on` is the float `1.5`, expected a boolean; write `true` or `false`, without \
             quotes",
        ]
    );
}

#[test]
fn json_has_words_of_its_own() {
    let config = json(
        r#"{"bus": {"number": "1", "text": 7, "flag": 0, "time": "soon", "choice": null, "names": {},
            "inner": true, "any": {"a": 1e3}, "items": 1.5}}"#,
    );
    assert_eq!(
        problems_of(&config),
        [
            "site.json:1:20: `bus.number` is the string `1`, expected a whole number; write it in digits, without quotes",
            "site.json:1:33: `bus.text` is the number `7`, expected a string; write it in quotes, such as `\"abc\"`",
            "site.json:1:44: `bus.flag` is the number `0`, expected a boolean; write `true` or `false`, without quotes",
            "site.json:1:55: `bus.time` is `soon`, expected a duration; write a number and its unit, such as `5s`, `250ms`, \
             `10m`, `2h` or `7d`",
            "site.json:1:73: `bus.choice` is the value `null`, expected one of `left`, `right`; write it in quotes",
            "site.json:1:88: `bus.names` is an object, expected an array of names; write it in brackets, `[…]`",
            "site.json:2:22: `bus.inner` is the boolean `true`, expected an object; write `{ … }`",
            "site.json:2:41: `bus.any.a` is the number `1e3`, expected an object; write `{ … }`",
            "site.json:2:56: `bus.items` is the number `1.5`, expected an array of items; write it in brackets, `[…]`",
        ]
    );
}

#[test]
fn durations_have_limits() {
    let config = toml("[bus]\ntime = \"99ms\"");
    assert_eq!(
        problems_of(&config),
        [
            "site.toml:2:8: `bus.time` is `99ms`, expected `100ms` to `1h`; write a duration within these limits"
        ]
    );
    let config = toml("[bus]\ntime = \"61m\"");
    assert_eq!(kinds_of(&config), [(Kind::OutOfRange, 2)]);
}

#[test]
fn numbers_beyond_the_largest_are_not_cut() {
    for text in ["[bus]\nnumber = 9223372036854775808", "[bus]\nnumber = 1.0"] {
        assert!(
            matches!(
                kinds_of(&toml(text))[..],
                [(Kind::WrongType | Kind::Syntax, 2)]
            ),
            "{text}"
        );
    }
    let config = json(r#"{"bus": {"number": 9223372036854775808}}"#);
    assert_eq!(
        problems_of(&config),
        [
            "site.json:1:20: `bus.number` is the number `9223372036854775808`, expected a whole number; write it in digits, \
             without quotes"
        ]
    );
}

#[test]
fn what_is_missing_is_told_once_and_only_if_it_is() {
    let told = |config: &Config, keys: &[&[&str]]| -> Vec<String> {
        let section: Section<'_> = config.section("bus");
        section.read(|table| {
            table.table("inner", |inner| inner.text("id", "a"));
        });
        section.missing(keys, section.origin(), "it is missing");
        let errors = section.finish().err();
        let errors = errors.iter().flat_map(ConfigErrors::iter);
        errors.map(ToString::to_string).collect()
    };
    let id: &[&[&str]] = &[&["inner", "id"]];
    assert_eq!(told(&toml(""), &[&[]]), ["site.toml: it is missing"]);
    assert_eq!(
        told(&Config::default(), &[&[]]),
        ["configuration: it is missing"]
    );
    assert_eq!(told(&toml("[bus]"), id), ["site.toml:1:2: it is missing"]);
    assert_eq!(told(&toml("[bus.inner]\nid = \"a\""), id), [""; 0]);
    // Of several keys one is enough.
    let either: &[&[&str]] = &[&["inner", "no"], &["inner", "id"]];
    assert_eq!(told(&toml("[bus.inner]\nid = \"a\""), either), [""; 0]);
    // What is there under another name, or wrong, is not missing.
    for (text, keys) in [
        ("[bus.inner]\nidd = \"a\"", id),
        ("[bus.iner]\nid = \"a\"", id),
        ("[buss.inner]\nid = \"a\"", id),
        ("[bus.inner]\nid = 7", id),
        ("bus = 7", &[&[]]),
        ("[buss]", &[&[]]),
        ("[bus", &[&[]]),
    ] {
        let told = told(&toml(text), keys);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(!told[0].contains("it is missing"), "{told:?}");
    }
}

#[test]
fn the_rest_does_not_care_for_it() {
    // A program in which nobody reads the table: its form is not looked at.
    assert_eq!(toml("[bus]\nwhat = \"ever\"").check(), Ok(()));
    assert_told(
        &toml("bus = \"redis://user:secret@host\""),
        Kind::WrongType,
        &["site.toml:1:7: `bus` is the string `redis://user:…@host`, expected a table"],
    );
    // Who reads it learns of everything that is wrong with the files, too.
    let config = toml("service = 7\n[bus]\nnumber = 100");
    assert_eq!(
        kinds_of(&config),
        [(Kind::WrongType, 1), (Kind::OutOfRange, 3)]
    );
    let section = Config::load("/nowhere/site.toml");
    let errors = section.section("bus").finish().unwrap_err();
    assert_eq!(errors.iter().count(), 1);
}

#[test]
fn problems_stand_in_the_order_of_the_layers() {
    let layers =
        ["b.toml", "a.toml"].map(|name| Config::from_toml("[bus]\nnumber = 100\ntext = 1", name));
    let again = Config::from_toml("[bus]\nnumber = 100", "b.toml");
    let config = Config::layers(layers.into_iter().chain([again]));
    let places: Vec<_> = problems_of(&config)
        .iter()
        .map(|text| text.split_once(": ").unwrap().0.to_owned())
        .collect();
    assert_eq!(
        places,
        [
            "b.toml:2:10",
            "b.toml:3:8",
            "a.toml:2:10",
            "a.toml:3:8",
            "b.toml:2:10"
        ]
    );
}

#[test]
fn values_are_explained_without_passwords() {
    let base = toml(
        r#"[bus]
transport = "redis"
number = 0x10
[bus.redis]
url = "redis://user:secret@host:6379/0"
Password = "secret"
token = 17
[[bus.items]]
id = "a"
[[bus.items]]
id = "b"
[bus.any."a.b".c]
on = true
none = []
"#,
    );
    let site = json(
        r#"{"bus": {"number": 3, "items": [{"id": "z"}], "any": {"a.b": {"c": {"on": false}}}}}"#,
    );
    let config = Config::layers([base, site]);
    let explained: Vec<_> = config.values().iter().map(ToString::to_string).collect();
    assert_eq!(
        explained,
        [
            "bus.transport = \"redis\" (site.toml:2:13)",
            "bus.number = 16 (site.toml:3:10, overridden at site.json:1:20)",
            "bus.redis.url = \"redis://user:…@host:6379/0\" (site.toml:5:7)",
            "bus.redis.Password = \"…\" (site.toml:6:12)",
            "bus.redis.token = … (site.toml:7:9)",
            "bus.items[0].id = \"a\" (site.toml:9:6, overridden at site.json:1:40)",
            "bus.items[1].id = \"b\" (site.toml:11:6, overridden at site.json:1:40)",
            "bus.any.\"a.b\".c.on = true (site.toml:13:6, overridden at site.json:1:75)",
            "bus.any.\"a.b\".c.none = [] (site.toml:14:8)",
            "bus.number = 3 (site.json:1:20)",
            "bus.items[0].id = \"z\" (site.json:1:40)",
            "bus.any.\"a.b\".c.on = false (site.json:1:75)",
        ]
    );
    let value = &config.values()[1];
    assert_eq!((value.key(), value.value()), ("bus.number", "16"));
    let shown = format!("{config:?}");
    assert!(
        shown.contains("user:…@host") && !shown.contains("secret"),
        "{shown}"
    );
}

#[test]
fn paths_are_those_of_toml() {
    assert_eq!(dotted("", "bus"), "bus");
    assert_eq!(dotted("bus", "user-events"), "bus.user-events");
    assert_eq!(dotted("bus", "a.b"), "bus.\"a.b\"");
    assert_eq!(dotted("bus", ""), "bus.\"\"");
    assert_eq!(dotted("bus", "ä\n"), "bus.\"ä\\n\"");
    let long = "x".repeat(200);
    assert_eq!(quoted(&long).chars().count(), 103);
    assert_eq!(quoted_path(&long).chars().count(), 202);
}

#[test]
#[should_panic(expected = "`plugins` is not among the tables that are left to other crates")]
fn only_foreign_tables_are_sections() {
    let _ = toml("").section("plugins");
}
