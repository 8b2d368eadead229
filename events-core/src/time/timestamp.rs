//! An instant in UTC.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use jiff::SignedDuration;
use jiff::civil::{DateTime, date};
use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use super::de::from_text;
use super::isoformat::{self, Parts};
use super::text::UtcText;
use super::{ParseTimeError, TimeRangeError};

/// An instant in UTC, to the microsecond, of the years 1 to 9999: what the `time` of an event's metadata is.
///
/// The range and the precision are those of Python's `datetime`, so that every time the reference sends has its
/// `Timestamp` and the other way round.
///
/// As text (`Display`, serde) it is Python's `isoformat()`: `2024-06-11T14:12:45.320819+00:00`, without the fraction
/// when it is zero. What is read (`FromStr`, serde) is what the reference accepts: whatever Python 3.12's
/// `datetime.fromisoformat` takes, as long as the offset is there and is zero (`Z`, `+00`, `+0000`, `-00:00`, …).
/// A naive time and any other offset are refused, because the reference refuses them.
///
/// ```
/// use events_core::Timestamp;
///
/// let time: Timestamp = "20240611T141245,5Z".parse()?;
/// assert_eq!(time.to_string(), "2024-06-11T14:12:45.500000+00:00");
/// assert!("2024-06-11T14:12:45+02:00".parse::<Timestamp>().is_err());
/// # Ok::<(), events_core::ParseTimeError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

const EPOCH: DateTime = date(1970, 1, 1).at(0, 0, 0, 0);

impl Timestamp {
    /// The beginning of 1970.
    pub const UNIX_EPOCH: Self = Self(0);
    /// The first instant of the year 1.
    pub const MIN: Self = Self(-62_135_596_800_000_000);
    /// The last microsecond of the year 9999.
    pub const MAX: Self = Self(253_402_300_799_999_999);

    /// The time now, to the microsecond, by the wall clock: it jumps when somebody sets the clock. A testing scope's clock is
    /// not asked.
    #[must_use]
    pub fn now() -> Self {
        crate::clock::now()
    }

    /// The instant that many microseconds after the beginning of 1970 (before it, when negative); `None` outside the
    /// years 1 to 9999.
    pub const fn from_micros(micros: i64) -> Option<Self> {
        if micros < Self::MIN.0 || micros > Self::MAX.0 {
            None
        } else {
            Some(Self(micros))
        }
    }

    /// Microseconds since the beginning of 1970; negative before it.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// The date and time in UTC.
    fn civil(self) -> DateTime {
        // Every value between MIN and MAX is in jiff's range: the default is never taken.
        EPOCH
            .checked_add(SignedDuration::from_micros(self.0))
            .unwrap_or(EPOCH)
    }

    pub(super) fn text(self) -> UtcText {
        UtcText::new(self.civil())
    }

    pub(super) fn parts(self) -> Parts {
        Parts {
            civil: self.civil(),
            offset: Some(0),
        }
    }
}

/// Microseconds from the beginning of 1970 to this instant, a naive time being taken for UTC; beyond the range of
/// [`Timestamp`] where an offset leads out of the years 1 to 9999.
pub(super) fn micros(parts: Parts) -> i64 {
    let local = parts.civil.duration_since(EPOCH);
    // The seconds of 9999 years in microseconds fit an i64 thirty times over.
    local.as_secs() * 1_000_000 + i64::from(local.subsec_micros()) - parts.offset.unwrap_or(0)
}

/// Reads what the reference accepts as a metadata's time.
///
/// # Errors
///
/// [`ParseTimeError`] when Python's `fromisoformat` would refuse the text, or when it is naive or not in UTC.
impl FromStr for Timestamp {
    type Err = ParseTimeError;

    fn from_str(text: &str) -> Result<Self, ParseTimeError> {
        let parts = isoformat::parse(text)?;
        match parts.offset {
            Some(0) => Ok(Self(micros(parts))),
            Some(_) => Err(ParseTimeError::new(
                "an offset of zero, as these times are in UTC,",
                text.len(),
            )),
            None => Err(ParseTimeError::new(
                "an offset (+00:00 or Z), as these times are in UTC,",
                text.len(),
            )),
        }
    }
}

/// Cut down to the microsecond, never forward in time; an instant outside the years 1 to 9999 becomes
/// [`Timestamp::MIN`] or [`Timestamp::MAX`].
impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => {
                let seconds = i64::try_from(after.as_secs()).unwrap_or(i64::MAX);
                let micros = seconds
                    .saturating_mul(1_000_000)
                    .saturating_add(i64::from(after.subsec_micros()));
                Self(micros.min(Self::MAX.0))
            }
            Err(before) => {
                let before = before.duration().as_nanos().div_ceil(1000);
                Self(i64::try_from(before).map_or(Self::MIN.0, |micros| (-micros).max(Self::MIN.0)))
            }
        }
    }
}

/// # Errors
///
/// [`TimeRangeError`] where the platform's clock cannot hold the instant; never on Unix.
impl TryFrom<Timestamp> for SystemTime {
    type Error = TimeRangeError;

    fn try_from(time: Timestamp) -> Result<Self, TimeRangeError> {
        let distance = Duration::from_micros(time.0.unsigned_abs());
        let found = if time.0 < 0 {
            Self::UNIX_EPOCH.checked_sub(distance)
        } else {
            Self::UNIX_EPOCH.checked_add(distance)
        };
        found.ok_or(TimeRangeError(time))
    }
}

/// Python's `isoformat()`; see the type.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.text().as_str())
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text().as_str())
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.text().as_str())
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer, "a time in UTC as text")
    }
}
