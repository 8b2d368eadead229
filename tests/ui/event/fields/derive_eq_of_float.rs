//! A derive that a field does not have: the message is that of any struct.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1")]
#[derive(PartialEq, Eq)]
pub struct OrderPlaced {
    pub amount: f64,
}

fn main() {}
