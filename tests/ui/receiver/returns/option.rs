//! A receiver that returns an `Option`.

use events_core::{event, receiver};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

#[receiver(ORDER_PLACED)]
fn pack(number: i64) -> Option<()> {
    (number > 0).then_some(())
}

fn main() {}
