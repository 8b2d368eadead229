#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate self as events_core;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod clock;
pub mod codec;
#[cfg(feature = "config")]
pub mod config;
mod data;
pub mod delivery;
mod dispatch;
mod event;
mod macros;
mod metadata;
mod receiver;
pub mod registry;
pub mod schema;
mod signal;
#[cfg(feature = "testing")]
pub mod testing;
mod time;

#[doc = include_str!("../docs/event_data.md")]
#[doc(inline)]
pub use events_macros::EventData;
#[doc = include_str!("../docs/event.md")]
#[doc(inline)]
pub use events_macros::event;
#[doc = include_str!("../docs/receiver.md")]
#[doc(inline)]
pub use events_macros::receiver;
pub use uuid::Uuid;

pub use data::{Bytes, EventData, EventKey};
pub use delivery::{PermanentError, RetryAfter};
pub use dispatch::{
    BoxError, Delivery, IntoOutcome, Outcome, ReceiverError, ReceiverErrors, Response, Responses,
};
pub use event::{AnyEvent, Event, EventInfo};
pub use metadata::{EventMetadata, ServiceNameError, SourceLib, SourceLibPart, set_service_name};
pub use receiver::{ReceiverInfo, ReceiverKind, ReceiverSignals, SourceLocation};
#[doc(inline)]
pub use schema::{EnumSchema, FieldSchema, RecordSchema, Schema, StringFormat};
pub use signal::{AnySignal, Connection, Signal, SignalInfo, UnknownReceiver};
pub use time::{DateTime, ParseTimeError, TimeRangeError, Timestamp};
