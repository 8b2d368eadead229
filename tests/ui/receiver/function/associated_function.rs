//! On a function in an `impl`, without `self`.

use events_core::{event, receiver};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

struct Packer;

impl Packer {
    #[receiver(ORDER_PLACED)]
    fn pack(number: i64) {
        println!("packing order {number}");
    }
}

fn main() {}
