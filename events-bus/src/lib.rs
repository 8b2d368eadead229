#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod headers;
mod record;
mod trace;
pub mod transport;
pub mod wire;

pub use record::{Again, Record};
pub use trace::TraceContext;
