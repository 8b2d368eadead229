//! A serde attribute on a variant.

use events_core::EventData;

#[derive(Debug, Clone, PartialEq, EventData)]
pub enum Payment {
    #[serde(rename = "cash")]
    Cash,
}

fn main() {}
