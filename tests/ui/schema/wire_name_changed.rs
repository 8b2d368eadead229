//! The name of a type on the wire was changed.

use events_core::{EventData, event};

#[derive(Debug, Clone, PartialEq, EventData)]
#[event_data(name = "ShopBuyer")]
pub struct Buyer {
    pub id: i64,
}

#[event(type = "org.example.schema.wire_name_changed.happened.v1")]
pub struct Happened {
    pub buyer: Buyer,
}

fn main() {}
