//! A field that is there only sometimes.

use events_core::EventData;

#[derive(Debug, Clone, PartialEq, EventData)]
pub struct Customer {
    pub id: i64,
    #[cfg(unix)]
    pub name: String,
}

fn main() {}
