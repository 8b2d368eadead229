#![doc = include_str!("../README.md")]
#![allow(
    clippy::exhaustive_structs,
    reason = "senders build events and their data with struct expressions; a new field is meant to break them"
)]

pub mod analytics;
pub mod authz;
pub mod content_authoring;
pub mod enterprise;
pub mod keys;
pub mod learning;
