//! For whoever carries events: handing an event to receivers once more, and what a receiver's error says about that.
//!
//! An event bus takes events off a signal with [`connect_any`], whatever their types, and hands those that it read to
//! receivers with [`AnyEvent::redeliver`](crate::AnyEvent::redeliver): to all of them the first time, to those that failed
//! when it tries again.
//!
//! ```standalone_crate
//! use events_core::delivery::{OwnedEvent, Redelivery, is_permanent};
//! use events_core::{EventMetadata, Outcome, PermanentError, event, receiver};
//!
//! #[event(type = "org.example.shop.order.placed.v1")]
//! pub struct OrderPlaced {
//!     pub number: i64,
//! }
//!
//! #[receiver(ORDER_PLACED, id = "shop.pack")]
//! fn pack(number: i64) -> Result<(), PermanentError> {
//!     if number <= 0 {
//!         return Err(PermanentError::new("orders are numbered from 1"));
//!     }
//!     Ok(())
//! }
//!
//! let event = OwnedEvent::new(OrderPlaced { number: 0 });
//! let metadata = EventMetadata::new("org.example.shop.order.placed.v1");
//! let responses = event.get().redeliver(&metadata, Redelivery::from_event_bus());
//! for failure in responses.failures() {
//!     let hopeless = match failure.outcome() {
//!         Outcome::Failed(error) => is_permanent(error),
//!         _ => false,
//!     };
//!     assert!(hopeless);
//! }
//! ```
//!
//! [`connect_any`]: ../trait.AnySignal.html#method.connect_any

mod durable;
mod error;
mod redelivery;

pub(crate) use durable::store;
pub use durable::{
    DurableStore, DurableStoreExists, DurableStoreGuard, NotStored, set_durable_store,
};
pub use error::{PermanentError, RetryAfter, is_permanent, retry_after};
pub use redelivery::{Redelivery, Watch};

pub use crate::event::OwnedEvent;
