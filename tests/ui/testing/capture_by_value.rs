//! The signal without `&`.

use events_core::{event, testing};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

fn main() {
    let scope = testing::scope();
    scope.capture(ORDER_PLACED).assert_not_sent();
}
