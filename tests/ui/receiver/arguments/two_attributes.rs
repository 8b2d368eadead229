//! Two attributes on one function, for two signals.

use events_core::{event, receiver};

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

#[receiver(ORDER_PLACED)]
#[receiver(ORDER_PAID)]
fn pack(number: i64) {
    println!("packing order {number}");
}

fn main() {}
