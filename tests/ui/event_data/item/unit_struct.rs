//! A struct without fields.

use events_core::EventData;

#[derive(Debug, Clone, PartialEq, EventData)]
pub struct Customer;

fn main() {}
