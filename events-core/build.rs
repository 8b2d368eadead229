//! A `links` key in the manifest asks for a build script; this one decides two things.
//!
//! - Whether signals are collected by linkme (cfg `linkme_signals`): where it has sections for the target, and not in
//!   Miri. Elsewhere inventory takes its place.
//! - Whether the recorded reference data is there (cfg `conformance`), so that tests count as ignored where it is not.

use std::path::Path;

/// Of the systems for which linkme has sections, those that the book lists.
const LINKME_SYSTEMS: [&str; 5] = ["linux", "macos", "windows", "freebsd", "illumos"];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=EVENTS_CONFORMANCE");
    println!("cargo::rustc-check-cfg=cfg(conformance, linkme_signals)");
    let system = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    let miri = std::env::var_os("CARGO_CFG_MIRI").is_some();
    if LINKME_SYSTEMS.contains(&system.as_str()) && !miri {
        println!("cargo::rustc-cfg=linkme_signals");
    }
    let given = std::env::var_os("EVENTS_CONFORMANCE");
    let there = given.map_or_else(
        || Path::new("../../shared/conformance").is_dir(),
        |path| Path::new(&path).is_dir(),
    );
    if there {
        println!("cargo::rustc-cfg=conformance");
    }
}
