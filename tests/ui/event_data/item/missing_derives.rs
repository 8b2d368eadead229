//! Without the derives that events need.

use events_core::EventData;

#[derive(EventData)]
pub struct Customer {
    pub id: i64,
}

fn main() {}
