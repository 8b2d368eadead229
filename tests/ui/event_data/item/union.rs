//! A union.

use events_core::EventData;

#[derive(EventData)]
#[derive(Clone, Copy)]
pub union Customer {
    pub id: i64,
}

fn main() {}
