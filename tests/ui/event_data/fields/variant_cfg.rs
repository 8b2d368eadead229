//! A variant that is there only sometimes.

use events_core::EventData;

#[derive(Debug, Clone, PartialEq, EventData)]
pub enum Payment {
    Cash,
    #[cfg(unix)]
    Card,
}

fn main() {}
