//! A signal of an event that is private to its module.

use events_core::{event, receiver};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

mod billing {
    #[events_core::event(type = "org.example.shop.order.paid.v1")]
    struct OrderPaid {
        pub number: i64,
    }
}

#[receiver(billing::ORDER_PAID)]
fn pack(number: i64) {
    println!("packing order {number}");
}

fn main() {}
