//! serde's derives next to `EventData`.

use events_core::EventData;

#[derive(Debug, Clone, PartialEq, EventData, serde::Serialize, serde::Deserialize)]
pub struct Customer {
    pub id: i64,
}

fn main() {}
