//! Producing: a send through a routed signal puts the event into the outbox, from which a publisher takes it.

pub(crate) mod backlog;
mod incarnation;
mod kept;
pub(crate) mod lease;
pub(crate) mod numbered;
pub(crate) mod outbox;
pub(crate) mod publisher;
mod queue;
mod report;
pub(crate) mod size;
pub(crate) mod subscriber;

pub(crate) use report::{OnPublished, Reports};
pub use report::{ProducerStats, Published};
