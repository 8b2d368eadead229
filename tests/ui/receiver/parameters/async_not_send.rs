//! An `async fn` receiver that holds what no other thread may have.

use events_core::{event, receiver};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

use std::rc::Rc;

#[receiver(ORDER_PLACED)]
async fn pack(number: i64) {
    let number = Rc::new(number);
    std::future::ready(()).await;
    println!("packing order {number}");
}

fn main() {}
