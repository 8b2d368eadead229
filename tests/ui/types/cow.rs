//! A text that may be borrowed.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub value: std::borrow::Cow<'static, str>,
}

fn main() {}
