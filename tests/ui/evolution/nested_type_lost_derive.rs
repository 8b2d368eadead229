//! A nested record is no event data any more.

use events_core::{event, receiver};

#[derive(Debug, Clone, PartialEq)]
pub struct Customer {
    pub id: i64,
    pub name: String,
}

#[event(type = "org.example.shop.order.placed.v1", key = customer.id)]
pub struct OrderPlaced {
    pub customer: Customer,
}

#[receiver(ORDER_PLACED)]
fn pack(customer: &Customer) {
    println!("packing for {} ({})", customer.name, customer.id);
}

pub fn place() {
    ORDER_PLACED.send_event(OrderPlaced {
        customer: Customer {
            id: 4,
            name: "ada".to_owned(),
        },
    });
}

fn main() {}
