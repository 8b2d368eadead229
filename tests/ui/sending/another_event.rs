//! Another event than the signal's.

use events_core::event;

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
    ORDER_PLACED.send_event(OrderPaid {
        number: 17,
        amount: 9.5,
    });
}
