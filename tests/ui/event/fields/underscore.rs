//! A field whose name begins with `_`.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub _number: i64,
}

fn main() {}
