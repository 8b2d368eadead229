//! A type that is not in scope.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub customer: Customer,
}

fn main() {}
