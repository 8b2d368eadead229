//! serde attributes on fields and on the type.

use events_core::EventData;

#[derive(Debug, Clone, PartialEq, EventData)]
#[serde(rename_all = "camelCase")]
pub struct Customer {
    #[serde(rename = "customerId")]
    pub id: i64,
}

fn main() {}
