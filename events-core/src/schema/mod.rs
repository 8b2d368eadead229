//! What events look like on the wire, and whether two versions of an event understand each other.
//!
//! - The model: [`Schema`] and its parts, constants that `#[derive(EventData)]` writes.
//! - [`AvroSchema`]: an event's schema as Avro JSON, which is what a schema file holds.
//! - [`compare`]: the rules of Avro's schema resolution, in both directions, as [`Finding`]s.
//! - [`KeptSchema`]: a schema file as the compiler read it.
//! - `folder` (feature `schema-files`): the folder of schema files, for tools and tests.
//!
//! `#[event]` compares the struct with its schema files at compile time, by constant evaluation: everything that takes
//! part in it is a `const fn`, and runs the same way in tools.

mod avro;
mod compare;
mod contract;
mod describe;
mod finding;
#[cfg(feature = "schema-files")]
pub mod folder;
mod layout;
mod message;
mod model;
mod rule;
mod text;
mod words;

pub use avro::AvroSchema;
pub use compare::compare;
#[doc(hidden)]
pub use contract::Contract;
pub use contract::{KeptSchema, Waiver};
pub use finding::{Finding, Findings};
pub use layout::{repeated_layouts, same_layout};
pub use model::{EnumSchema, FieldSchema, RecordSchema, Schema, StringFormat, zero};
pub use rule::Rule;
