//! serde's derives below `#[event]`.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1")]
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct OrderPlaced {
    pub number: i64,
}

fn main() {}
