#![doc = include_str!("../README.md")]
#![allow(
    clippy::exhaustive_structs,
    reason = "senders build events and their data with struct expressions; a new field is meant to break them"
)]

pub mod keys;
pub mod learning;
