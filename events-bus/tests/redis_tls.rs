//! Redis over TLS, with certificates of the test's own.

#![allow(
    clippy::unwrap_used,
    clippy::allow_attributes,
    reason = "a test that cannot go on has failed"
)]
#![cfg(feature = "redis-tls")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support {
    pub mod redis_server;
    pub mod redis_topic;
}

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use events_bus::config::{BusConfig, RedisConfig, TransportConfig};
use events_bus::transport::redis::{ClientCertificate, RedisOptions, RedisTransport};
use events_bus::transport::{Start, Transport, TransportErrorKind};
use support::redis_server::{RedisServer, free_port, temporary};
use support::redis_topic::{TOPIC, member, record};

fn openssl(folder: &Path, arguments: &str) {
    let output = Command::new("openssl")
        .args(arguments.split(' '))
        .current_dir(folder)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

/// A certificate authority, and a certificate that it signs, for servers and clients on this machine.
fn sign(folder: &Path) {
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    let authority = "-subj /CN=authority -days 2 -keyout authority.key -out authority.pem";
    openssl(folder, &format!("req -x509 {key} {authority}"));
    let request = "-subj /CN=localhost -keyout own.key -out own.request";
    openssl(folder, &format!("req {key} {request}"));
    fs::write(folder.join("names"), "subjectAltName=IP:127.0.0.1\n").unwrap();
    openssl(
        folder,
        "x509 -req -in own.request -CA authority.pem -CAkey authority.key -CAcreateserial -extfile names -days 2 -out own.pem",
    );
}

/// A server that speaks nothing but TLS, and its URL.
fn server(auth_clients: &str) -> (RedisServer, String) {
    let folder = temporary();
    sign(&folder);
    let port = free_port().to_string();
    let server = RedisServer::in_folder(
        folder,
        &[
            "--port",
            "0",
            "--tls-port",
            &port,
            "--tls-cert-file",
            "own.pem",
            "--tls-key-file",
            "own.key",
            "--tls-ca-cert-file",
            "authority.pem",
            "--tls-auth-clients",
            auth_clients,
        ],
    );
    (server, format!("rediss://127.0.0.1:{port}"))
}

fn options(server: &RedisServer) -> RedisOptions {
    let mut options = RedisOptions::default();
    options.root_certificates = Some(fs::read(server.folder().join("authority.pem")).unwrap());
    options
}

#[test]
#[cfg_attr(not(redis_tls), ignore = "needs a redis-server with TLS, and openssl")]
fn a_server_with_a_certificate_is_spoken_to() {
    let (server, url) = server("no");
    let transport = RedisTransport::open(&url, options(&server)).unwrap();
    transport.join(TOPIC, "g", Start::Beginning).unwrap();
    assert!(
        transport
            .receive(member("c"), 1, Duration::from_millis(1))
            .unwrap()
            .is_empty()
    );
    let records: Vec<_> = (0..200).map(record).collect();
    transport.publish(TOPIC, &records, None).unwrap();
    let entries = transport
        .receive(member("c"), 1000, Duration::from_secs(1))
        .unwrap();
    assert_eq!(entries.len(), 200);
    // Nobody on this machine knows who signed it.
    let stranger = RedisTransport::open(&url, RedisOptions::default()).unwrap();
    let error = stranger.topics().unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Refused, "{error}");
    assert!(error.to_string().contains("`root_certificates`"), "{error}");
}

#[test]
#[cfg_attr(not(redis_tls), ignore = "needs a redis-server with TLS, and openssl")]
fn a_server_that_wants_to_know_its_clients_is_shown_a_certificate() {
    let (server, url) = server("yes");
    let mut options = options(&server);
    let unknown = RedisTransport::open(&url, options.clone()).unwrap();
    let error = unknown.topics().unwrap_err();
    assert!(!error.to_string().contains("BEGIN"), "{error}");
    let read = |name: &str| fs::read(server.folder().join(name)).unwrap();
    options.client_certificate = Some(ClientCertificate {
        certificate: read("own.pem"),
        key: read("own.key"),
    });
    assert!(!format!("{options:?}").contains("key"));
    let known = RedisTransport::open(&url, options).unwrap();
    known.publish(TOPIC, &[record(1)], None).unwrap();
}

#[test]
#[cfg_attr(not(redis_tls), ignore = "needs a redis-server with TLS, and openssl")]
fn a_configuration_names_the_files() {
    let (server, url) = server("yes");
    let mut redis = RedisConfig::new(url);
    redis.root_certificates = Some(server.folder().join("authority.pem"));
    redis.client_certificate = Some(server.folder().join("own.pem"));
    redis.client_key = Some(server.folder().join("own.key"));
    let mut config = BusConfig::none();
    config.transport = TransportConfig::Redis(redis.clone());
    let transport = events_bus::open(&config).unwrap().unwrap();
    transport.publish(TOPIC, &[record(1)], None).unwrap();

    redis.client_key = Some(server.folder().join("not-there.key"));
    config.transport = TransportConfig::Redis(redis);
    let error = events_bus::open(&config).unwrap_err().to_string();
    assert!(
        error.starts_with("`bus.redis.client_key` names the file `")
            && error.contains("not-there.key`, which cannot be read: "),
        "{error}"
    );
}
