//! A signal that is not in scope.

use events_core::{event, receiver};

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub number: i64,
    pub customer: String,
}

mod billing {
    #[events_core::event(type = "org.example.shop.order.paid.v1")]
    pub struct OrderPaid {
        pub number: i64,
    }
}

#[receiver(ORDER_PAID)]
fn pack(number: i64) {
    println!("packing order {number}");
}

fn main() {}
