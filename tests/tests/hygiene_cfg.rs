//! What `cfg` takes out takes its signal and its registration with it, whichever attribute stands first.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    clippy::exhaustive_structs,
    clippy::allow_attributes,
    reason = "odd code, which is here to compile"
)]

use events_core::registry;

#[allow(unused_imports, reason = "used by what is not there")]
use events_core::EventData;
use events_core::{event, receiver};

#[cfg(any())]
#[event(type = "org.example.hygiene.cfg.out.v1")]
pub struct CfgOut {
    pub number: NotThere,
}

#[event(type = "org.example.hygiene.cfg.out.v1")]
#[cfg(any())]
pub struct CfgOut {
    pub number: NotThere,
}

#[cfg(any())]
#[receiver(CFG_OUT)]
fn receive(number: NotThere) {}

#[receiver(CFG_OUT)]
#[cfg(any())]
fn receive(number: NotThere) {}

#[derive(Debug, Clone, PartialEq, EventData)]
#[cfg(any())]
pub struct CfgData {
    pub number: NotThere,
}

#[event(type = "org.example.hygiene.cfg.kept.v1")]
#[cfg(all())]
pub struct CfgIn {
    pub number: i64,
}

#[receiver(CFG_IN)]
#[cfg(all())]
fn receive(number: i64) {
    let _ = number;
}

#[receiver(CFG_IN)]
#[cfg(any())]
fn receive(number: i64) {}

#[test]
fn only_what_is_there_is_registered() {
    let names: Vec<_> = registry::signals()
        .iter()
        .map(|signal| signal.info().name)
        .collect();
    assert!(names.contains(&"CFG_IN"));
    assert!(!names.contains(&"CFG_OUT"));
    let receivers: Vec<_> = CFG_IN.receivers().iter().map(|info| info.name).collect();
    assert_eq!(receivers, ["receive"]);
}
