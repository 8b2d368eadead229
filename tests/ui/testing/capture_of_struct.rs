//! The struct, where the signal is asked for.

use events_core::{event, testing};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

fn main() {
    let scope = testing::scope();
    scope.capture(OrderPlaced).assert_not_sent();
}
