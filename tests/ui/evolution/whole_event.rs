//! A receiver of the whole event reads a field that was removed.

use events_core::{event, receiver};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    // `customer: String` was here.
}

#[receiver(ORDER_PLACED)]
fn pack(event: &OrderPlaced) {
    println!("packing for {}", event.customer);
}

fn main() {}
