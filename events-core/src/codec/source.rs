//! What values are read from.

use core::fmt;

use serde::de::{Expected, Unexpected};

/// A body of a wire format, read from front to back: it gives what it is asked for, and it is asked for what the fields
/// of the event are.
///
/// Whoever asks stops for good at the first error. So the source knows afterwards where it was, and why it stopped; its
/// methods tell nothing of that, which keeps them cheap.
pub trait Source<'de> {
    /// A `bool`.
    ///
    /// # Errors
    /// When the next value is none. So it is with all methods: an error says that what was asked for does not come.
    fn boolean(&mut self) -> Result<bool, Stopped>;

    /// An `i64`.
    ///
    /// # Errors
    /// As for [`boolean`](Self::boolean).
    fn long(&mut self) -> Result<i64, Stopped>;

    /// An `f64`.
    ///
    /// # Errors
    /// As for [`boolean`](Self::boolean).
    fn double(&mut self) -> Result<f64, Stopped>;

    /// A text, and whatever travels as one.
    ///
    /// # Errors
    /// As for [`boolean`](Self::boolean).
    fn text(&mut self) -> Result<&'de str, Stopped>;

    /// [`Bytes`](crate::Bytes).
    ///
    /// # Errors
    /// As for [`boolean`](Self::boolean).
    fn bytes(&mut self) -> Result<&'de [u8], Stopped>;

    /// Whether a value that is optional is there. If so, it comes next.
    ///
    /// # Errors
    /// As for [`boolean`](Self::boolean).
    fn is_some(&mut self) -> Result<bool, Stopped>;

    /// Begins a list, as [`Items`] say.
    ///
    /// # Errors
    /// As for [`boolean`](Self::boolean).
    fn list(&mut self) -> Result<Items, Stopped>;

    /// Begins a map, as [`Items`] say. A [`key`](Self::key) comes before each value.
    ///
    /// # Errors
    /// As for [`boolean`](Self::boolean).
    fn map(&mut self) -> Result<Items, Stopped>;

    /// Goes on in a list or a map of which all pending items were read.
    ///
    /// # Errors
    /// As for [`boolean`](Self::boolean).
    fn more(&mut self, items: &mut Items) -> Result<(), Stopped>;

    /// The key of a map, whose value comes next.
    ///
    /// # Errors
    /// As for [`boolean`](Self::boolean).
    fn key(&mut self) -> Result<&'de str, Stopped>;

    /// Begins a record. Its fields are asked for one after the other, in the order of the struct, and all of them.
    ///
    /// # Errors
    /// As for [`boolean`](Self::boolean).
    fn record(&mut self) -> Result<(), Stopped>;

    /// Goes on to the next field of a record, whose value comes next.
    ///
    /// # Errors
    /// As for [`boolean`](Self::boolean).
    fn field(&mut self) -> Result<(), Stopped>;

    /// Ends a record.
    fn end_record(&mut self);
}

/// Where a source is in a list or a map.
///
/// Whoever reads takes one item after the other and counts `pending` down. At zero it asks for
/// [more](Source::more), unless there were none when the source was asked last: that is the end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "sources make it, and there is nothing to add that would not be a change for them"
)]
pub struct Items {
    /// How many items come before the source is asked again.
    pub pending: usize,
    /// For how many items to make room at once. To be bounded by what can be there: it may be read from a body that
    /// nobody vouches for.
    pub room: usize,
    /// What the source wants to remember. Nobody else looks at it.
    pub memo: [usize; 3],
}

/// A [`Source`] cannot give what it was asked for. It knows why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "sources make it, and it says all"
)]
pub struct Stopped;

/// Why a value was not read.
///
/// It holds nothing of the value: what types say of themselves is dropped, since it may repeat what they refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadError {
    /// The [`Source`] stopped. It knows why.
    Source,
    /// A type refused the value: a text that is no date-time, no key, no variant of the enum.
    Refused,
    /// A type found something else than what it asked for.
    OtherType,
    /// A type asked for something that events do not carry.
    OutsideModel,
}

impl From<Stopped> for ReadError {
    #[inline]
    fn from(_: Stopped) -> Self {
        Self::Source
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source => f.write_str("the source has no such value"),
            Self::Refused => f.write_str("the type refuses the value"),
            Self::OtherType => f.write_str("there is a value of another type"),
            Self::OutsideModel => f.write_str("the type is none that events carry"),
        }
    }
}

impl core::error::Error for ReadError {}

impl serde::de::Error for ReadError {
    #[cold]
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::Refused
    }

    #[cold]
    fn invalid_type(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        Self::OtherType
    }

    #[cold]
    fn invalid_length(_: usize, _: &dyn Expected) -> Self {
        Self::OtherType
    }

    #[cold]
    fn missing_field(_: &'static str) -> Self {
        Self::OtherType
    }
}
