//! The function, where its name is asked for.

use events_core::{event, receiver, testing};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

#[receiver(ORDER_PLACED)]
fn pack(number: i64) {
    println!("packing order {number}");
}

fn main() {
    testing::assert_receiver_connected(&ORDER_PLACED, pack);
}
