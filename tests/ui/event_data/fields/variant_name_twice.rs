//! Two variants of one name on the wire.

use events_core::EventData;

#[derive(Debug, Clone, PartialEq, EventData)]
pub enum Payment {
    Cash,
    #[event_data(name = "Cash")]
    Coins,
}

fn main() {}
