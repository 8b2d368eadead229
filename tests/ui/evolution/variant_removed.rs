//! A variant that a receiver and a sender use was removed.

use events_core::{EventData, event, receiver};

#[derive(Debug, Clone, PartialEq, EventData)]
pub enum Payment {
    Cash,
    Transfer,
    // `Card` was here.
}

#[event(type = "org.example.shop.order.paid.v1")]
pub struct OrderPaid {
    pub payment: Payment,
}

#[receiver(ORDER_PAID)]
fn book(payment: &Payment) {
    if *payment == Payment::Card {
        println!("ask the bank");
    }
}

pub fn pay() {
    ORDER_PAID.send_event(OrderPaid {
        payment: Payment::Card,
    });
}

fn main() {}
