//! A default was removed on which older minor versions rely.

use events_core::event;

#[event(type = "org.example.schema.default_removed.happened.v1", minor_version = 1)]
pub struct Happened {
    pub id: i64,
    pub channel: String, // had `default = "web"`
}

fn main() {}
