//! A connected closure that holds what no other thread may have.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

fn main() {
    let count = std::rc::Rc::new(std::cell::Cell::new(0));
    ORDER_PLACED
        .connect(move |_, _| count.set(count.get() + 1))
        .keep();
}
