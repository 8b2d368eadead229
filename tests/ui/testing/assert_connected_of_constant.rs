//! Something that is no signal.

use events_core::{event, testing};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

fn main() {
    testing::assert_receiver_connected(&3, "pack");
}
