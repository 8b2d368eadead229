//! One type of event, asked of every signal.

use events_core::{event, receiver};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

#[receiver(any)]
fn log(event: &OrderPlaced) {
    println!("order {}", event.number);
}

fn main() {}
