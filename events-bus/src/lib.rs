#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod admin;
mod ascending;
mod backoff;
mod bus;
pub mod config;
mod consumer;
mod deadline;
pub mod headers;
mod metrics;
mod producer;
mod record;
mod throttle;
mod trace;
pub mod transaction;
pub mod transport;
pub mod wire;
mod worker;

pub use bus::{Bus, BusBuilder, FlushError, ShutdownError, StartError, StartProblem, open};
pub use consumer::{Consumer, Handled, ReceiverReport, ReceiverResult, StopError};
pub use producer::{ProducerStats, Published};
pub use record::{Record, Requeued};
pub use trace::TraceContext;
