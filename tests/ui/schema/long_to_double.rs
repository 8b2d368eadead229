//! A whole number became a float, which older services cannot read.

use events_core::event;

#[event(type = "org.example.schema.long_to_double.happened.v1")]
pub struct Happened {
    pub id: f64,
}

fn main() {}
