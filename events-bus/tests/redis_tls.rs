//! Redis over TLS, with certificates of the test's own.

#![allow(
    clippy::unwrap_used,
    clippy::allow_attributes,
    reason = "a test that cannot go on has failed"
)]
#![cfg(feature = "redis-tls")]

mod support {
    pub mod redis_server;
    pub mod redis_topic;
}

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use events_bus::config::{BusConfig, RedisConfig};
use events_bus::transport::redis::{ClientCertificate, RedisOptions, RedisTransport};
use events_bus::transport::{Groups, Limit, Log, Maintenance, Start, TransportErrorKind};
use redis::cmd;
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
    options.root_certificates = Some(server.folder().join("authority.pem"));
    options
}

#[test]
#[cfg_attr(not(redis_tls), ignore = "needs a redis-server with TLS, and openssl")]
fn a_server_with_a_certificate_is_spoken_to() {
    let (server, url) = server("no");
    let transport = RedisTransport::open(&url, options(&server)).unwrap();
    transport.join(TOPIC, "g", Start::Beginning).unwrap();
    let member = member("c");
    assert!(
        transport
            .receive(member, Limit::entries(1), Duration::from_millis(1))
            .unwrap()
            .is_empty()
    );
    let records: Vec<_> = (0..200).map(record).collect();
    transport.publish(TOPIC, &records).unwrap();
    let entries = transport
        .receive(member, Limit::entries(1000), Duration::from_secs(1))
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
    let file = |name: &str| server.folder().join(name);
    options.client_certificate = Some(ClientCertificate {
        certificate: file("own.pem"),
        key: file("own.key"),
    });
    let known = RedisTransport::open(&url, options).unwrap();
    known.publish(TOPIC, &[record(1)]).unwrap();
}

#[test]
#[cfg_attr(not(redis_tls), ignore = "needs a redis-server with TLS, and openssl")]
fn certificates_are_read_again_at_each_connect() {
    let (server, url) = server("yes");
    let mut options = options(&server);
    let (certificate, key) = (server.folder().join("c.pem"), server.folder().join("c.key"));
    options.client_certificate = Some(ClientCertificate {
        certificate: certificate.clone(),
        key: key.clone(),
    });
    // A file that does not exist is an error at once.
    let error = RedisTransport::open(&url, options.clone()).unwrap_err();
    assert!(error.to_string().contains("c.pem"), "{error}");
    let issue = |name: &str| {
        fs::copy(server.folder().join(format!("{name}.pem")), &certificate).unwrap();
        fs::copy(server.folder().join(format!("{name}.key")), &key).unwrap();
    };
    issue("own");
    let transport = RedisTransport::open(&url, options).unwrap();
    transport.topics().unwrap();
    let end_connections = || {
        let socket = format!("redis+unix://{}", server.socket().display());
        let client = redis::Client::open(&*socket).unwrap();
        cmd("CLIENT")
            .arg(&["KILL", "TYPE", "normal", "SKIPME", "yes"])
            .exec(&mut client.get_connection().unwrap())
            .unwrap();
        let _ = transport.topics();
    };
    // A certificate that nobody trusts takes its place, and is replaced in turn.
    openssl(
        server.folder(),
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=stranger -days 2 -keyout stranger.key \
         -out stranger.pem",
    );
    issue("stranger");
    end_connections();
    transport.topics().unwrap_err();
    fs::remove_file(&key).unwrap();
    let error = transport.topics().unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Unavailable, "{error}");
    assert!(error.to_string().contains("c.key"), "{error}");
    issue("own");
    transport.topics().unwrap();
}

#[test]
#[cfg_attr(not(redis_tls), ignore = "needs a redis-server with TLS, and openssl")]
fn a_configuration_names_the_files() {
    let (server, url) = server("yes");
    let mut redis = RedisConfig::new(url);
    redis.root_certificates = Some(server.folder().join("authority.pem"));
    redis.client_certificate = Some(server.folder().join("own.pem"));
    redis.client_key = Some(server.folder().join("own.key"));
    let transport = events_bus::open(&BusConfig::on(redis.clone())).unwrap();
    transport.unwrap().publish(TOPIC, &[record(1)]).unwrap();

    redis.client_key = Some(server.folder().join("not-there.key"));
    let error = events_bus::open(&BusConfig::on(redis)).unwrap_err();
    let error = error.to_string();
    assert!(
        error.starts_with("redis: cannot read the file `")
            && error.contains("not-there.key` of `client_key`"),
        "{error}"
    );
}
