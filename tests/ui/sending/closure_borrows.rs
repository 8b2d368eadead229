//! A connected closure that borrows a local variable.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

fn main() {
    let prefix = String::from("order");
    ORDER_PLACED
        .connect(|event, _| println!("{prefix} {}", event.number))
        .keep();
}
