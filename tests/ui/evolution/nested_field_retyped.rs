//! A field of a nested record got a type that cannot be the key.

use events_core::{EventData, event, receiver};

#[derive(Debug, Clone, PartialEq, EventData)]
pub struct Customer {
    pub id: f64, // was `i64`
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
