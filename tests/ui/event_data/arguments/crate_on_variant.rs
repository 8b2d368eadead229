//! `crate` on a variant.

use events_core::EventData;

#[derive(Debug, Clone, PartialEq, EventData)]
pub enum Payment {
    #[event_data(crate = events_core)]
    Cash,
}

fn main() {}
