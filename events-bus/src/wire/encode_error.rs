//! What a value could not be written for.

use core::fmt;

use events_core::codec::WriteError;

/// Why a value could not be written, and where. No text of it repeats a value.
///
/// Events and their data can always be written, since `#[derive(EventData)]` refuses at compile time what the wire does
/// not have. This is for types with a `Serialize` of their own.
///
/// ```
/// use events_bus::wire;
///
/// let error = wire::encode(&[17_u64][..]).expect_err("the wire has no u64");
/// assert_eq!(error.to_string(), "cannot write `[0]`: the wire has no u64; use i64, f64 or a text");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct EncodeError(WriteError);

impl From<WriteError> for EncodeError {
    #[cold]
    fn from(error: WriteError) -> Self {
        Self(error)
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EncodeError({self})")
    }
}

impl core::error::Error for EncodeError {}
