//! The event and its signal were removed.

use events_core::{event, receiver};

#[event(type = "org.example.shop.order.paid.v1")]
pub struct OrderPaid {
    pub number: i64,
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
