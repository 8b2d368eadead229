//! Two different types have one name on the wire.

use events_core::event;

mod shop {
    #[derive(Debug, Clone, PartialEq, events_core::EventData)]
    pub struct Person {
        pub id: i64,
    }
}

mod staff {
    #[derive(Debug, Clone, PartialEq, events_core::EventData)]
    pub struct Person {
        pub badge: String,
    }
}

#[event(type = "org.example.schema.record_name_taken.happened.v1")]
pub struct Happened {
    pub buyer: shop::Person,
    pub clerk: staff::Person,
}

fn main() {}
