//! The signal, under another name than `signal`.

use events_core::{event, receiver};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

use events_core::Signal;

#[receiver(ORDER_PLACED)]
fn pack(sender: &Signal<OrderPlaced>) {
    println!("{sender:?}");
}

fn main() {}
