//! An `Option` of a reference, for an optional field.

use events_core::{event, receiver};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

#[event(type = "org.example.shop.order.packed.v1")]
pub struct OrderPacked {
    pub box_id: Option<String>,
}

#[receiver(ORDER_PACKED)]
fn send(box_id: Option<&str>) {
    println!("sending {box_id:?}");
}

fn main() {}
