//! A text became bytes, which Avro reads either way.

use events_core::{Bytes, event};

#[event(type = "org.example.schema.string_to_bytes.happened.v1")]
pub struct Happened {
    pub raw: Bytes,
}

fn main() {}
