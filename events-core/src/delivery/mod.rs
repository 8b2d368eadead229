//! For whoever carries events: what a receiver's error says about handing the event to it once more.

mod error;

pub use error::{PermanentError, RetryAfter, is_permanent, retry_after};
