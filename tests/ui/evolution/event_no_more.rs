//! The struct is no event any more.

use events_core::receiver;

#[derive(Debug, Clone, PartialEq)]
pub struct OrderPlaced {
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
