//! An enum without the derives that events need.

use events_core::EventData;

#[derive(Clone, EventData)]
pub enum Payment {
    Cash,
    Card,
}

fn main() {}
