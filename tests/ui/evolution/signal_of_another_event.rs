//! The signal belongs to another event now.

use events_core::{event, receiver};

#[event(type = "org.example.shop.order.placed.v1", signal = ORDER_PLACED_V1)]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

#[event(type = "org.example.shop.order.placed.v2", signal = ORDER_PLACED)]
pub struct OrderPlacedV2 {
    pub order: i64,
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
