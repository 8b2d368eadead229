//! An `async fn` receiver of every signal.

use events_core::{event, receiver};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

use events_core::AnyEvent;

#[receiver(any)]
async fn log(event: AnyEvent<'_>) {
    println!("{event:?}");
}

fn main() {}
