//! A type has the name on the wire that every event has there.

use events_core::{EventData, event};

#[derive(Debug, Clone, PartialEq, EventData)]
pub struct CloudEvent {
    pub id: i64,
}

#[event(type = "org.example.schema.record_name_of_the_event.happened.v1")]
pub struct Happened {
    pub cloud_event: CloudEvent,
}

fn main() {}
