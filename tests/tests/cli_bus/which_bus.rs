//! Which bus a command line means.

use super::*;

#[test]
fn without_a_bus_both_ways_to_name_one_are_shown() {
    for args in [
        vec!["bus", "status"],
        vec!["bus", "status", "--topic-prefix", "dev"],
        vec!["consume", "-t", "orders", "-g", "lms"],
        vec!["dlq", "list", "--bus", ""],
    ] {
        let err = run(&args).failure(Status::Usage);
        for said in [
            "no bus is named",
            "`--bus sqlite:events.db`",
            "redis://",
            "`EVENTS_BUS`",
            "[bus]\n    transport =",
        ] {
            assert!(err.contains(said), "{said} is not in {err}");
        }
    }
}

#[test]
fn a_bus_that_others_do_not_see_is_refused() {
    let shop = Shop::in_a_file();
    for (transport, said) in [
        ("memory", "in the memory of each process"),
        ("none", "says that there is no bus"),
    ] {
        let config = shop.file(
            "site.toml",
            &format!("[bus]\ntransport = \"{transport}\"\n"),
        );
        let err =
            run(&["bus", "status", "--config", config.to_str().unwrap()]).failure(Status::Usage);
        assert!(
            err.contains(said) && err.contains("`--bus sqlite:events.db`"),
            "{err}"
        );
    }
}

#[test]
fn what_is_no_bus_is_refused_without_a_word_of_a_password() {
    for (bus, said) in [
        (
            "events.db",
            "`--bus` begins with no scheme; expected one of `sqlite:PATH`, `redis://HOST:PORT/DATABASE`",
        ),
        (
            "kafka://user:secret@host",
            "`--bus` begins with `kafka:`, which names no transport; expected one of `sqlite:PATH`",
        ),
        (
            "sqlit:events.db",
            "`--bus` begins with `sqlit:`, which names no transport; did you mean `sqlite`?",
        ),
        ("sqlite:", "`--bus` has no path, expected `sqlite:PATH`"),
        (
            "sqlite::memory:",
            "`--bus` has a meaning of its own to SQLite, expected `sqlite:PATH`",
        ),
        ("redis://user:secret@", "`--bus` has no host"),
        ("redis://user:secret@host:0", "`--bus` has a port"),
    ] {
        let err = run(&["bus", "status", "--bus", bus]).failure(Status::Usage);
        assert!(err.contains(said), "{said} is not in {err}");
        assert!(!err.contains("secret"), "{err}");
    }
}

#[test]
fn a_bus_that_is_not_there_has_an_exit_code_of_its_own() {
    let shop = Shop::in_a_file();
    for args in [
        vec!["bus", "status"],
        vec!["dlq", "list"],
        vec!["dlq", "retry", "-t", "orders", "--all"],
        vec!["replay", "-t", "orders", "-g", "lms"],
        vec!["bus", "trim", "-t", "orders"],
    ] {
        let err = shop.run(&args).failure(Status::Bus);
        assert!(
            err.contains("there is no store") && err.contains("events.db"),
            "{err}"
        );
    }
    assert!(
        !shop.folder.path().join("events.db").exists(),
        "nobody made one"
    );
    let garbage = shop.file("garbage.db", "this is no store, and was never one");
    let bus = format!("sqlite:{}", garbage.display());
    let err = run(&["bus", "status", "--bus", &bus]).failure(Status::Bus);
    assert!(err.contains("garbage.db"), "{err}");
    // Nobody listens at the port of a socket that is bound and does not listen.
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    drop(socket);
    let bus = format!("redis://user:secret@127.0.0.1:{port}");
    for args in [
        vec!["bus", "status"],
        vec!["consume", "-t", "orders", "-g", "lms"],
    ] {
        let err = run(&[&args[..], &["--bus", &bus]].concat()).failure(Status::Bus);
        assert!(
            err.contains(&port.to_string()) && !err.contains("secret"),
            "{err}"
        );
    }
}

#[test]
fn the_command_line_is_over_the_configuration() {
    let shop = Shop::in_a_file();
    let other = shop.folder.path().join("other.db");
    let config = shop.file(
        "site.toml",
        &format!(
            "[bus]\ntransport = \"sqlite\"\ntopic_prefix = \"stage\"\n[bus.sqlite]\npath = {:?}\n",
            other.to_str().unwrap()
        ),
    );
    let config = config.to_str().unwrap();
    let order = shop.file("order.json", r#"{"number": 17}"#);
    let args = [
        "produce",
        CANCELLED,
        "-t",
        "orders",
        "--data",
        order.to_str().unwrap(),
        "--json",
        "--config",
        config,
    ];
    let topic = |answer: Answer| objects(&answer.success())[0]["topic"].clone();
    assert_eq!(topic(run(&args)), "stage-orders");
    assert!(other.exists() && !shop.folder.path().join("events.db").exists());
    assert_eq!(topic(shop.run(&args)), "stage-orders");
    assert!(shop.folder.path().join("events.db").exists());
    assert_eq!(
        topic(shop.run(&[&args[..], &["--topic-prefix", "dev"]].concat())),
        "dev-orders"
    );
    let status = shop.json(&["bus", "status"]);
    assert_eq!(
        each(array(&status["topics"]), "topic"),
        ["dev-orders", "stage-orders"]
    );
}

#[test]
fn a_configuration_with_problems_is_refused_and_the_doctor_tells_them() {
    let shop = Shop::in_a_file();
    let config = shop.file(
        "site.toml",
        "[bus]\ntransprt = \"sqlite\"\n[bus.consumer]\nworkers = 0\n",
    );
    let config = config.to_str().unwrap();
    for args in [
        vec!["bus", "status"],
        vec!["bus", "status", "--bus", &shop.url],
    ] {
        let err = run(&[&args[..], &["--config", config]].concat()).failure(Status::Problems);
        assert!(
            err.contains(
                "site.toml:2:1: unknown key `transprt` in `bus`; did you mean `transport`?"
            ),
            "{err}"
        );
        assert!(err.contains("site.toml:4:"), "{err}");
    }
    let answer = run(&["doctor", "--json", "--config", config]);
    assert_eq!(answer.status, Status::Problems);
    let told: Value = serde_json::from_str(&answer.out).unwrap();
    assert!(
        array(&told["problems"])
            .iter()
            .any(|problem| problem["kind"] == "unknown_key"),
        "{told}"
    );
    let config = shop.file(
        "site.toml",
        "service = \"lms\"\n[bus]\ntransport = \"none\"\n",
    );
    let answer = run(&["doctor", "--config", config.to_str().unwrap()]);
    assert!(answer.out.contains(", bus none"), "{}", answer.out);
}
