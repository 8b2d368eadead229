//! The expected event by value.

use events_core::{event, testing};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

fn main() {
    let scope = testing::scope();
    scope
        .capture(&ORDER_PLACED)
        .assert_sent_once_with(OrderPlaced {
            number: 17,
            customer: "ada".to_owned(),
        });
}
