//! A value that one thread owns.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub value: std::rc::Rc<String>,
}

fn main() {}
