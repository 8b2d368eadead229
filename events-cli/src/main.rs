//! The `events` command.
fn main() {}
