//! A type that is refused: the event that carries it is fine.

use events_core::{EventData, event};

#[derive(Debug, Clone, PartialEq, EventData)]
pub struct CustomerId(pub i64);

#[derive(Debug, Clone, PartialEq, EventData)]
pub enum Payment {
    Cash,
    Card(String),
}

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub customer: CustomerId,
    pub payment: Option<Payment>,
}

fn main() {}
