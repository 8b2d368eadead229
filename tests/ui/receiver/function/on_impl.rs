//! On an `impl`.

use events_core::{event, receiver};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

struct Packer;

#[receiver(ORDER_PLACED)]
impl Packer {
    fn pack(number: i64) {
        println!("packing order {number}");
    }
}

fn main() {}
