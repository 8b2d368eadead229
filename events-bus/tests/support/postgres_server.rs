//! A PostgreSQL server of a test's own, on a free port and in a folder of its own, that ends with the test.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test uses its part, and a test that cannot go on has failed"
)]

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

/// A running server. It is killed when this is dropped.
pub struct PostgresServer {
    child: Option<Child>,
    folder: TempDir,
    port: u16,
}

/// Where the programs are.
fn program(name: &str) -> PathBuf {
    let installed = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut folders: Vec<_> = installed
        .flatten()
        .map(|version| version.path().join("bin"))
        .collect();
    folders.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    folders.extend(std::env::split_paths(&path));
    let found = folders.into_iter().map(|folder| folder.join(name));
    found
        .into_iter()
        .find(|file| file.is_file())
        .unwrap_or_else(|| name.into())
}

/// A server refuses to run as root.
fn as_other(program: &Path) -> Command {
    let is_root = fs::metadata("/proc/self").is_ok_and(|owner| owner.uid() == 0);
    if is_root {
        let mut command = Command::new("setpriv");
        command
            .args([
                "--reuid",
                "postgres",
                "--regid",
                "postgres",
                "--clear-groups",
            ])
            .arg(program);
        return command;
    }
    Command::new(program)
}

impl PostgresServer {
    /// One for all tests that need none of their own; it ends with the last of them that runs.
    pub fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<PostgresServer>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = shared.upgrade() {
            return server;
        }
        let server = Arc::new(Self::start());
        *shared = Arc::downgrade(&server);
        server
    }

    /// Makes a database, and says how to connect to it.
    pub fn database(&self, name: &str) -> String {
        let create = format!("CREATE DATABASE {name}");
        self.client().batch_execute(&create).unwrap();
        self.url()
            .replace("dbname=postgres", &format!("dbname={name}"))
    }

    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let made = as_other(&program("initdb"))
            .args(["-A", "trust", "-U", "events", "--no-sync", "-D"])
            .arg(folder.path().join("data"))
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(made.success());
        let mut server = Self {
            child: None,
            folder,
            port,
        };
        server.run();
        server
    }

    fn run(&mut self) {
        let child = as_other(&program("postgres"))
            .arg("-D")
            .arg(self.folder.path().join("data"))
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-k"])
            .arg(self.folder.path())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        self.child = Some(child);
        for _ in 0..200 {
            if postgres::Client::connect(&self.url(), postgres::NoTls).is_ok() {
                return;
            }
            thread::sleep(Duration::from_millis(100));
        }
        panic!("the server does not answer");
    }

    pub fn url(&self) -> String {
        format!(
            "host=127.0.0.1 port={} user=events dbname=postgres",
            self.port
        )
    }

    pub fn client(&self) -> postgres::Client {
        postgres::Client::connect(&self.url(), postgres::NoTls).unwrap()
    }

    /// Ends it as a crash would, and starts it again.
    pub fn restart(&mut self) {
        self.stop("-QUIT");
        let _ = fs::remove_file(self.folder.path().join("data/postmaster.pid"));
        self.run();
    }

    pub fn stop(&mut self, signal: &str) {
        if let Some(mut child) = self.child.take() {
            let pid = child.id().to_string();
            let _ = Command::new("kill").args([signal, &pid]).status();
            let _ = child.wait();
        }
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        self.stop("-QUIT");
    }
}
