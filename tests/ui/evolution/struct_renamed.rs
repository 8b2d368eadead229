//! The struct of the event was renamed, and the signal with it.

use events_core::{event, receiver};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderCreated {
    pub number: i64,
    pub customer: String,
}

#[receiver(ORDER_PLACED)]
fn pack(number: i64, customer: &str) {
    println!("packing order {number} for {customer}");
}

pub fn place() {
    ORDER_PLACED.send_event(OrderPlaced {
        number: 17,
        customer: "ada".to_owned(),
    });
}

fn main() {}
