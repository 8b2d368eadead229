//! Testing what sends and receives events (feature `testing`).
//!
//! A [`Scope`] isolates a test from every other one in the process: what is connected, disabled and sent inside it stays
//! inside, and tests run in parallel. Nothing has to be reset; the scope ends when it is dropped, also by a panic.
//!
//! ```standalone_crate
//! use events_core::{event, testing};
//!
//! #[event(type = "org.example.shop.order.placed.v1")]
//! pub struct OrderPlaced {
//!     pub number: i64,
//! }
//!
//! fn place_order() {
//!     ORDER_PLACED.send_event(OrderPlaced { number: 17 });
//! }
//!
//! let scope = testing::scope();
//! place_order();
//! scope.capture(&ORDER_PLACED).assert_sent_once_with(&OrderPlaced { number: 17 });
//! ```
//!
//! A scope belongs to the thread that opened it. Other threads and tasks join it explicitly, through its
//! [`handle`](Scope::handle); the tasks of `async fn` receivers join by themselves. What has not joined sees the world as
//! it is without the scope.
//!
//! In a scope, `durable` receivers run at once, as part of the send, and no bus is needed: a test sees what they do. How
//! they are stored and tried again is the bus's affair.

mod assert;
mod capture;
mod clock;
mod join;
mod schemas;
mod scope;
mod state;

pub use assert::{assert_receiver_connected, assert_receiver_not_connected};
pub use capture::{Capture, Sent};
#[cfg(feature = "tokio")]
pub(crate) use join::join_current;
pub use join::{Entered, InScope};
pub(crate) use join::{current, is_active};
#[doc(hidden)]
pub use schemas::check as __check_schema_files;
pub use scope::{Scope, ScopeHandle, scope};

#[doc(inline)]
pub use crate::__schema_files as schema_files;
