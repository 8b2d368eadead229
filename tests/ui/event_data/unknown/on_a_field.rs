//! A field is marked as if it were a variant.

use events_core::EventData;

#[derive(Debug, Clone, PartialEq, EventData)]
pub struct Line {
    #[event_data(unknown)]
    pub sku: String,
}

fn main() {}
