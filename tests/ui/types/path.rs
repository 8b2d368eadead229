//! A path of the file system.

use events_core::event;

#[event(type = "org.example.shop.order.placed.v1")]
pub struct OrderPlaced {
    pub value: std::path::PathBuf,
}

fn main() {}
