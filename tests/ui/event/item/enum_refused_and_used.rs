//! Something that cannot be an event, with a receiver and a sender.

use events_core::{event, receiver};

#[event(type = "org.example.shop.order.placed.v1")]
pub enum OrderPlaced {
    Online,
}

#[receiver(ORDER_PLACED)]
fn pack(event: &OrderPlaced) {
    println!("packing {event:?}");
}

pub fn place() {
    ORDER_PLACED.send_event(OrderPlaced::Online);
}

fn main() {}
