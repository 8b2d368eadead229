//! Signals of a scope without `&`.

use events_core::{event, testing};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

fn main() {
    let _scope = testing::scope().only(&[ORDER_PLACED]);
}
