//! An alias that is given twice, and one that is the id.

use events_core::{event, receiver};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

#[receiver(ORDER_PLACED, id = "shop.pack", alias = "shop.box", alias = "shop.box", alias = "shop.pack")]
fn pack(number: i64) {
    println!("packing order {number}");
}

fn main() {}
