//! On a function in an `impl` that names `Self`.

use events_core::{event, receiver};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

struct Packer;

impl Packer {
    #[receiver(ORDER_PLACED)]
    fn pack(number: i64) -> Result<(), Self> {
        println!("packing order {number}");
        Ok(())
    }
}

fn main() {}
