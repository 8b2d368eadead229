//! Tells the tests what this machine has: the recorded reference data, a Redis server, and whether that speaks TLS. Tests that need
//! what is not there count as ignored.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=EVENTS_CONFORMANCE");
    println!("cargo::rustc-check-cfg=cfg(conformance)");
    let given = std::env::var_os("EVENTS_CONFORMANCE");
    let there = given.map_or_else(
        || Path::new("../../shared/conformance").is_dir(),
        |path| Path::new(&path).is_dir(),
    );
    if there {
        println!("cargo::rustc-cfg=conformance");
    }
    redis();
}

/// `redis-server`, and what signs a certificate for it.
fn redis() {
    println!("cargo::rustc-check-cfg=cfg(redis_server)");
    println!("cargo::rustc-check-cfg=cfg(postgres_server)");
    if has_postgres() {
        println!("cargo::rustc-cfg=postgres_server");
    }
    println!("cargo::rustc-check-cfg=cfg(redis_tls)");
    println!("cargo::rerun-if-env-changed=PATH");
    let is_there = |program: &str, argument: &str| {
        let output = Command::new(program).arg(argument).output();
        output.is_ok_and(|output| output.status.success())
    };
    if !is_there("redis-server", "--version") {
        // One that is installed later is found without a change of anything here.
        println!("cargo::rerun-if-changed=/usr/bin");
        return;
    }
    println!("cargo::rustc-cfg=redis_server");
    // It starts with neither of these; which one it complains of shows whether it knows the first.
    let output = Command::new("redis-server")
        .args([
            "--port",
            "0",
            "--tls-replication",
            "no",
            "--maxmemory",
            "none",
        ])
        .output();
    let knows_tls = output.is_ok_and(|output| {
        let said = [output.stdout, output.stderr].concat();
        String::from_utf8_lossy(&said).contains("maxmemory \"none\"")
    });
    if knows_tls && is_there("openssl", "version") {
        println!("cargo::rustc-cfg=redis_tls");
    }
}

/// The programs of a PostgreSQL server: in the search path, or where Debian has them.
fn has_postgres() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let debian = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    let debian = debian.flatten().map(|version| version.path().join("bin"));
    std::env::split_paths(&path)
        .chain(debian)
        .any(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
}
