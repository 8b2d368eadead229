//! The signal, as that of another event.

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

use events_core::Signal;

#[receiver(ORDER_PLACED)]
fn pack(signal: &Signal<OrderPaid>) {
    println!("{signal:?}");
}

fn main() {}
