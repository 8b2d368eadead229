//! What a value could not be written for.

use core::fmt;

use super::path::{Path, Step};

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
pub struct EncodeError(Box<Inner>);

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    problem: Problem,
    /// From the inside to the outside.
    path: Path,
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Problem {
    /// A type that the wire does not have.
    OutsideModel(&'static str),
    /// The key of a map is no text.
    Key,
    /// The keys of a map do not ascend.
    KeyOrder,
    /// A list or a map said another number of items.
    Count,
    /// A field was skipped.
    Skipped,
    /// The type itself gave an error.
    Refused,
    /// Nested too deep.
    TooDeep,
}

impl EncodeError {
    /// The error is within this step of something larger.
    #[cold]
    #[inline(never)]
    pub(super) fn inside(mut self, step: Step) -> Self {
        self.0.path.push(step);
        self
    }
}

impl From<Problem> for EncodeError {
    #[cold]
    #[inline(never)]
    fn from(problem: Problem) -> Self {
        Self(Box::new(Inner {
            problem,
            path: Path::default(),
        }))
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.0.path.reversed();
        if path == Path::default() {
            f.write_str("cannot write the value: ")?;
        } else {
            write!(f, "cannot write `{path}`: ")?;
        }
        match self.0.problem {
            Problem::OutsideModel(what @ ("i128" | "u128" | "u64" | "char" | "()")) => {
                write!(f, "the wire has no {what}; use i64, f64 or a text")
            }
            Problem::OutsideModel(what) if what.len() <= 3 => {
                write!(f, "the wire has no {what}; use i64 or f64")
            }
            Problem::OutsideModel(what) => write!(f, "the wire does not have {what}"),
            Problem::Key => f.write_str("the keys of a map are texts"),
            Problem::KeyOrder => f.write_str(
                "the keys of a map ascend, by their bytes, and none comes twice; use a BTreeMap",
            ),
            Problem::Count => f.write_str("it has not as many items as it said before"),
            Problem::Skipped => {
                f.write_str("a field cannot be left out; write `None` of an `Option`")
            }
            Problem::Refused => f.write_str("its type gave an error"),
            Problem::TooDeep => f.write_str("it is nested too deep"),
        }
    }
}

impl fmt::Debug for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EncodeError({self})")
    }
}

impl core::error::Error for EncodeError {}

/// What types say of themselves is dropped, since it may repeat the value.
impl serde::ser::Error for EncodeError {
    #[cold]
    fn custom<T: fmt::Display>(_: T) -> Self {
        Problem::Refused.into()
    }
}
