//! An event with personal data derives `Debug`, which would show it.

use events_core::event;

#[event(type = "org.example.shop.buyer.moved.v1")]
#[derive(Debug)]
pub struct BuyerMoved {
    #[event_data(pii)]
    pub address: String,
}

fn main() {}
