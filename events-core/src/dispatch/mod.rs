//! Dispatch: an event is handed to receivers one after the other.
//!
//! What the hot path may cost is a design decision (see the book, *Dispatch*): in steady state no lock, no allocation,
//! no hashing and no type lookup. (Where something was connected at run time, a send counts one reference and compares one
//! type id.) Three things follow.
//!
//! - The list of receivers is a snapshot. A receiver that connects or disconnects others while a send runs changes the
//!   next send, not this one, and no lock is held while a receiver runs.
//! - Success leaves no trace: only failures and spawned tasks are noted, so a send that goes well allocates nothing.
//! - [`Delivery`] holds what a receiver may ask for, and makes it when it is asked for.

mod delivery;
mod outcome;
mod responses;
mod run;
#[cfg(feature = "tokio")]
mod task;

pub use delivery::Delivery;
pub(crate) use delivery::{FreshMetadata, Metadata};
pub(crate) use outcome::Failure;
pub use outcome::{BoxError, IntoOutcome, IntoReceiverError, ReceiverError, ReceiverErrors};
pub(crate) use responses::{InfoTable, Infos};
pub use responses::{Outcome, Response, Responses};
pub(crate) use run::{How, contain, discard, robust, robust_any, strict};
#[cfg(feature = "tokio")]
pub use task::spawn;
