//! Times as they stand in metadata and in payloads.
//!
//! The reference implementation knows one type, Python's `datetime`, and moves it as text: it writes
//! `datetime.isoformat()` and reads `datetime.fromisoformat()` (Python 3.12). Two types stand for it here, because it
//! has two jobs. The time of an event is an instant in UTC and is read a lot: [`Timestamp`], eight bytes. A time in a
//! payload may be naive or carry any offset and must come out as it went in: [`DateTime`], the text and its parts.

mod datetime;
mod de;
mod error;
mod isoformat;
mod text;
mod timestamp;

pub use self::datetime::DateTime;
pub use self::error::{ParseTimeError, TimeRangeError};
pub use self::timestamp::Timestamp;
