//! `why`, `doctor`, and what goes wrong.

use super::*;

#[test]
fn why_explains_the_order_of_a_signal() {
    let _scope = testing::scope();
    let _first = ORDER_PLACED.connect_with("shop.closure", 0, |_| {});
    let _second = ORDER_PLACED.connect_with("another closure", 0, |_| {});
    let document = json(&["why", "ORDER_PLACED"]);
    let [why] = document["signals"].as_array().unwrap().as_slice() else {
        panic!("one signal: {document}");
    };
    assert_eq!(
        each(&why["wired"], "rule"),
        [
            "first",
            "priority",
            "id",
            "connected_last",
            "connected_later",
            "priority"
        ]
    );
    assert_eq!(each(&why["wired"], "position"), [1, 2, 3, 4, 5, 6]);
    assert_eq!(why["wired"][2]["receiver"]["id"], "shop.pack");
    assert_eq!(each(&why["not_wired"], "reason"), ["manual"]);
    assert_eq!(why["not_wired"][0]["receiver"], "shop.bill");

    let shown = text(&["why", "ORDER_PLACED"]);
    for part in [
        "  1. audit.record\n     here because  priority -100 is the smallest here\n",
        "  2. cli::ship\n     here because  priority 0 (the default) comes after -100\n",
        "     here because  same priority 0 (the default) as the one before; its id comes after\n",
        "  6. shop.notify\n     here because  priority 5 comes after 0\n",
        "Not wired, and why\n\n  shop.bill\n    because  it is annotated with `manual`",
    ] {
        assert!(shown.contains(part), "{part}\nis not in\n{shown}");
    }
}

#[test]
fn why_says_what_keeps_receivers_away() {
    let _scope = testing::scope().without_receivers();
    ORDER_CANCELLED.disable();
    let why = &json(&["why", "ORDER_CANCELLED"])["signals"][0];
    assert_eq!(
        each(&why["not_wired"], "reason"),
        ["disabled", "no_receivers"]
    );
    let shown = text(&["why", "ORDER_CANCELLED"]);
    assert!(shown.contains("Nothing is wired to it\n"), "{shown}");
    assert!(shown.contains("call `ORDER_CANCELLED.enable()`"), "{shown}");
    assert!(shown.contains("`#[receiver(ORDER_CANCELLED)]`"), "{shown}");
}

#[test]
fn why_finds_a_receiver_by_every_name() {
    let _scope = testing::scope();
    for name in ["shop.notify", "notify", "cli::notify"] {
        let why = &json(&["why", name])["receivers"][0];
        assert_eq!(why["receiver"]["id"], "shop.notify");
        assert_eq!(
            each(&why["wired"], "signal"),
            ["ORDER_CANCELLED", "ORDER_PLACED"]
        );
        assert_eq!(each(&why["wired"], "position"), [2, 4]);
    }
    assert_eq!(
        json(&["why", "shop.wrap"])["receivers"][0]["receiver"]["id"],
        "shop.pack"
    );
    let shown = text(&["why", "shop.notify"]);
    assert!(
        shown.contains(
            "Wired to\n\n  SIGNAL           POSITION  BECAUSE\n  ORDER_CANCELLED  2 of 2    priority 5 comes after -100\n"
        ),
        "{shown}"
    );
}

/// The snippet that `why` prints is a configuration that connects the receiver.
#[test]
fn what_why_proposes_connects_a_manual_receiver() {
    let _scope = testing::scope();
    let why = json(&["why", "shop.bill"]);
    let not_wired = &why["receivers"][0]["not_wired"][0];
    assert_eq!(why["receivers"][0]["wired"], json!([]));
    assert_eq!(
        (&not_wired["reason"], &not_wired["signal"]),
        (&"manual".into(), &"ORDER_PLACED".into())
    );
    let snippet = not_wired["snippet"].as_str().unwrap();
    assert!(
        snippet.contains(r#"receiver_func_name = "write_bill""#),
        "{snippet}"
    );
    let shown = text(&["why", "shop.bill"]);
    assert!(shown.contains("It is not wired to any signal\n"), "{shown}");
    assert!(
        shown.contains("[plugins.cli.signals_config.\"lms.djangoapp\"]\n"),
        "{shown}"
    );

    let file = configuration("proposed.toml", snippet);
    let file = file.to_str().unwrap();
    let why = json(&["--config", file, "--service", "lms", "why", "shop.bill"]);
    assert_eq!(why["receivers"][0]["not_wired"], json!([]));
    let wired = &why["receivers"][0]["wired"][0];
    assert_eq!(
        (&wired["position"], &wired["rule"]),
        (&3.into(), &"id".into())
    );
    assert_eq!(wired["connected_by"], format!("{file}:3:3"));
    // In the order of the ids, as the connected receivers are.
    let why = text(&["why", "ORDER_PLACED", "--config", file, "--service=lms"]);
    assert!(why.contains("  3. shop.bill\n"), "{why}");
    assert!(
        why.contains(&format!("connected by  {file}:3:3\n")),
        "{why}"
    );
}

#[test]
fn doctor_is_content() {
    let _scope = testing::scope();
    let file = configuration("good.toml", "service = \"lms\"\n");
    let document = json(&["doctor", "--config", file.to_str().unwrap()]);
    assert_eq!(
        (&document["ok"], &document["problems"]),
        (&true.into(), &json!([]))
    );
    assert_eq!(
        document["checked"]["expected_plugins"],
        json!(["example_audit", "example_greeter"])
    );
    assert_eq!(
        each(&document["checked"]["plugins"], "name"),
        ["cli", "example_audit", "example_greeter"]
    );
    assert_eq!(document["checked"]["configuration"]["service"], "lms");
    let shown = text(&["doctor"]);
    for part in [
        "  registry       77 signals (each event type declared once), 8 receivers (each id once",
        "  expected       example_audit, example_greeter\n",
        "  configuration  none given",
        "\nNo problems\n",
        "- receiver `shop.bill` is `manual`, and not connected to ORDER_PLACED;",
    ] {
        assert!(shown.contains(part), "{part}\nis not in\n{shown}");
    }
}

#[test]
fn doctor_reports_every_problem_of_a_configuration() {
    let _scope = testing::scope();
    let file = configuration(
        "bad.toml",
        "service = \"lms\"\ncolour = \"red\"\n[plugins.cli.signals_config.lms]\nreceivers = [\n  \
         { receiver_func_name = \"write_bil\", signal_path = \"ORDER_PLACED\" },\n]\n",
    );
    let file = file.to_str().unwrap();
    let (status, out, err) = run(&["doctor", "--json", "--config", file]);
    assert_eq!((status, err.as_str()), (Status::Problems, ""));
    let document: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(document["ok"], false);
    assert_eq!(each(&document["problems"], "source"), ["configuration"; 2]);
    assert_eq!(
        each(&document["problems"], "kind"),
        ["unknown_key", "unknown_receiver"]
    );
    assert_eq!(each(&document["problems"], "line"), [2, 5]);

    let (status, out, _) = run(&["doctor", "--config", file]);
    assert_eq!(status, Status::Problems);
    assert!(out.contains("2 problems\n"), "{out}");
    // The others refuse it, with the same words: what they would show is not what runs.
    for command in [&["list"][..], &["receivers"], &["why", "ORDER_PLACED"]] {
        let (status, out, err) = run(&[command, &["--config", file]].concat());
        assert_eq!((status, out.as_str()), (Status::Problems, ""));
        assert!(
            err.starts_with("error: the configuration has 2 problems\n"),
            "{err}"
        );
    }
}

#[test]
fn an_unknown_name_gets_a_proposal() {
    let _scope = testing::scope();
    for (args, message) in [
        (
            &["show", "ORDER_PLACD"][..],
            "error: this binary has no signal `ORDER_PLACD`; did you mean `ORDER_PLACED`?\n",
        ),
        (
            &["show", "org.example.shop.order.placed.v2"],
            "error: this binary has no signal `org.example.shop.order.placed.v2`; did you mean \
             `org.example.shop.order.placed.v1`?\n",
        ),
        (
            &["why", "write_bil"],
            "error: this binary has no signal or receiver `write_bil`; did you mean `write_bill`?\n",
        ),
        (
            &["receivers", "--signal", "order"],
            "error: this binary has no signal `order`; did you mean one of `ORDER_CANCELLED`, `ORDER_PLACED`?\n",
        ),
        (
            &["receivers", "--plugin", "example-auditt"],
            "error: this binary has no plugin `example-auditt`; did you mean `example_audit`?\n",
        ),
        (
            &["why", "zzz", "--json"],
            "error: this binary has no signal or receiver `zzz`, and nothing like it among the 85 it has; \
             `events list` and `events receivers` say which\n",
        ),
    ] {
        let (status, out, err) = run(args);
        assert_eq!(
            (status, out.as_str(), err.as_str()),
            (Status::Usage, "", message)
        );
        assert_eq!(status.code(), 2);
    }
}

/// A writer that fails.
struct Full;

impl std::io::Write for Full {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(std::io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn output_that_cannot_be_written_is_an_error() {
    let _scope = testing::scope();
    let mut err = Vec::new();
    let status = events_cli::run(["events", "list"], &mut Full, &mut err);
    assert_eq!((status, status.code()), (Status::Output, 3));
    assert!(err.starts_with(b"error: the output could not be written: "));
}

/// `events demo` shows what rustc really says: one of the messages that the compile-fail tests pin.
#[test]
fn the_compile_error_of_the_demo_is_a_pinned_message() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shown =
        std::fs::read_to_string(root.join("../events-cli/src/demo/compile_error.txt")).unwrap();
    let mut folders = vec![root.join("ui")];
    let mut pinned = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|extension| extension == "stderr")
            {
                pinned += 1;
                if std::fs::read_to_string(path).unwrap().trim_end() == shown.trim_end() {
                    return;
                }
            }
        }
    }
    panic!(
        "none of the {pinned} pinned messages is that of the demo; copy tests/ui/evolution/field_renamed.stderr over \
         events-cli/src/demo/compile_error.txt"
    );
}
