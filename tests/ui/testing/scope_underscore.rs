//! A testing scope bound to `_`, which ends at once: only its use shows it.

use events_core::{event, testing};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

fn main() {
    let _ = testing::scope();
    scope.capture(&ORDER_PLACED).assert_not_sent();
}
