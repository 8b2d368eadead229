//! `EventData` derived below `#[event]`.

use events_core::{EventData, event};

#[event(type = "org.example.shop.order.placed.v1")]
#[derive(EventData)]
pub struct OrderPlaced {
    pub number: i64,
}

fn main() {}
