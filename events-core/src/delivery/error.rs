//! What a receiver's error says about trying again.

use core::error::Error;
use core::fmt;
use core::time::Duration;

use crate::dispatch::BoxError;

/// An error that trying again does not cure.
///
/// A receiver that returns one, or an error that has one among its [sources](Error::source), is not run again for that
/// event by an event bus: the event becomes a dead letter for it at once. Without a bus it is an error as any other.
///
/// It shows as the error that it holds.
///
/// ```
/// use events_core::{BoxError, PermanentError};
///
/// fn charge(amount: &str) -> Result<(), BoxError> {
///     let amount: u64 = amount.parse().map_err(PermanentError::new)?;
///     println!("charging {amount}");
///     Ok(())
/// }
///
/// let error = charge("much").unwrap_err();
/// assert!(events_core::delivery::is_permanent(&*error));
/// assert_eq!(error.to_string(), "invalid digit found in string");
/// ```
#[derive(Debug)]
pub struct PermanentError(Permanent);

impl PermanentError {
    /// Says of an error that trying again does not cure it.
    pub fn new(error: impl Into<BoxError>) -> Self {
        Self(Permanent(error.into()))
    }

    /// The error that it holds.
    pub fn into_inner(self) -> BoxError {
        self.0.0
    }
}

impl fmt::Display for PermanentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.0.fmt(f)
    }
}

impl Error for PermanentError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

/// An error that goes away by itself, and a guess when.
///
/// A receiver that returns one, or an error that has one among its [sources](Error::source), is run again for that event
/// by an event bus not before that time has passed, in place of the time that the bus would let pass. Without a bus it is
/// an error as any other.
///
/// It shows as the error that it holds.
///
/// ```
/// use core::time::Duration;
/// use events_core::RetryAfter;
///
/// fn notify(status: u16) -> Result<(), RetryAfter> {
///     if status == 503 {
///         return Err(RetryAfter::new(Duration::from_secs(30), "the mail server is busy"));
///     }
///     Ok(())
/// }
///
/// let error = notify(503).unwrap_err();
/// assert_eq!(events_core::delivery::retry_after(&error), Some(Duration::from_secs(30)));
/// ```
#[derive(Debug)]
pub struct RetryAfter(Later);

impl RetryAfter {
    /// Says of an error that trying again makes sense after this time.
    pub fn new(after: Duration, error: impl Into<BoxError>) -> Self {
        Self(Later {
            after,
            error: error.into(),
        })
    }

    /// The time to let pass.
    pub fn after(&self) -> Duration {
        self.0.after
    }

    /// The error that it holds.
    pub fn into_inner(self) -> BoxError {
        self.0.error
    }
}

impl fmt::Display for RetryAfter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.error.fmt(f)
    }
}

impl Error for RetryAfter {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

// What is looked for is a source of the public types, not these themselves: an error of `anyhow` becomes a boxed error in
// which nobody can recognise the outermost type, and only its sources are left.

#[derive(Debug, thiserror::Error)]
#[error("trying again does not help")]
struct Permanent(#[source] BoxError);

#[derive(Debug, thiserror::Error)]
#[error("to be tried again after {after:?}")]
struct Later {
    after: Duration,
    #[source]
    error: BoxError,
}

/// Whether the error is a [`PermanentError`], or has one among its sources.
pub fn is_permanent(error: &(dyn Error + 'static)) -> bool {
    find::<Permanent>(error).is_some()
}

/// The time that the error asks to let pass: that of the outermost [`RetryAfter`] among the error and its sources.
///
/// It says nothing about an error that [is permanent](is_permanent), too: that one is not to be tried again.
pub fn retry_after(error: &(dyn Error + 'static)) -> Option<Duration> {
    find::<Later>(error).map(|later| later.after)
}

fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    core::iter::successors(Some(error), |error| (*error).source())
        .find_map(|error| error.downcast_ref())
}
