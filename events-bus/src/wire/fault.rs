//! What can be wrong at one place of a body.

use core::fmt;

use events_core::codec::ReadError;

/// What is wrong at one place of a body. It says nothing of the value that stands there: bodies are payload.
///
/// One byte, so that a result of reading is hardly larger than what was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// The body ends within a value.
    Truncated,
    /// Bytes are left over after the last field.
    LeftOver,
    /// A number does not end after ten bytes, or has more than 64 bits.
    NumberTooLong,
    /// A length or a size is negative.
    NegativeLength,
    /// A length or a size is larger than what is left of the body.
    LengthBeyondEnd,
    /// A list or a map states more items than there are bytes left.
    CountBeyondEnd,
    /// A block of a list or a map states a size that its items do not have.
    BlockSize,
    /// Items without any bytes, more than a body may have.
    TooManyEmptyItems,
    /// A text is not UTF-8.
    NotUtf8,
    /// A boolean is neither 0 nor 1.
    NotBoolean,
    /// The index of a union is neither 0 (null) nor 1.
    NotInUnion,
    /// Records, lists and maps are nested deeper than a body may be.
    TooDeep,
    /// The type refuses the value: a text that is no date-time, no key, no variant of the enum.
    Refused,
    /// Null, where the reader's type needs a value.
    Null,
    /// The writer's layout does not have the field, and the reader has no default.
    Missing,
    /// The writer's layout has another type there, which Avro does not promote to the reader's.
    OtherType,
    /// The Rust type, or the schema file, asks for a type that events do not carry.
    OutsideModel,
}

impl Fault {
    /// Why a value was not read from a source that has noted this.
    #[cold]
    pub(super) fn of(error: ReadError, noted: Option<Self>) -> Self {
        match error {
            ReadError::Refused => Self::Refused,
            ReadError::OtherType => Self::OtherType,
            // A source notes why it stops.
            ReadError::Source => noted.unwrap_or(Self::OutsideModel),
            _ => Self::OutsideModel,
        }
    }

    /// Whether the bytes are well-formed and only the reader's type refuses them.
    pub(super) fn is_of_value(self) -> bool {
        matches!(
            self,
            Self::Refused | Self::Null | Self::Missing | Self::OtherType
        )
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "the body ends within it",
            Self::LeftOver => "bytes are left over after the last field",
            Self::NumberTooLong => "the number has more than 64 bits",
            Self::NegativeLength => "the length is negative",
            Self::LengthBeyondEnd => "the length goes beyond the end of the body",
            Self::CountBeyondEnd => "there are fewer bytes left than items",
            Self::BlockSize => "the size of the block is not that of its items",
            Self::TooManyEmptyItems => "there are too many items without any bytes",
            Self::NotUtf8 => "the text is not UTF-8",
            Self::NotBoolean => "the byte is neither 0 nor 1",
            Self::NotInUnion => "the index of the union is neither 0 nor 1",
            Self::TooDeep => "it is nested too deep",
            Self::Refused => "the type refuses the value",
            Self::Null => "there is null",
            Self::Missing => "the writer's layout does not have it, and it has no default",
            Self::OtherType => "the writer's layout has another type",
            Self::OutsideModel => "the type is none that events carry",
        })
    }
}

impl core::error::Error for Fault {}
