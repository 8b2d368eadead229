//! An enum got a variant: who matches all of them must say what to do.

use events_core::{EventData, event, receiver};

#[derive(Debug, Clone, PartialEq, EventData)]
pub enum Payment {
    Cash,
    Card,
    Transfer, // new
}

#[event(type = "org.example.shop.order.paid.v1")]
pub struct OrderPaid {
    pub payment: Payment,
}

#[receiver(ORDER_PAID)]
fn book(payment: &Payment) {
    match payment {
        Payment::Cash => println!("count"),
        Payment::Card => println!("ask the bank"),
    }
}

fn main() {}
