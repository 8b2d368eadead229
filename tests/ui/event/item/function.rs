//! A function.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1")]
pub fn order_placed(number: i64) {
    println!("order {number}");
}

fn main() {}
