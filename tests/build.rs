//! Says what this machine has: the compiler whose messages are pinned, and the conformance material.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The compiler that owns the `.stderr` files under `ui`.
const PINNED: &str = "1.95.";

fn main() {
    println!("cargo::rustc-check-cfg=cfg(pinned_messages)");
    println!("cargo::rustc-check-cfg=cfg(conformance)");
    println!("cargo::rustc-check-cfg=cfg(browser)");
    println!("cargo::rustc-check-cfg=cfg(git)");
    println!("cargo::rustc-check-cfg=cfg(asyncapi_schema)");
    println!("cargo::rustc-check-cfg=cfg(redis_server)");
    println!("cargo::rustc-check-cfg=cfg(python_reference)");
    println!("cargo::rustc-check-cfg=cfg(small_disk)");
    println!("cargo::rustc-check-cfg=cfg(faketime)");
    faketime();
    if may_mount() {
        println!("cargo::rustc-cfg=small_disk");
    }
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=EVENTS_CONFORMANCE");

    if rustc_release().is_some_and(|release| is_pinned(&release)) {
        println!("cargo::rustc-cfg=pinned_messages");
    }
    let conformance = conformance();
    println!("cargo::rerun-if-changed={}", conformance.display());
    if conformance.is_dir() {
        println!("cargo::rustc-cfg=conformance");
    }
    if Command::new("git").arg("--version").output().is_ok() {
        println!("cargo::rustc-cfg=git");
    }
    if Command::new("redis-server")
        .arg("--version")
        .output()
        .is_ok()
    {
        println!("cargo::rustc-cfg=redis_server");
    }
    println!("cargo::rerun-if-env-changed=EVENTS_PYTHON");
    if env::var_os("EVENTS_PYTHON").is_some_and(|python| Path::new(&python).is_file()) {
        println!("cargo::rustc-cfg=python_reference");
    }
    browser();
    println!("cargo::rerun-if-env-changed=EVENTS_ASYNCAPI_SCHEMA");
    if env::var_os("EVENTS_ASYNCAPI_SCHEMA").is_some() {
        println!("cargo::rustc-cfg=asyncapi_schema");
    }
}

/// Whether a small file system can be mounted, for the tests of a disk that is full.
fn may_mount() -> bool {
    let Some(folder) = env::var_os("OUT_DIR").map(|out| Path::new(&out).join("disk")) else {
        return false;
    };
    let does = |command: &mut Command| command.output().is_ok_and(|output| output.status.success());
    let mount = ["-t", "tmpfs", "-o", "size=64k", "tmpfs"];
    std::fs::create_dir_all(&folder).is_ok()
        && does(Command::new("mount").args(mount).arg(&folder))
        && does(Command::new("umount").arg("-l").arg(&folder))
}

/// The library that moves a process's clock, for the tests of clocks that jump.
fn faketime() {
    println!("cargo::rerun-if-env-changed=EVENTS_FAKETIME");
    let named = env::var_os("EVENTS_FAKETIME").map(PathBuf::from);
    let folders = std::fs::read_dir("/usr/lib").into_iter().flatten();
    let mut found = named.into_iter().chain(
        folders
            .filter_map(Result::ok)
            .map(|folder| folder.path().join("faketime/libfaketimeMT.so.1")),
    );
    let library = found.find(|file| file.is_file());
    if let Some(library) = &library {
        println!("cargo::rustc-cfg=faketime");
        println!("cargo::rerun-if-changed={}", library.display());
    }
    let library = library.unwrap_or_default();
    println!("cargo::rustc-env=EVENTS_FAKETIME={}", library.display());
}

/// Chromium, or what is made of it, for the tests that look at pages.
fn browser() {
    println!("cargo::rerun-if-env-changed=EVENTS_CHROMIUM");
    println!("cargo::rerun-if-env-changed=PATH");
    let named = env::var_os("EVENTS_CHROMIUM").map(PathBuf::from);
    let path = env::var_os("PATH").unwrap_or_default();
    let mut found = named
        .into_iter()
        .chain(env::split_paths(&path).flat_map(|folder| {
            ["chromium", "chromium-browser", "google-chrome"].map(|name| folder.join(name))
        }));
    if let Some(browser) = found.find(|file| file.is_file()) {
        println!("cargo::rustc-cfg=browser");
        println!("cargo::rustc-env=EVENTS_BROWSER={}", browser.display());
        println!("cargo::rerun-if-changed={}", browser.display());
    } else {
        // One that is installed later is found without a change of anything here.
        println!("cargo::rerun-if-changed=/usr/bin");
    }
}

/// `1.95.0`, `1.97.0-nightly`: the line `release:` of `rustc -vV`.
fn rustc_release() -> Option<String> {
    let rustc = env::var_os("RUSTC")?;
    let output = Command::new(rustc).arg("-vV").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.lines()
        .find_map(|line| line.strip_prefix("release: "))
        .map(str::to_owned)
}

/// A stable release of the pinned version: betas and nightlies word things differently.
fn is_pinned(release: &str) -> bool {
    release.starts_with(PINNED) && !release.contains('-')
}

fn conformance() -> PathBuf {
    match env::var_os("EVENTS_CONFORMANCE") {
        Some(path) => path.into(),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/conformance"),
    }
}
