//! A connected closure that counts in a local variable.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

fn main() {
    let mut count = 0;
    ORDER_PLACED.connect(move |_, _| count += 1).keep();
    println!("{count}");
}
