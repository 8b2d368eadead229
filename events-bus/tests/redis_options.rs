//! Settings: URLs, credentials, and settings of the server that are warned of.

#![allow(
    clippy::unwrap_used,
    clippy::allow_attributes,
    reason = "a test that cannot go on has failed"
)]
#![cfg(feature = "redis")]

mod support {
    pub mod redis_server;
}

use std::sync::{Arc, Mutex};

use events_bus::transport::redis::{Credentials, Login, RedisOptions, RedisTransport};
use events_bus::transport::{Maintenance, TransportErrorKind};
use redis::cmd;
use support::redis_server::{RedisServer, connect};

#[test]
fn unknown_parameters_of_a_url_are_refused_by_name() {
    let open = |url: &str| RedisTransport::open(url, RedisOptions::default());
    for (url, says) in [
        (
            "redis://h?password=hunter2",
            "`password`: write the user before",
        ),
        (
            "redis://h/0?protocol=2&user=hunter2",
            "`user`: write the user",
        ),
        (
            "redis://h?db=hunter2",
            "`db`: write the number of the database",
        ),
        ("redis://h?hunter=hunter2", "`hunter`: remove it"),
        ("redis+unix:///path?db=0&password=hunter2", "`pass`"),
    ] {
        let error = open(url).unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Refused, "{error}");
        let error = error.to_string();
        assert!(
            error.contains(says) && !error.contains("hunter2"),
            "{error}"
        );
    }
    for url in [
        "redis://user:p%3Fss@h:1/2",
        "redis://h/?protocol=resp2",
        "redis+unix:///path?db=0&user=u&pass=p",
    ] {
        open(url).unwrap();
    }
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn credentials_are_asked_for_at_each_connect() {
    let server = RedisServer::with(&["--requirepass", "hunter-one"]);
    let password = Arc::new(Mutex::new(Ok("hunter-one")));
    let given = Arc::clone(&password);
    let mut options = RedisOptions::default();
    options.credentials = Some(Credentials::new(move || {
        Ok(Login {
            username: None,
            password: Some((*given.lock().unwrap())?.to_owned()),
        })
    }));
    assert!(!format!("{options:?}").contains("hunter"));
    let transport = RedisTransport::open(&server.url(), options).unwrap();
    transport.topics().unwrap();
    // The password changes, and the connections end.
    let url = format!("redis://:hunter-one@127.0.0.1:{}", server.port());
    let mut client = connect(&url);
    cmd("CONFIG")
        .arg(&["SET", "requirepass", "hunter-two"])
        .exec(&mut client)
        .unwrap();
    cmd("CLIENT")
        .arg(&["KILL", "TYPE", "normal", "SKIPME", "yes"])
        .exec(&mut client)
        .unwrap();
    *password.lock().unwrap() = Ok("hunter-two");
    let _ = transport.topics();
    transport.topics().unwrap();
    *password.lock().unwrap() = Err("the vault is sealed");
    cmd("CLIENT")
        .arg(&["KILL", "TYPE", "normal", "SKIPME", "yes"])
        .exec(&mut client)
        .unwrap();
    let _ = transport.topics();
    let error = transport.topics().unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Unavailable, "{error}");
    assert!(error.to_string().contains("the vault is sealed"), "{error}");
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn settings_that_may_cost_events_are_warned_of() {
    let server = RedisServer::start();
    let warnings = |transport: &RedisTransport| transport.warnings().unwrap();
    let transport = server.transport();
    let all = warnings(&transport);
    assert!(
        matches!(&*all, [one] if one.contains("`appendonly yes`")),
        "{all:?}"
    );
    let set = |name: &str, value: &str| {
        cmd("CONFIG")
            .arg(&["SET", name, value])
            .exec(&mut server.client())
            .unwrap();
    };
    set("maxmemory", "1gb");
    set("maxmemory-policy", "allkeys-lru");
    set("save", "3600 1");
    let all = warnings(&transport);
    assert!(
        matches!(&*all, [one] if one.contains("`noeviction`")),
        "{all:?}"
    );
    set("maxmemory-policy", "noeviction");
    set("save", "");
    set("appendonly", "yes");
    assert!(warnings(&transport).is_empty());
    // Who may not see the settings is not warned.
    set("appendonly", "no");
    cmd("ACL")
        .arg(&[
            "SETUSER", "ada", "on", ">pass", "~*", "+@all", "-@admin", "-info", "-config",
        ])
        .exec(&mut server.client())
        .unwrap();
    let url = format!("redis://ada:pass@127.0.0.1:{}", server.port());
    let ada = RedisTransport::open(&url, RedisOptions::default()).unwrap();
    assert!(warnings(&ada).is_empty());
    assert!(warnings(&transport).len() == 1);
}
