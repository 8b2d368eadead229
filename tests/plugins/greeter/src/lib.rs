//! An example plugin: greets new users by mail, and tells course teams about enrollments.

mod mail;
pub mod receivers;

pub use mail::{MailError, Outbox, outbox};

events_core::plugin!();
