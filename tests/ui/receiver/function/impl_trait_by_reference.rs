//! A parameter `&impl Trait`.

use events_core::{event, receiver};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

#[receiver(ORDER_PLACED)]
fn pack(customer: &impl AsRef<str>) {
    println!("packing for {}", customer.as_ref());
}

fn main() {}
