//! A struct that borrows.

use events_core::EventData;

#[derive(Debug, Clone, PartialEq, EventData)]
pub struct Customer<'a> {
    pub name: &'a str,
}

fn main() {}
