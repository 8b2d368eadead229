//! How a receiver ends: well, with an error, or with a panic.

use core::error::Error;
use core::fmt;

use self::never::Returns;
use super::run::discard;
use crate::receiver::ReceiverInfo;

/// An error of a receiver.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// What a receiver may return: `()`, or a `Result<(), E>` whose error becomes a boxed error.
#[diagnostic::on_unimplemented(
    message = "a receiver cannot return `{Self}`",
    label = "a receiver returns `()` or `Result<(), E>`",
    note = "`E` is any error that converts into `Box<dyn Error + Send + Sync>`: a type that implements `std::error::Error`, a `String` or a `&str`",
    note = "nobody reads a value that a receiver returns: send another event, or write it where it belongs, and return `()`"
)]
pub trait IntoOutcome {
    /// The outcome.
    ///
    /// # Errors
    /// When the receiver failed.
    fn into_outcome(self) -> Result<(), BoxError>;
}

impl IntoOutcome for () {
    #[inline]
    fn into_outcome(self) -> Result<(), BoxError> {
        Ok(())
    }
}

/// A closure that always panics, as tests write them, returns `!`. Nobody can name that type yet, but it has a name: what
/// a function that returns it gives.
#[diagnostic::do_not_recommend]
impl IntoOutcome for <fn() -> ! as Returns>::Type {
    fn into_outcome(self) -> Result<(), BoxError> {
        self
    }
}

mod never {
    #[expect(unnameable_types, reason = "it only names the type of another one")]
    pub trait Returns {
        type Type;
    }

    impl<T> Returns for fn() -> T {
        type Type = T;
    }
}

impl<E: IntoReceiverError> IntoOutcome for Result<(), E> {
    #[inline]
    fn into_outcome(self) -> Result<(), BoxError> {
        self.map_err(IntoReceiverError::into_box)
    }
}

/// What a receiver may fail with: whatever converts into a boxed error. A name for that, so that a message can say it.
#[diagnostic::on_unimplemented(
    message = "a receiver cannot fail with `{Self}`",
    label = "this error does not convert into `Box<dyn Error + Send + Sync>`",
    note = "implement `std::error::Error` for a type of your own (`#[derive(thiserror::Error)]` does), and see that it is `Send + Sync + 'static`",
    note = "a boxed error is `Box<dyn Error + Send + Sync>`, in short `events_core::BoxError`; `String` and `&str` are errors as well"
)]
pub trait IntoReceiverError {
    #[doc(hidden)]
    fn into_box(self) -> BoxError;
}

#[diagnostic::do_not_recommend]
impl<E: Into<BoxError>> IntoReceiverError for E {
    #[inline]
    fn into_box(self) -> BoxError {
        self.into()
    }
}

/// How a receiver failed.
#[derive(Debug)]
pub(crate) enum Failure {
    Error(BoxError),
    Panic(String),
}

impl Failure {
    /// Takes the error out.
    fn take(&mut self) -> Option<BoxError> {
        /// Stands where an error was. It has no size, so its box costs nothing.
        #[derive(Debug, thiserror::Error)]
        #[error("the error was taken out")]
        struct Taken;

        match self {
            Self::Error(error) => Some(core::mem::replace(error, Box::new(Taken))),
            Self::Panic(_) => None,
        }
    }
}

/// A receiver's error is foreign code up to its end: its `Drop` must not panic where a sender drops its responses.
impl Drop for Failure {
    fn drop(&mut self) {
        if let Some(error) = self.take() {
            discard(error);
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Error(error) => error.fmt(f),
            Self::Panic(message) => write!(f, "panicked: {message}"),
        }
    }
}

/// A receiver failed: which one, on which event, and how.
pub struct ReceiverError(Box<Parts>);

#[derive(Debug)]
struct Parts {
    receiver: ReceiverInfo,
    event_type: &'static str,
    failure: Failure,
}

impl ReceiverError {
    pub(crate) fn new(receiver: ReceiverInfo, event_type: &'static str, failure: Failure) -> Self {
        Self(Box::new(Parts {
            receiver,
            event_type,
            failure,
        }))
    }

    /// The receiver that failed.
    pub fn receiver(&self) -> &ReceiverInfo {
        &self.0.receiver
    }

    /// The type of the event on which it failed.
    pub fn event_type(&self) -> &'static str {
        self.0.event_type
    }

    /// Whether the receiver panicked, rather than returned an error.
    pub fn is_panic(&self) -> bool {
        matches!(self.0.failure, Failure::Panic(_))
    }

    /// The error as the receiver returned it.
    ///
    /// # Errors
    /// With itself, when the receiver panicked.
    pub fn into_inner(mut self) -> Result<BoxError, Self> {
        self.0.failure.take().ok_or(self)
    }
}

/// As text: it is what `main` and `unwrap` show of an error.
impl fmt::Debug for ReceiverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for ReceiverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Parts {
            receiver,
            event_type,
            failure,
        } = &*self.0;
        let verb = if self.is_panic() { "" } else { "failed: " };
        write!(
            f,
            "receiver `{}` ({}) of `{event_type}` {verb}{failure}",
            receiver.id, receiver.location
        )
    }
}

impl Error for ReceiverError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0.failure {
            Failure::Error(error) => Some(&**error),
            Failure::Panic(_) => None,
        }
    }
}

/// All the receivers that failed in one send.
pub struct ReceiverErrors(pub(crate) Vec<ReceiverError>);

impl ReceiverErrors {
    /// The errors, in the order of the receivers.
    pub fn iter(&self) -> impl Iterator<Item = &ReceiverError> {
        self.0.iter()
    }

    /// The errors, taken out.
    pub fn into_vec(self) -> Vec<ReceiverError> {
        self.0
    }
}

/// As text: it is what `main` and `unwrap` show of an error.
impl fmt::Debug for ReceiverErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for ReceiverErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

impl Error for ReceiverErrors {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.first().and_then(Error::source)
    }
}
