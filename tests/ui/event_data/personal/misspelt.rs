//! The mark of personal data is misspelt.

use events_core::EventData;

#[derive(Clone, PartialEq, EventData)]
pub struct Buyer {
    #[event_data(ppi)]
    pub email: String,
}

fn main() {}
