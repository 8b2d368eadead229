//! The mark of personal data is given a value.

use events_core::EventData;

#[derive(Clone, PartialEq, EventData)]
pub struct Buyer {
    #[event_data(pii = true)]
    pub email: String,
}

fn main() {}
