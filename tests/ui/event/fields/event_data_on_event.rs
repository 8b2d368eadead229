//! Arguments of `event_data` on the event itself.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1")]
#[event_data(name = "Placed")]
pub struct OrderPlaced {
    pub number: i64,
}

fn main() {}
