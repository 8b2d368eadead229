//! Bytes from outside do not panic: entries that strangers wrote, and servers that speak nonsense.

#![cfg(feature = "redis")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support {
    pub mod redis_server;
    pub mod redis_topic;
}

use std::cell::RefCell;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use events_bus::transport::redis::{RedisOptions, RedisTransport};
use events_bus::transport::{
    DeadLetter, DeadLetterLimits, DeadReason, EntryId, Epoch, Groups, Limit, Log, Maintenance,
    Member, Position, Retention, Settlement, Start,
};
use events_core::Timestamp;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use redis::cmd;
use support::redis_server::RedisServer;
use support::redis_topic::{TOPIC, batch, claim, joined, member, record};

/// Names and values: known and unknown, well-formed and not.
fn fields() -> impl Strategy<Value = Vec<(Vec<u8>, Vec<u8>)>> {
    let name = prop_oneof![
        3 => prop::sample::select(&[
            "type", "id", "source", "time", "minorversion", "sourcehost", "sourcelib", "event_data", "key",
            "traceparent", "tracestate", "receivers", "again", "again_from", "dead_group", "malformed",
        ][..]).prop_map(|name| name.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..6),
    ];
    let value = prop_oneof![
        3 => prop::sample::select(&[
            "", "org.example.redis.hostile.v1", "6f1f5d3e-2b1a-11ef-9c6e-0242ac120002", "1", "-9223372036854775809",
            "1_0", "2024-06-11T14:12:45+00:00", "2024-06-11", "10.5.0", "..", "a\nb\n", "10.x", "\u{663}",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ][..]).prop_map(|value| value.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..40),
    ];
    prop::collection::vec((name, value), 1..14)
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn whatever_strangers_write_is_a_record_or_malformed() {
    let server = RedisServer::start();
    let transport = joined(&server);
    let client = RefCell::new(server.client());
    let mut runner = TestRunner::new(Config::with_cases(400));
    let result = runner.run(&fields(), |fields| {
        let mut add = cmd("XADD");
        add.arg(TOPIC).arg("*");
        for (name, value) in &fields {
            add.arg(name.as_slice()).arg(value.as_slice());
        }
        add.exec(&mut *client.borrow_mut()).unwrap();
        let entries = transport
            .receive(member("c"), Limit::entries(10), Duration::ZERO)
            .unwrap();
        prop_assert_eq!(entries.len(), 1);
        let entry = &entries[0];
        match &entry.record {
            Ok(record) => {
                // It means the same when it is published again.
                transport
                    .publish("copy", std::slice::from_ref(record))
                    .unwrap();
                let copies = transport.read("copy", Position::Oldest, 2).unwrap();
                prop_assert_eq!(copies[0].record.as_ref().ok(), Some(record));
                cmd("DEL")
                    .arg("copy")
                    .exec(&mut *client.borrow_mut())
                    .unwrap();
            }
            Err(malformed) => {
                let kept: Vec<_> = malformed
                    .fields
                    .iter()
                    .map(|(name, value)| (name.to_vec(), value.to_vec()))
                    .collect();
                prop_assert_eq!(&kept, &fields);
            }
        }
        // As a dead letter it is what it was.
        let letter = DeadLetter::new(
            "g".into(),
            DeadReason::Malformed,
            "no use",
            entry.id,
            Timestamp::now(),
            entry.record.clone(),
        );
        let settlement =
            Settlement::new(entry.id, None, Arc::default()).with_dead(vec![letter.clone()]);
        transport.settle(member("c"), &[settlement]).unwrap();
        let letters = transport.dead_letters(TOPIC, None, 10).unwrap();
        prop_assert_eq!(&letters[0].1, &letter);
        transport.drop_dead_letters(TOPIC, &[letters[0].0]).unwrap();
        Ok(())
    });
    result.unwrap();
}

#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn an_entry_of_many_fields_can_be_a_dead_letter() {
    let server = RedisServer::start();
    let transport = joined(&server);
    let mut add = cmd("XADD");
    add.arg(TOPIC).arg("*");
    for number in 0..20_000 {
        add.arg(number).arg("value");
    }
    add.exec(&mut server.client()).unwrap();
    let entries = transport
        .receive(member("c"), Limit::entries(1), Duration::ZERO)
        .unwrap();
    let letter = DeadLetter::new(
        "g".into(),
        DeadReason::Malformed,
        "no use",
        entries[0].id,
        Timestamp::now(),
        entries[0].record.clone(),
    );
    let settlement =
        Settlement::new(entries[0].id, None, Arc::default()).with_dead(vec![letter.clone()]);
    transport.settle(member("c"), &[settlement]).unwrap();
    assert_eq!(transport.dead_letters(TOPIC, None, 1).unwrap()[0].1, letter);
}

/// An answer of the protocol, or nearly one.
fn answer() -> impl Strategy<Value = Vec<u8>> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(|number| format!(":{number}\r\n").into_bytes()),
        Just(b"+OK\r\n".to_vec()),
        Just(b"$-1\r\n".to_vec()),
        Just(b"*-1\r\n".to_vec()),
        Just(b"*9223372036854775807\r\n".to_vec()),
        Just(b"*-2\r\n".to_vec()),
        Just(b"$9223372036854775807\r\n".to_vec()),
        Just(b"-NOGROUP no such group\r\n".to_vec()),
        Just(b"-NOSCRIPT\r\n".to_vec()),
        Just(b"-OOM command not allowed\r\n".to_vec()),
        prop::sample::select(
            &[
                "1-1",
                "1",
                "-",
                "name",
                "pending",
                "99999999999999999999-0",
                "18446744073709551615-0"
            ][..]
        )
        .prop_map(|text| format!("${}\r\n{text}\r\n", text.len()).into_bytes()),
        prop::collection::vec(any::<u8>(), 0..5),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop::collection::vec(inner, 0..6).prop_map(|values| {
            let mut list = format!("*{}\r\n", values.len()).into_bytes();
            list.extend(values.concat());
            list
        })
    })
}

/// Answers these bytes to whatever it is asked, once for each byte that it reads of a command's name.
fn nonsense(answers: Vec<u8>) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for client in listener.incoming() {
            let Ok(mut client) = client else { return };
            let answers = answers.clone();
            thread::spawn(move || {
                let mut asked = [0; 4096];
                while let Ok(count @ 1..) = client.read(&mut asked) {
                    let commands = asked[..count].split(|byte| *byte == b'*').count() - 1;
                    if client.write_all(&answers.repeat(commands.max(1))).is_err() {
                        return;
                    }
                }
            });
        }
    });
    port
}

#[test]
fn servers_that_speak_nonsense_are_refused() {
    let mut runner = TestRunner::new(Config::with_cases(60));
    let result = runner.run(&answer(), |answer| {
        let port = nonsense(answer);
        let mut options = RedisOptions::default();
        options.connect_timeout = Duration::from_millis(10);
        options.response_timeout = Duration::from_millis(10);
        let url = format!("redis://127.0.0.1:{port}");
        let transport = RedisTransport::open(&url, options).unwrap();
        ask_everything(&transport);
        Ok(())
    });
    result.unwrap();
}

/// Whatever the answers are, they are answers or errors.
fn ask_everything(transport: &RedisTransport) {
    let records = [record(1), record(2)];
    let member: Member<'_> = member("c");
    let _ = transport.publish(TOPIC, &records[..1]);
    let _ = transport.publish(TOPIC, &records);
    let _ = transport.publish_batch(TOPIC, &records, batch(0, &[1, 2]));
    let _ = transport.join(TOPIC, "g", Start::Now);
    let _ = transport.lead(member, Duration::from_secs(1));
    for member in [member, member.under(Epoch::new(1, 1))] {
        for limit in [3, 100] {
            let limit = Limit::entries(limit);
            let _ = transport.receive(member, limit, Duration::from_millis(1));
        }
        let _ = transport.claim(member, claim(Duration::ZERO));
        let entry = EntryId::new(1, 1);
        let settlement = Settlement::new(entry, None, Arc::default());
        let _ = transport.renew(member, Duration::from_secs(1), &[entry]);
        let _ = transport.settle(member, &vec![settlement.clone(); 100]);
        let _ = transport.settle(member, &[settlement]);
        let _ = transport.retries(member);
        let retries = [(entry, Arc::from("shop.mail"))];
        let _ = transport.claim_retries(member, &retries, Duration::ZERO, true);
    }
    let _ = transport.requeue(TOPIC, "g", &records);
    let _ = transport.topics();
    let _ = transport.status(TOPIC);
    let _ = transport.read(TOPIC, Position::Oldest, 3);
    let _ = transport.dead_letters(TOPIC, None, 3);
    let limits = DeadLetterLimits {
        entries: Some(1),
        age: Some(Duration::ZERO),
    };
    let _ = transport.trim_dead_letters(TOPIC, limits);
    let _ = transport.warnings();
    let _ = transport.release(member);
    let _ = transport.delete_group(TOPIC, "g");
    let retention = Retention {
        entries: 0,
        age: Duration::ZERO,
        ..Retention::default()
    };
    let _ = transport.trim(TOPIC, retention);
}
