//! What can be wrong with a time.

/// A text is not a time.
///
/// The message says what was expected and at which byte. It never repeats the text: times stand in payloads, and
/// payload values do not belong in errors. Code that reads metadata adds the text itself.
///
/// The rule that the text broke is Python 3.12's `datetime.fromisoformat`; for a [`Timestamp`](crate::Timestamp) also
/// the reference's own, that metadata's `time` is in UTC.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a time: expected {expected} at byte {at}; write times like 2024-06-11T14:12:45.320819+00:00"
)]
pub struct ParseTimeError {
    expected: &'static str,
    at: usize,
}

impl ParseTimeError {
    pub(super) const fn new(expected: &'static str, at: usize) -> Self {
        Self { expected, at }
    }

    /// What would have been right at [`position`](Self::position).
    pub const fn expected(&self) -> &'static str {
        self.expected
    }

    /// The byte of the text where reading stopped; the text's length when it ended too early.
    pub const fn position(&self) -> usize {
        self.at
    }
}

/// An instant that [`std::time::SystemTime`] of this platform cannot hold.
///
/// It happens where the platform's clock begins late: on Windows before the year 1601.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the time {0} is outside the range of this platform's SystemTime")]
pub struct TimeRangeError(pub(super) super::Timestamp);
