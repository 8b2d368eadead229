//! What values are written to.

use core::fmt;

use super::path::{Path, Step};
use super::source::Stopped;

/// A body of a wire format, written from front to back: the fields of records in the order of the struct, without their
/// names.
///
/// A format that needs the names, or whose types are not these, takes an event by its `Serialize`.
pub trait Sink {
    /// A `bool`.
    fn boolean(&mut self, value: bool);

    /// An `i64`.
    fn long(&mut self, value: i64);

    /// An `f64`.
    fn double(&mut self, value: f64);

    /// A text.
    fn text(&mut self, value: &str);

    /// A text by its `Display`.
    ///
    /// # Errors
    /// That of the `Display`.
    fn display(&mut self, value: &dyn fmt::Display) -> fmt::Result;

    /// [`Bytes`](crate::Bytes).
    fn bytes(&mut self, value: &[u8]);

    /// Whether a value that is optional is there. If so, it comes next.
    fn optional(&mut self, is_some: bool);

    /// Begins a list of so many items, or of as many as will come. What it gives it gets back at the end.
    fn list(&mut self, len: Option<usize>) -> usize;

    /// Begins a map. A [`key`](Self::key) comes before each value.
    fn map(&mut self, len: Option<usize>) -> usize;

    /// The key of a map, whose value comes next. With the first key of a map, the memo is the default.
    ///
    /// # Errors
    /// When it must not come after the keys before it.
    fn key(&mut self, memo: &mut Memo, key: &str) -> Result<(), Stopped>;

    /// Ends a list or a map that had so many items. Where their number was said before, it was this one.
    fn end(&mut self, began: usize, count: usize);
}

/// What a [`Sink`] wants to remember of the keys of a map. Nobody else looks at it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "sinks make it")]
pub struct Memo(pub [u64; 3]);

/// Why a value was not written, and where.
///
/// It holds nothing of the value: what types say of themselves is dropped, since it may repeat what they hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteError(Box<Inner>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Inner {
    problem: WriteProblem,
    /// From the inside to the outside.
    path: Path,
}

/// What a [`WriteError`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WriteProblem {
    /// A type that events do not carry: `u64`, `a tuple or an array`.
    OutsideModel(&'static str),
    /// The key of a map is no text.
    Key,
    /// The sink refuses a key at this place.
    KeyOrder,
    /// A list or a map said another number of items.
    Count,
    /// A field was skipped.
    Skipped,
    /// The type itself gave an error.
    Refused,
    /// Records, lists and maps are nested deeper than a body may be.
    TooDeep,
}

impl WriteError {
    /// What is wrong.
    pub fn problem(&self) -> WriteProblem {
        self.0.problem
    }

    /// Where.
    pub fn path(&self) -> Path {
        let mut path = self.0.path.clone();
        path.reverse();
        path
    }

    /// The error is within this step of something larger.
    #[cold]
    #[inline(never)]
    pub(super) fn inside(mut self, step: Step) -> Self {
        self.0.path.push(step);
        self
    }
}

impl From<WriteProblem> for WriteError {
    #[cold]
    #[inline(never)]
    fn from(problem: WriteProblem) -> Self {
        Self(Box::new(Inner {
            problem,
            path: Path::default(),
        }))
    }
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path();
        if path.is_empty() {
            f.write_str("cannot write the value: ")?;
        } else {
            write!(f, "cannot write `{path}`: ")?;
        }
        match self.problem() {
            WriteProblem::OutsideModel(what @ ("i128" | "u128" | "u64" | "char" | "()")) => {
                write!(f, "the wire has no {what}; use i64, f64 or a text")
            }
            WriteProblem::OutsideModel(what) if what.len() <= 3 => {
                write!(f, "the wire has no {what}; use i64 or f64")
            }
            WriteProblem::OutsideModel(what) => write!(f, "the wire does not have {what}"),
            WriteProblem::Key => f.write_str("the keys of a map are texts"),
            WriteProblem::KeyOrder => f.write_str(
                "the keys of a map ascend, by their bytes, and none comes twice; use a BTreeMap",
            ),
            WriteProblem::Count => f.write_str("it has not as many items as it said before"),
            WriteProblem::Skipped => {
                f.write_str("a field cannot be left out; write `None` of an `Option`")
            }
            WriteProblem::Refused => f.write_str("its type gave an error"),
            WriteProblem::TooDeep => f.write_str("it is nested too deep"),
        }
    }
}

impl core::error::Error for WriteError {}

impl serde::ser::Error for WriteError {
    #[cold]
    fn custom<T: fmt::Display>(_: T) -> Self {
        WriteProblem::Refused.into()
    }
}
