//! Has the crate compiled again when a schema file appears, and tells the tests whether the recorded reference data is
//! there, so that they count as ignored where it is not.

use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=schemas");
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
}
