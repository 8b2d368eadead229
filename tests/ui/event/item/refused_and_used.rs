//! An event that is refused: its senders and receivers are fine.

use events_core::{event, receiver};

#[event(type = "org.example.shop.order.placed")]
pub struct OrderPlaced {
    pub number: i64,
}

#[receiver(ORDER_PLACED)]
fn pack(number: i64) {
    println!("packing order {number}");
}

pub fn place() {
    ORDER_PLACED.send_event(OrderPlaced { number: 17 });
}

fn main() {}
