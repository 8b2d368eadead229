//! Another event than the capture's.

use events_core::{event, testing};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

#[event(type = "org.example.shop.order.paid.v1")]
pub struct OrderPaid {
    pub number: i64,
    pub amount: f64,
}

fn main() {
    let scope = testing::scope();
    scope
        .capture(&ORDER_PLACED)
        .assert_sent_once_with(&OrderPaid {
            number: 17,
            amount: 9.5,
        });
}
