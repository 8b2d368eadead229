//! `events produce`.

use events_bus::transport::Position;
use events_bus::wire;

use super::*;

over_both! {
    an_event_is_published_as_its_data_say
    the_metadata_are_made_now_but_for_what_is_given
    the_configuration_says_where_an_event_goes
}

const ORDER: &str = r#"{"number": 17, "customer": "ada", "placed_at": "2026-11-25T08:00:00Z"}"#;

fn an_event_is_published_as_its_data_say(shop: &Shop) {
    let file = shop.file("order.json", ORDER);
    let file = file.to_str().unwrap();
    let told = shop.lines(&["produce", "ORDER_PLACED", "-t", "orders", "--data", file]);
    let [told] = told.as_slice() else {
        panic!("one event: {told:?}");
    };
    let entries = shop
        .transport()
        .read("orders", Position::Oldest, 10)
        .unwrap();
    let [entry] = entries.as_slice() else {
        panic!("one entry: {entries:?}");
    };
    let record = entry.record.as_ref().unwrap();
    assert_eq!(
        *told,
        json!({
            "event_type": PLACED,
            "id": record.metadata.id().to_string(),
            "topic": "orders",
            "entry": entry.id.to_string(),
        })
    );
    assert_eq!(record.key.as_deref(), Some("ada"));
    assert_eq!(record.metadata.minor_version(), 2, "that of the event");
    let sent = OrderPlaced {
        number: 17,
        customer: "ada".to_owned(),
        note: None,
        placed_at: "2026-11-25T08:00:00Z".parse().unwrap(),
    };
    assert_eq!(
        *record.body,
        *wire::encode(&sent).unwrap(),
        "as a send would write it"
    );

    let text = shop.text(&[
        "produce", PLACED, "-t", "orders", "--data", file, "--key", "bob",
    ]);
    let entries = shop
        .transport()
        .read("orders", Position::Oldest, 10)
        .unwrap();
    let record = entries[1].record.as_ref().unwrap();
    assert_eq!(record.key.as_deref(), Some("bob"));
    let id = record.metadata.id();
    assert_eq!(text, format!("orders  {}  {PLACED}  {id}\n", entries[1].id));
}

fn the_metadata_are_made_now_but_for_what_is_given(shop: &Shop) {
    let file = shop.file("order.json", ORDER);
    let file = file.to_str().unwrap();
    let id = "0198f0a2-55d6-7c3e-9c1b-2f5f2d6c8a11";
    let options = [
        "--id",
        id,
        "--time",
        "2026-11-25T08:00:00Z",
        "--source",
        "shop/web",
        "--source-host",
        "host",
        "--source-lib",
        "1.2.3",
    ];
    let args = ["produce", PLACED, "-t", "orders", "--data", file];
    shop.text(&[&args[..], &options].concat());
    let entries = shop
        .transport()
        .read("orders", Position::Oldest, 10)
        .unwrap();
    let metadata = &entries[0].record.as_ref().unwrap().metadata;
    assert_eq!(
        serde_json::to_value(metadata).unwrap(),
        json!({
            "event_type": PLACED,
            "id": id,
            "minorversion": 2,
            "source": "shop/web",
            "sourcehost": "host",
            "time": "2026-11-25T08:00:00+00:00",
            "sourcelib": [1, 2, 3],
        })
    );
    for (option, value, said) in [
        ("--id", "17", "`--id` is `17`, expected a UUID"),
        (
            "--time",
            "noon",
            "`--time` is `noon`, expected a time in UTC",
        ),
        ("--time", "2026-11-25T08:00:00", "an offset (+00:00 or Z)"),
        (
            "--source-lib",
            "1.x",
            "`--source-lib` is `1.x`, expected numbers with dots",
        ),
    ] {
        let err = shop
            .run(&[&args[..], &[option, value]].concat())
            .failure(Status::Usage);
        assert!(err.contains(said), "{err}");
    }
    assert_eq!(
        shop.transport()
            .read("orders", Position::Oldest, 10)
            .unwrap()
            .len(),
        1
    );
}

fn the_configuration_says_where_an_event_goes(shop: &Shop) {
    let file = shop.file("order.json", ORDER);
    let config = shop.file(
        "site.toml",
        &format!(
            "[bus]\ntransport = \"memory\"\ntopic_prefix = \"stage\"\n\
             [bus.producer.\"{PLACED}\".orders]\nenabled = true\n\
             [bus.producer.\"{PLACED}\".numbers]\nenabled = true\nevent_key_field = \"note\"\n\
             [bus.producer.\"{CANCELLED}\".orders]\nenabled = false\n"
        ),
    );
    let (file, config) = (file.to_str().unwrap(), config.to_str().unwrap());
    let told = shop.lines(&["produce", PLACED, "--data", file, "--config", config]);
    let mut topics = each(&told, "topic");
    topics.sort_by_key(ToString::to_string);
    assert_eq!(topics, ["stage-numbers", "stage-orders"]);
    assert_eq!(told[0]["id"], told[1]["id"], "one event");
    let transport = shop.transport();
    let key = |topic: &str| {
        let entries = transport.read(topic, Position::Oldest, 10).unwrap();
        entries[0]
            .record
            .as_ref()
            .unwrap()
            .key
            .as_deref()
            .map(str::to_owned)
    };
    assert_eq!(
        key("stage-orders"),
        Some("ada".to_owned()),
        "the event's own"
    );
    assert_eq!(key("stage-numbers"), None, "the field of the route");

    let file = shop.file("cancelled.json", r#"{"number": 17}"#);
    let file = file.to_str().unwrap();
    let args = ["produce", CANCELLED, "--data", file];
    let err = shop
        .run(&[&args[..], &["--config", config]].concat())
        .failure(Status::Usage);
    assert!(
        err.contains(&format!("no route is enabled for `{CANCELLED}`")),
        "{err}"
    );
    let err = shop.run(&args).failure(Status::Usage);
    assert!(
        err.contains(&format!("no configuration routes `{CANCELLED}`")),
        "{err}"
    );
    assert!(err.contains("-t TOPIC"), "{err}");
    // A topic on the command line is the only one.
    let told = shop.lines(&[&args[..], &["--config", config, "-t", "orders"]].concat());
    assert_eq!(each(&told, "topic"), ["stage-orders"]);
}

#[test]
fn data_that_are_no_such_event_are_refused_with_every_problem() {
    let shop = Shop::in_a_file();
    let file = shop.file(
        "order.json",
        r#"{"number": "x", "customer": 1, "placed_at": "noon", "nte": null}"#,
    );
    let args = [
        "produce",
        PLACED,
        "-t",
        "orders",
        "--data",
        file.to_str().unwrap(),
    ];
    let err = shop.run(&args).failure(Status::Usage);
    for said in [
        "`number`: expected long, and there is a text",
        "`customer`: expected string, and there is a number",
        "`placed_at`: expected string (date-time), and there is a text that is none",
        "no field is called \"nte\"",
    ] {
        assert!(err.contains(said), "{said} is not in {err}");
    }
    assert!(!err.contains("noon"), "{err}");
    assert!(
        !shop.folder.path().join("events.db").exists(),
        "no store was made"
    );
}

#[test]
fn what_cannot_be_published_is_refused() {
    let shop = Shop::in_a_file();
    let order = shop.file("order.json", ORDER);
    let order = order.to_str().unwrap();
    let broken = shop.file("broken.json", "{\"customer\": \"secret");
    for (args, said) in [
        (
            vec!["produce", "ORDER_PLACD", "-t", "orders", "--data", order],
            "this binary has no signal `ORDER_PLACD`; did you mean `ORDER_PLACED`?",
        ),
        (
            vec!["produce", PLACED, "-t", "orders", "--data", "nowhere.json"],
            "`nowhere.json` cannot be read",
        ),
        (
            vec![
                "produce",
                PLACED,
                "-t",
                "orders",
                "--data",
                broken.to_str().unwrap(),
            ],
            "is no JSON: EOF while parsing a string at line 1 column 20",
        ),
        (
            vec!["produce", PLACED, "-t", "two words", "--data", order],
            "topic `two words` has white space",
        ),
        (
            vec!["produce", PLACED, "-t", "events:x", "--data", order],
            "begins with `events:`, as only internal topics do",
        ),
        (vec!["produce", PLACED, "-t", "orders"], "--data <FILE>"),
        (
            vec!["produce", "-t", "orders", "--lines", "--id", "17"],
            "the argument '--lines' cannot be used with '--id <UUID>'",
        ),
    ] {
        let err = shop.run(&args).failure(Status::Usage);
        assert!(err.contains(said), "{said} is not in {err}");
        assert!(!err.contains("secret"), "{err}");
    }
    assert!(
        !shop.folder.path().join("events.db").exists(),
        "no store was made"
    );
}
