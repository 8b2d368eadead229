//! Messages for wrong configurations.

use super::*;

#[test]
fn to_have_no_bus_has_to_be_said() {
    let missing = "no layer has the table `bus`, so nothing says what keeps the events; add it with a `transport`: one of \
                   `sqlite`, `redis`, `memory`, `none`, where `none` means no bus";
    assert_only(
        "service = \"lms\"",
        Kind::MissingKey,
        &format!("site.toml: {missing}"),
    );
    assert_eq!(
        only(&Config::default()),
        (Kind::MissingKey, format!("configuration: {missing}"))
    );
    assert_only(
        "service = \"lms\"\n[bus]\ntopic_prefix = \"a\"",
        Kind::MissingKey,
        "site.toml:2:2: key `transport` is missing in `bus`, where it is required: it names the transport that keeps the \
         events; add one of `sqlite`, `redis`, `memory`, `none`, where `none` means no bus",
    );
    assert_only(
        "[buss]\ntransport = \"none\"",
        Kind::UnknownKey,
        "site.toml:1:2: unknown key `buss` at the top; did you mean `bus`? the keys there are `service`, `services`, `plugins`, \
         `bus`; write one of them, or remove it",
    );
    assert_only(
        "[bus]\ntransprt = \"none\"",
        Kind::UnknownKey,
        "site.toml:2:1: unknown key `transprt` in `bus`; did you mean `transport`? the keys there are `transport`, \
         `topic_prefix`, `max_event_bytes`, `sqlite`, `redis`, `memory`, `outbox`, `producer`, `consumer`, `retry`, `trim`, `dead_letters`; write one of them, or remove it",
    );
    let unread = Config::load("/nowhere/site.toml");
    assert_eq!(only(&unread).0, Kind::Unreadable);
}

#[test]
fn a_transport_has_what_it_needs() {
    assert_only(
        "[bus]\ntransport = \"sqlit\"",
        Kind::InvalidValue,
        "site.toml:2:13: `bus.transport` is `sqlit`, which is none of its values; did you mean `sqlite`? they are `sqlite`, \
         `redis`, `memory`, `none`; write one of them",
    );
    assert_only(
        "[bus]\ntransport = \"sqlite\"",
        Kind::MissingKey,
        "site.toml:2:13: key `path` is missing in `bus.sqlite`, where `transport = \"sqlite\"` requires it; add it with the path \
         of a file, such as `\"sqlite.db\"`",
    );
    assert_only(
        "[bus]\ntransport = \"sqlite\"\nsqlite.path = \"file:events.db\"",
        Kind::InvalidValue,
        "site.toml:3:15: `bus.sqlite.path` has a meaning of its own to SQLite, expected the path of a file; write one such as \
         `events.db`",
    );
    assert_only(
        "[bus]\ntransport = \"redis\"",
        Kind::MissingKey,
        "site.toml:2:13: key `url` is missing in `bus.redis`, where `transport = \"redis\"` requires it; add it with a URL such \
         as `\"redis://localhost:6379/0\"`, or `url_env` with the name of an environment variable that has it",
    );
    assert_only(
        "[bus]\ntransport = \"redis\"\nredis.url_env = \"NOT_SET\"",
        Kind::InvalidValue,
        "site.toml:3:17: `bus.redis.url_env` is `NOT_SET`, and this environment variable is not set or empty; set it to a URL \
         such as `redis://localhost:6379/0`, or correct its name",
    );
    assert_only(
        "[bus]\ntransport = \"redis\"\nredis.url_env = \"TEST_REDIS\"\nredis.url = \"redis://host\"",
        Kind::Conflict,
        "site.toml:3:17: `bus.redis.url` and `bus.redis.url_env` are both given, and only one can count; remove one",
    );
    assert_only(
        "[bus]\ntransport = \"redis\"\nredis.url = \"http://user:secret@host\"",
        Kind::InvalidValue,
        "site.toml:3:13: `bus.redis.url` has a scheme that is none of a Redis server, expected a URL such as \
         `redis://host:6379/0`, `rediss://…` or `redis+unix:///…`; correct it, and write special characters of a password in \
         their percent encoding",
    );
    // A wrong URL in a variable is told where the variable is named, and as little of it.
    let config = toml("[bus]\ntransport = \"redis\"\nredis.url_env = \"X\"");
    let errors = BusConfig::from_config_in(&config, |_| Some("user:secret@host".to_owned()));
    assert_eq!(
        errors.unwrap_err().to_string(),
        "the configuration has 1 problem\n- site.toml:3:17: environment variable `X`, which `bus.redis.url_env` names, has no \
         scheme with `://`, expected a URL such as `redis://host:6379/0`, `rediss://…` or `redis+unix:///…`; correct it, and write special \
         characters of a password in their percent encoding"
    );
}

#[test]
fn passwords_do_not_reach_messages() {
    for text in [
        "transport = \"redis://user:secret@host\"",
        "transport = \"redis\"\nredis = \"redis://user:secret@host\"",
        "transport = \"redis\"\nredis.url_env = \"redis://user:secret@host\"",
        "transport = \"redis\"\nredis.url = \"redis://user:secret\"",
        "transport = \"redis\"\nredis.url = \"redis://user:se cret@secret\"",
        "transport = \"redis\"\nredis.url = [\"redis://user:secret@host\"]",
        "transport = \"none\"\nredis.password = \"secret\"",
        "transport = \"none\"\nsqlite = \"redis://user:secret@host\"",
        "transport = \"none\"\nproducer.\"redis://user:secret@host\".t = {}",
    ] {
        // `told` looks for it.
        assert_eq!(told(&toml(&format!("[bus]\n{text}"))).len(), 1, "{text}");
    }
}

const REDIS: &str = "[bus]\ntransport = \"redis\"\nredis.url = \"redis://host\"\n";

#[test]
fn where_events_wait_for_redis_has_to_be_said() {
    let routes = format!("producer.\"{CANCELLED}\".orders = {{}}\n");
    let message = "transport `redis` needs `bus.outbox.store`: choose where events wait while the server is unreachable: \
                   `memory` loses them with the process, `sqlite` keeps them in the file `bus.outbox.path` and costs a write \
                   each; with `transport`, which suits relays, a send waits for the server and fails; write one of them";
    assert_only(
        &format!("{REDIS}{routes}"),
        Kind::MissingKey,
        &format!("site.toml:1:2: {message}"),
    );
    assert_only(
        &format!("{REDIS}{routes}outbox.capacity = 5"),
        Kind::MissingKey,
        &format!("site.toml:5:1: {message}"),
    );
    // Relays need no outbox in between.
    for store in ["transport", "memory"] {
        let config = format!("{REDIS}{routes}outbox.store = \"{store}\"");
        assert!(read(&toml(&config)).is_ok(), "{store}");
    }
    // What is there and wrong is not missing, too.
    assert_eq!(
        only(&toml(&format!("{REDIS}{routes}outbox.store = \"disk\""))).0,
        Kind::InvalidValue
    );
    assert_eq!(
        only(&toml(&format!("{REDIS}{routes}outbox.stor = \"memory\""))).0,
        Kind::UnknownKey
    );
    // Nothing is published, so nothing has to wait.
    assert!(read(&toml(REDIS)).is_ok());
    let off = routes.replace("{}", "{ enabled = false }");
    assert!(read(&toml(&format!("{REDIS}{off}"))).is_ok());
}

#[test]
fn the_outbox_takes_no_setting_in_vain() {
    let outbox = |text: &str| format!("[bus]\ntransport = \"memory\"\n[bus.outbox]\n{text}");
    assert_only(
        &outbox("store = \"sqlite\""),
        Kind::MissingKey,
        "site.toml:4:9: key `path` is missing in `bus.outbox`, where `store = \"sqlite\"` requires it; add it with the path of a \
         file, such as `\"outbox.db\"`",
    );
    assert_only(
        &outbox("path = \"outbox.db\""),
        Kind::MissingKey,
        "site.toml:4:8: `bus.outbox.path` is given without `store`, so nothing would be kept there; add `store = \"sqlite\"`, or \
         remove the path",
    );
    let vain = "`bus.outbox.path` has an effect with `store = \"sqlite\"` only; write that, or remove the key";
    assert_only(
        &outbox("store = \"memory\"\npath = \"outbox.db\""),
        Kind::Conflict,
        &format!("site.toml:5:8: {vain}"),
    );
    assert_only(
        &outbox("when_full = \"refuse\"\nblock_timeout = \"1s\""),
        Kind::Conflict,
        "site.toml:5:17: `bus.outbox.block_timeout` has an effect with `when_full = \"block\"` only; write that, or remove the key",
    );
    // Between layers: who comes later and gives a path only, means it to be used; who says `memory`, does not.
    let memory = toml(&outbox("store = \"memory\""));
    let path = json(r#"{"bus": {"outbox": {"path": "outbox.db"}}}"#);
    assert_eq!(
        only(&Config::layers([memory.clone(), path.clone()])),
        (Kind::Conflict, format!("site.json:1:29: {vain}"))
    );
    assert!(read(&Config::layers([path, memory])).is_ok());
}

#[test]
fn events_and_topics_are_looked_up() {
    let routes = |text: &str| format!("[bus]\ntransport = \"memory\"\n[bus.producer]\n{text}");
    assert_only(
        &routes("\"org.example.shop.order.placd.v1\".t = {}"),
        Kind::UnknownEvent,
        &format!(
            "site.toml:4:1: `org.example.shop.order.placd.v1` in `bus.producer` is no event type among the 2 of this binary; did \
             you mean `{PLACED}`? they are `{CANCELLED}`, `{PLACED}`; correct it, or link the catalog crate that declares the \
             event"
        ),
    );
    assert_only(
        &routes("ORDER_PLACED.t = {}"),
        Kind::UnknownEvent,
        &format!(
            "site.toml:4:1: `ORDER_PLACED` in `bus.producer` is no event type among the 2 of this binary; its event type is \
             `{PLACED}`; they are `{CANCELLED}`, `{PLACED}`; correct it, or link the catalog crate that declares the event"
        ),
    );
    assert_only(
        &routes(&format!("\"{PLACED}\" = {{}}")),
        Kind::MissingKey,
        &format!(
            "site.toml:4:1: `bus.producer.\"{PLACED}\"` has no topic, so nothing would be published; write a table with the name \
             of a topic in it, or remove it"
        ),
    );
    assert_only(
        &routes(&format!("\"{PLACED}\".\"user events\" = {{}}")),
        Kind::InvalidValue,
        &format!(
            "site.toml:4:36: `bus.producer.\"{PLACED}\".\"user events\"`: topic `user events` has white space, control \
             characters or braces; write a name such as `user-events`"
        ),
    );
    assert_only(
        &routes(&format!(
            "\"{PLACED}\".t = {{ event_key_field = \"customer.nme\", enabled = false }}"
        )),
        Kind::UnknownField,
        &format!(
            "site.toml:4:60: `bus.producer.\"{PLACED}\".t.event_key_field` is `customer.nme`, which is no key: `customer` has no \
             field `nme`; did you mean `name`? its fields are `name`, `address`; write one of them, or remove it for the event's \
             own key"
        ),
    );
}

#[test]
fn certificates_are_for_tls_and_come_with_their_keys() {
    assert_only(
        "[bus]\ntransport = \"redis\"\nredis.url = \"redis://host\"\nredis.root_certificates = \"authority.pem\"",
        Kind::Conflict,
        "site.toml:4:27: `bus.redis.root_certificates` is for TLS, and the URL of the server does not begin with `rediss://`; \
         correct the URL, or remove the key",
    );
    assert_only(
        "[bus]\ntransport = \"redis\"\nredis.url = \"rediss://host\"\nredis.client_key = \"service.key\"",
        Kind::Conflict,
        "site.toml:4:20: `bus.redis.client_key` is given without `bus.redis.client_certificate`, and a client shows both or none; \
         add the other one, or remove it",
    );
}

#[test]
fn every_problem_is_told_at_once() {
    let text = r#"
[bus]
transport = "redis"
topic_prefix = "a b"
[bus.redis]
url = "redis://"
connect_timeout = "1ms"
[bus.outbox]
capacity = 0
[bus.producer."org.example.shop.order.placed.v1".orders]
event_key_field = 7
enabled = "no"
[bus.producer."org.example.shop.order.cancelled.v1".orders]
key = "number"
[bus.consumer]
workers = -1
start = "end"
[[bus.consumer.subscriptions]]
topics = "t"
[[bus.consumer.subscriptions]]
group = ""
topics = ["t", 7, "t"]
[bus.retry]
first_delay = "1h"
max_delay = "1s"
[bus.trim]
keep_for = "long"
lose_unread_beyond = 9
"#;
    let kinds: Vec<_> = read(&toml(text))
        .unwrap_err()
        .iter()
        .map(|error| (error.kind(), error.origin().line().unwrap()))
        .collect();
    assert_eq!(
        kinds,
        [
            (Kind::InvalidValue, 4),
            (Kind::InvalidValue, 6),
            (Kind::OutOfRange, 7),
            (Kind::MissingKey, 8),
            (Kind::OutOfRange, 9),
            (Kind::WrongType, 11),
            (Kind::WrongType, 12),
            (Kind::UnknownKey, 14),
            (Kind::OutOfRange, 16),
            (Kind::InvalidValue, 17),
            (Kind::MissingKey, 18),
            (Kind::WrongType, 19),
            (Kind::InvalidValue, 21),
            (Kind::WrongType, 22),
            (Kind::Conflict, 22),
            (Kind::Conflict, 24),
            (Kind::InvalidValue, 27),
            (Kind::Conflict, 28),
        ],
        "{}",
        read(&toml(text)).unwrap_err()
    );
}

#[test]
fn what_an_earlier_layer_says_wrong_is_told_although_it_is_overridden() {
    let earlier = json(r#"{"bus": {"transport": "memory", "retry": {"max_attempts": 0}}}"#);
    let later = toml("[bus]\nretry.max_attempts = 3");
    assert_eq!(
        only(&Config::layers([earlier, later])),
        (
            Kind::OutOfRange,
            "site.json:1:59: `bus.retry.max_attempts` is `0`, expected `1` to `1000000`; write a number within these limits"
                .to_owned()
        )
    );
}
