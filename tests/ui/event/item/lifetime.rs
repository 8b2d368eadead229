//! A struct that borrows.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced<'a> {
    pub customer: &'a str,
}

fn main() {}
