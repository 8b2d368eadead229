//! Services, forms and files of a configuration.

use super::*;

#[test]
fn other_services_are_checked_as_far_as_possible() {
    let other = |plugin: &str, function: &str| {
        let entry = entry(function, LOGIN);
        toml(&format!(
            "service = \"lms\"\nservices = [\"billing\"]\n[plugins.{plugin}.signals_config.billing]\nreceivers = [{entry}]"
        ))
    };
    assert_eq!(other("config", "count").check(), Ok(()));
    assert_told(
        &other("config", "cont"),
        Kind::UnknownReceiver,
        &["site.toml:4:37: "],
    );
    // It need not be linked into this service.
    assert_eq!(other("elsewhere", "count").check(), Ok(()));
    assert_told(&other("elsewhere", ""), Kind::InvalidValue, &["is empty"]);
}

#[test]
fn one_uid_and_one_receiver_may_stand_in_several_services() {
    let entries = format!(
        "receivers = [{{ receiver_func_name = \"count\", signal_path = \"{LOGIN}\", dispatch_uid = \"a\" }}]"
    );
    let config = toml(&format!(
        "service = \"lms\"\n[plugins.config.signals_config.lms]\n{entries}\n[plugins.config.signals_config.cms]\n{entries}"
    ));
    assert_eq!(config.check(), Ok(()));
    let twice = toml(&format!(
        "service = \"lms\"\n[plugins.config.signals_config.lms]\n{entries}\n\
         [plugins.config.signals_config.\"lms.djangoapp\"]\n{entries}"
    ));
    assert_eq!(
        told(&twice),
        [(Kind::DuplicateKey, 4), (Kind::DuplicateReceiver, 5)]
    );
}

#[test]
fn the_service_has_to_be_named_and_meant() {
    let table = "[plugins.config.signals_config.lms]\nreceivers = []";
    assert_told(
        &toml(table),
        Kind::NoService,
        &["site.toml:1:32: ", "Config::for_service"],
    );
    assert_told(
        &toml(&format!("service = \"lsm\"\n{table}")),
        Kind::UnknownService,
        &[
            "site.toml:1:11: ",
            "did you mean `lms`?",
            "list it in `services`",
        ],
    );
    let listed = format!("service = \"lsm\"\nservices = [\"lsm\"]\n{table}");
    assert_eq!(toml(&listed).check(), Ok(()));
    assert_eq!(
        toml(&format!("service = \"credentials\"\n{table}")).check(),
        Ok(())
    );
    assert_eq!(toml("").check(), Ok(()));
    for (service, said) in [
        (" ", "is empty"),
        ("lms.djangoapp", "write `lms`"),
        ("l m s", "letters, digits"),
    ] {
        assert_told(
            &toml(&format!("service = \"{service}\"\n{table}")),
            Kind::InvalidValue,
            &["site.toml:1:11: ", said],
        );
        assert_told(
            &Config::for_service(service),
            Kind::InvalidValue,
            &["tests/config/forms.rs:", said],
        );
    }
}

#[test]
fn syntax_errors_have_a_place() {
    let json = |text: &str| Config::from_json(text, "site.json");
    assert_told(
        &toml("a = 1\n[plugins\n"),
        Kind::Syntax,
        &["site.toml:2:9: not valid TOML: "],
    );
    assert_eq!(
        told(&toml("a = \nb = c\n")),
        [(Kind::Syntax, 1), (Kind::Syntax, 2)]
    );
    assert_told(
        &toml("service = \"a\"\nservice = \"b\""),
        Kind::DuplicateKey,
        &["site.toml:2:1: key `service`"],
    );
    assert_told(
        &json("{\n \"a\": 1,\n}"),
        Kind::Syntax,
        &["site.json:2:8: ", "remove the comma"],
    );
    assert_told(
        &json("{\n // why\n}"),
        Kind::Syntax,
        &["site.json:2:2: ", "TOML"],
    );
    assert_told(
        &json("{7: 1}"),
        Kind::Syntax,
        &["site.json:1:2: ", "double quotes"],
    );
    assert_told(
        &json("{\"a\": \"x\ny\"}"),
        Kind::Syntax,
        &["site.json:1:9: ", "control character"],
    );
    assert_told(
        &json("{\u{a0}}"),
        Kind::Syntax,
        &["site.json:1:2: ", "space"],
    );
    assert_told(&json(""), Kind::Syntax, &["`{}`"]);
    assert_told(
        &json("[]"),
        Kind::WrongType,
        &["a configuration is a JSON object"],
    );
    assert_told(
        &json("{\"service\": \"lms\", \"service\": \"cms\"}"),
        Kind::DuplicateKey,
        &["site.json:1:20: ", "first at line 1"],
    );
    // Columns count characters, and a byte order mark is none.
    assert_told(
        &toml("\u{feff}\"ä\" = 1"),
        Kind::UnknownKey,
        &["site.toml:1:1: unknown key `ä`"],
    );
    let columns = problems(&json("\u{feff}{\"ä\": 1, \"plugins\": 2}"));
    let columns = columns.iter().map(|error| error.origin().column());
    assert_eq!(columns.collect::<Vec<_>>(), [Some(2), Some(21)]);
}

#[test]
fn wrong_types_are_named_in_the_words_of_the_format() {
    let json = |text: &str| Config::from_json(text, "site.json");
    assert_told(
        &toml("services = \"a\""),
        Kind::WrongType,
        &["`services` is the string `a`, expected an array"],
    );
    assert_told(
        &toml("service = 2020-01-01"),
        Kind::WrongType,
        &["the date-time `2020-01-01`", "expected a string"],
    );
    assert_told(
        &toml("plugins = [1]"),
        Kind::WrongType,
        &["is an array, expected a table"],
    );
    assert_told(
        &json("{\"plugins\": null}"),
        Kind::WrongType,
        &["the value `null`, expected an object"],
    );
    assert_told(
        &json("{\"services\": {}}"),
        Kind::WrongType,
        &["is an object, expected an array"],
    );
}

#[test]
fn long_and_odd_values_stay_on_one_short_line() {
    let key = "k".repeat(100_000);
    let (_, text) = only(&toml(&format!("{key} = 1")));
    assert!(text.len() < 500, "{}", text.len());
    assert_told(
        &toml("\"a\\nb\\u0000\" = 1"),
        Kind::UnknownKey,
        &["`a\\nb\\0`"],
    );
    for deep in [
        "a.".repeat(100_000) + "a = 1",
        "a = ".to_owned() + &"[".repeat(100_000),
        "[".repeat(100_000),
    ] {
        assert!(toml(&deep).check().is_err());
        assert!(Config::from_json(&deep, "deep.json").check().is_err());
    }
}

#[test]
fn files_are_read_by_their_extension() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("config_files");
    std::fs::create_dir_all(&folder).unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    assert_eq!(
        Config::load(write("a.toml", b"service = \"lms\"")).service(),
        Some("lms")
    );
    assert_eq!(
        Config::load(write("a.JSON", b"{\"service\": \"lms\"}")).service(),
        Some("lms")
    );
    assert_told(
        &Config::load(write("a.yaml", b"")),
        Kind::Unreadable,
        &["a.yaml: ", "`.toml` or `.json`"],
    );
    assert_told(
        &Config::load(write("b.toml", b"# \xc3\xa4\n a = \xff")),
        Kind::Unreadable,
        &["b.toml:2:6: ", "UTF-8"],
    );
    assert_told(
        &Config::load(folder.join("none.toml")),
        Kind::Unreadable,
        &["none.toml: cannot read the file: "],
    );
    let (_, text) = only(&Config::load(folder.join("none.toml")));
    assert!(!text.contains("none.toml:1"), "{text}");
}

#[test]
fn what_cannot_be_read_is_not_held_against_the_rest() {
    let rest = toml("[plugins.config.signals_config.credentials]\nreceivers = [7]");
    let config = Config::layers([Config::load("/nowhere/site.toml"), rest]);
    assert_eq!(told(&config), [(Kind::Unreadable, 0), (Kind::WrongType, 2)]);
}

#[test]
fn values_are_explained() {
    let plugin = Config::from_toml(
        &format!(
            "service = \"cms\"\nservices = [\"billing\"]\n[plugins.config.signals_config.\"lms.djangoapp\"]\n\
             relative_path = \"receivers\"\nreceivers = [\n {}]",
            entry("count", LOGIN)
        ),
        "plugin.toml",
    );
    let site = Config::from_json("{\"service\": \"lms\"}", "site.json");
    let config = Config::layers([plugin, site]);
    assert_eq!(config.check(), Ok(()));
    assert_eq!(config.service(), Some("lms"));
    let explained: Vec<_> = config.values().iter().map(ToString::to_string).collect();
    let expected = [
        "service = \"cms\" (plugin.toml:1:11, overridden at site.json:1:13)".to_owned(),
        "services[0] = \"billing\" (plugin.toml:2:13)".to_owned(),
        "plugins.config.signals_config.\"lms.djangoapp\".relative_path = \"receivers\" (plugin.toml:4:17)".to_owned(),
        "plugins.config.signals_config.\"lms.djangoapp\".receivers[0].receiver_func_name = \"count\" (plugin.toml:6:25)"
            .to_owned(),
        format!("plugins.config.signals_config.\"lms.djangoapp\".receivers[0].signal_path = \"{LOGIN}\" (plugin.toml:6:48)"),
        "service = \"lms\" (site.json:1:13)".to_owned(),
    ];
    assert_eq!(explained, expected);
}
