//! A Redis server of a test's own, on a free port and in a folder of its own, that ends with the test.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test uses its part, and a test that cannot go on has failed"
)]

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use std::{env, fs, process, thread};

use events_bus::transport::redis::{RedisOptions, RedisTransport};

/// A running server. It is killed when this is dropped.
pub struct RedisServer {
    child: Child,
    port: u16,
    folder: PathBuf,
    arguments: Vec<String>,
}

impl RedisServer {
    /// A server that keeps nothing on disk.
    pub fn start() -> Self {
        Self::with(&["--appendonly", "no"])
    }

    /// A server that keeps every command before it answers.
    pub fn durable() -> Self {
        Self::with(&["--appendonly", "yes", "--appendfsync", "always"])
    }

    /// A server with these arguments besides.
    pub fn with(arguments: &[&str]) -> Self {
        Self::in_folder(temporary(), arguments)
    }

    /// A server that finds this folder as it is.
    pub fn in_folder(folder: PathBuf, arguments: &[&str]) -> Self {
        let port = free_port();
        let arguments: Vec<_> = arguments.iter().map(|text| (*text).to_owned()).collect();
        let child = spawn(port, &folder, &arguments);
        let server = Self {
            child,
            port,
            folder,
            arguments,
        };
        server.wait();
        server
    }

    /// Where it is, without who logs in.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// How many entries a stream has.
    pub fn entries(&self, stream: &str) -> i64 {
        let mut ask = redis::cmd("XLEN");
        ask.arg(stream).query(&mut self.client()).unwrap()
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its socket in the file system.
    pub fn socket(&self) -> PathBuf {
        self.folder.join("socket")
    }

    /// A transport to it, with default options.
    pub fn transport(&self) -> RedisTransport {
        RedisTransport::open(&self.url(), RedisOptions::default()).unwrap()
    }

    /// Empties it.
    pub fn flush_all(&self) {
        redis::cmd("FLUSHALL").exec(&mut self.client()).unwrap();
    }

    /// The plain client.
    pub fn client(&self) -> redis::Connection {
        connect(&self.url())
    }

    /// Until a client waits for entries.
    pub fn until_somebody_waits(&self) {
        let mut client = self.client();
        loop {
            let mut info = redis::cmd("INFO");
            let clients: String = info.arg("clients").query(&mut client).unwrap();
            if clients.contains("blocked_clients:1") {
                return;
            }
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Ends it as a crash would.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again after [`kill`](Self::kill), on the same port, with what it kept.
    pub fn start_again(&mut self) {
        self.child = spawn(self.port, &self.folder, &self.arguments);
        self.wait();
    }

    /// Stops it as it stands, until [`go_on`](Self::go_on).
    pub fn pause(&self) {
        self.signal("-STOP");
    }

    pub fn go_on(&self) {
        self.signal("-CONT");
    }

    /// Returns every key with its content, in the form of the server's dumps. Leases, which run out, are without their time.
    pub fn content(&self) -> BTreeMap<Vec<u8>, Vec<u8>> {
        let mut client = self.client();
        let keys: Vec<Vec<u8>> = redis::cmd("KEYS").arg("*").query(&mut client).unwrap();
        let dump = |key: Vec<u8>| {
            let content = redis::cmd("DUMP").arg(&*key).query(&mut self.client());
            (key, content.unwrap())
        };
        keys.into_iter().map(dump).collect()
    }

    fn signal(&self, signal: &str) {
        let status = Command::new("kill")
            .args([signal, &self.child.id().to_string()])
            .status();
        assert!(status.unwrap().success());
    }

    /// Until it listens and has read what it kept.
    fn wait(&self) {
        let deadline = Instant::now() + Duration::from_secs(20);
        // The socket speaks neither TLS nor, before the first answer, of passwords.
        let url = format!("redis+unix://{}", self.socket().display());
        loop {
            let answer = redis::Client::open(&*url)
                .and_then(|client| client.get_connection_with_timeout(Duration::from_secs(5)))
                .and_then(|mut connection| redis::cmd("PING").query::<String>(&mut connection));
            match answer {
                Ok(_) => return,
                Err(error) if error.code() == Some("NOAUTH") => return,
                Err(error) => assert!(
                    Instant::now() < deadline,
                    "the server does not answer: {error}"
                ),
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The plain client, connected.
pub fn connect(url: &str) -> redis::Connection {
    redis::Client::open(url).unwrap().get_connection().unwrap()
}

/// An empty folder.
pub fn temporary() -> PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("events-bus-redis-{}-{number}", process::id());
    let folder = env::temp_dir().join(name);
    fs::create_dir_all(&folder).unwrap();
    folder
}

pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

fn spawn(port: u16, folder: &Path, arguments: &[String]) -> Child {
    let socket = folder.join("socket");
    let mut server = Command::new("redis-server");
    server
        .args([
            "--port",
            &port.to_string(),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
        ])
        .arg("--dir")
        .arg(folder)
        .arg("--unixsocket")
        .arg(socket)
        // Later arguments count.
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}
