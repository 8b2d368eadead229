//! An enum with a payload.

use events_core::EventData;

#[derive(Debug, Clone, PartialEq, EventData)]
pub enum Payment {
    Cash,
    Card(String),
    Transfer { iban: String },
}

fn main() {}
