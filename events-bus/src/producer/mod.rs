//! Producing: a send through a routed signal puts the event into the outbox, from which it is published.

pub(crate) mod outbox;
pub(crate) mod publisher;
mod queue;
mod report;
pub(crate) mod tap;

pub(crate) use report::{OnPublished, Reports};
pub use report::{ProducerStats, Published};
