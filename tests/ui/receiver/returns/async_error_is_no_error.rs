//! An `async fn` receiver whose error does not implement `Error`.

use events_core::{event, receiver};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

#[derive(Debug)]
struct OutOfBoxes;

#[receiver(ORDER_PLACED)]
async fn pack(number: i64) -> Result<(), OutOfBoxes> {
    if number > 3 { Err(OutOfBoxes) } else { Ok(()) }
}

fn main() {}
