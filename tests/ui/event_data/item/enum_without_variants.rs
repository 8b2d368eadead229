//! An enum without variants.

use events_core::EventData;

#[derive(Debug, Clone, PartialEq, EventData)]
pub enum Payment {}

fn main() {}
