//! Tests across the crates. What is here is shared by them.

pub mod book;
