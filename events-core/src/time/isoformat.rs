//! Python 3.12's `datetime.fromisoformat`, its leniencies included.
//!
//! Both kinds of time are read by this one parser, so that what the reference accepts is accepted and what it refuses
//! is refused. The rules are those of `CPython`'s C implementation, checked against the interpreter by a differential
//! fuzzer. Where they surprise:
//!
//! - Any one character may part date and time. Where the date's own length is ambiguous (ISO weeks), the number of
//!   digits decides.
//! - Both extended (`2024-06-11`) and basic (`20240611`) forms, ISO weeks with and without a day, a time that ends
//!   after hours or minutes, a comma for the decimal point.
//! - Fraction digits after the sixth are dropped, not rounded.
//! - The hour may take a fraction directly (`12.5` is 12:00:00.5, not half past twelve), and a third colon may stand
//!   for the decimal point.
//! - One stray character is ignored between the time and its offset, and so is anything that follows six or more
//!   fraction digits there: `12:30:45 +00:00` is a time.
//! - The offset's minutes and seconds may exceed 59 while the whole stays under 24 hours. An offset of less than a
//!   second is UTC.
//! - A NUL counts as the end of the text in a few places, as C strings have it.

use jiff::civil::{Date, DateTime, ISOWeekDate, Time, Weekday};

use super::ParseTimeError;

/// What a text said: a civil time (years 1 to 9999, whole microseconds) and its offset, if it had one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) civil: DateTime,
    /// Microseconds east of UTC, strictly within a day; `None` is a naive time.
    pub(super) offset: Option<i64>,
}

const MICROS_PER_DAY: i64 = 86_400_000_000;
/// The shortest text of all is a week, `2024W24`.
const SHORTEST: usize = 7;

/// Reads a text as `datetime.fromisoformat` does.
pub(super) fn parse(text: &str) -> Result<Parts, ParseTimeError> {
    if text.len() < 4 * SHORTEST && text.chars().count() < SHORTEST {
        return Err(ParseTimeError::new(
            "a date of at least seven characters",
            text.len(),
        ));
    }
    let text = Text(text.as_bytes());
    let end = text.0.len();
    let separator = text.separator();
    let date = text.date(separator)?;
    let mut time = Clock::default();
    let mut offset = None;
    if separator < end {
        (time, offset) = text.time(separator + text.width(separator))?;
    }
    let time = time.civil(separator)?;
    Ok(Parts {
        civil: date.to_datetime(time),
        offset,
    })
}

/// Hours, minutes, seconds and microseconds, as read: in range only when [`Clock::civil`] says so.
#[derive(Clone, Copy, Default)]
struct Clock {
    units: [u32; 3],
    micros: u32,
    /// Something followed that is not part of it.
    stray: bool,
}

impl Clock {
    fn civil(self, at: usize) -> Result<Time, ParseTimeError> {
        let [hour, minute, second] = self.units;
        let expected = if hour > 23 {
            "an hour from 00 to 23"
        } else if minute > 59 {
            "a minute from 00 to 59"
        } else {
            "a second from 00 to 59"
        };
        time(hour, minute, second, self.micros).ok_or(ParseTimeError::new(expected, at))
    }

    fn seconds(self) -> i64 {
        let [hours, minutes, seconds] = self.units.map(i64::from);
        hours * 3600 + minutes * 60 + seconds
    }
}

fn time(hour: u32, minute: u32, second: u32, micros: u32) -> Option<Time> {
    Time::new(
        i8::try_from(hour).ok()?,
        i8::try_from(minute).ok()?,
        i8::try_from(second).ok()?,
        i32::try_from(micros.checked_mul(1000)?).ok()?,
    )
    .ok()
}

/// The text's bytes, readable beyond their end as C's are: a NUL follows.
#[derive(Clone, Copy)]
struct Text<'a>(&'a [u8]);

impl Text<'_> {
    fn at(self, at: usize) -> u8 {
        self.0.get(at).copied().unwrap_or(0)
    }

    fn is_digit(self, at: usize) -> bool {
        self.at(at).is_ascii_digit()
    }

    /// Exactly `count` ASCII digits from `at` on.
    fn digits(
        self,
        at: usize,
        count: usize,
        expected: &'static str,
    ) -> Result<u32, ParseTimeError> {
        let mut value = 0;
        for at in at..at + count {
            let byte = self.at(at);
            if !byte.is_ascii_digit() {
                return Err(ParseTimeError::new(expected, at.min(self.0.len())));
            }
            value = value * 10 + u32::from(byte - b'0');
        }
        Ok(value)
    }

    fn expect(self, at: usize, byte: u8, expected: &'static str) -> Result<(), ParseTimeError> {
        if self.at(at) == byte {
            Ok(())
        } else {
            Err(ParseTimeError::new(expected, at.min(self.0.len())))
        }
    }

    /// How many bytes the character at `at` has: the separator need not be ASCII.
    fn width(self, at: usize) -> usize {
        match self.at(at) {
            0xf0.. => 4,
            0xe0.. => 3,
            0x80.. => 2,
            _ => 1,
        }
    }

    /// Where the date ends, which only its own form tells as the separator may be anything, digits included.
    fn separator(self) -> usize {
        let len = self.0.len();
        let extended = self.at(4) == b'-';
        let week = self.at(if extended { 5 } else { 4 }) == b'W';
        match (extended, week) {
            _ if len == SHORTEST => SHORTEST,
            (true, false) => 10,
            (false, false) => 8,
            // `2024-W24-2` or `2024-W24`, and in the second form the hyphen may be the separator of `2024-W24-12`.
            // A hyphen is a likelier separator than a digit.
            (true, true) => {
                if self.at(8) != b'-' || self.is_digit(10) {
                    8
                } else {
                    10
                }
            }
            // `2024W24` or `2024W242`, perhaps with a digit for a separator: a time has an even number of digits.
            (false, true) => {
                let end = (SHORTEST..len)
                    .find(|&at| !self.is_digit(at))
                    .unwrap_or(len);
                if end < 9 { end } else { 7 + end % 2 }
            }
        }
    }

    fn date(self, end: usize) -> Result<Date, ParseTimeError> {
        let year = self.digits(0, 4, "a year of four digits")?;
        // At most four digits: it fits, and jiff's own range (-9999 to 9999) checks no lower bound for us.
        let year = i16::try_from(year).unwrap_or(0);
        if year == 0 {
            return Err(ParseTimeError::new("a year from 0001 to 9999", 0));
        }
        let extended = usize::from(self.at(4) == b'-');
        let mut at = 4 + extended;
        if self.at(at) == b'W' {
            return self.week_date(year, at + 1, extended, end);
        }
        let month_at = at;
        let month = self.digits(at, 2, "a month of two digits")?;
        at += 2;
        if extended == 1 {
            self.expect(at, b'-', "a hyphen, as there is one before the month")?;
            at += 1;
        }
        let day = self.digits(at, 2, "a day of two digits")?;
        if !(1..=12).contains(&month) {
            return Err(ParseTimeError::new("a month from 01 to 12", month_at));
        }
        let fits = |value: u32| i8::try_from(value).unwrap_or(0);
        Date::new(year, fits(month), fits(day))
            .map_err(|_| ParseTimeError::new("a day that this month has", at))
    }

    fn week_date(
        self,
        year: i16,
        at: usize,
        extended: usize,
        end: usize,
    ) -> Result<Date, ParseTimeError> {
        let week = self.digits(at, 2, "a week of two digits")?;
        let mut day = 1;
        let day_at = at + 2 + extended;
        if at + 2 < end {
            if extended == 1 {
                self.expect(at + 2, b'-', "a hyphen, as there is one before the week")?;
            }
            day = self.digits(day_at, 1, "a weekday of one digit")?;
        }
        let fits = |value: u32| i8::try_from(value).unwrap_or(0);
        let day = Weekday::from_monday_one_offset(fits(day))
            .map_err(|_| ParseTimeError::new("a weekday from 1 to 7", day_at))?;
        ISOWeekDate::new(year, fits(week), day)
            .map(ISOWeekDate::date)
            .map_err(|_| {
                ParseTimeError::new(
                    "a week that this year has (01 to 52 or 53, up to the end of 9999)",
                    at,
                )
            })
    }

    fn time(self, start: usize) -> Result<(Clock, Option<i64>), ParseTimeError> {
        let end = self.0.len();
        let zone = self.0.get(start..).and_then(|rest| {
            rest.iter()
                .position(|byte| matches!(byte, b'+' | b'-' | b'Z'))
        });
        let Some(zone) = zone.map(|at| start + at) else {
            let clock = self.clock(start, end)?;
            return if clock.stray {
                Err(ParseTimeError::new("nothing after the time", end))
            } else {
                Ok((clock, None))
            };
        };
        let clock = self.clock(start, zone)?;
        let sign = match self.at(zone) {
            b'Z' => {
                self.expect(zone + 1, 0, "nothing after the Z")?;
                return Ok((clock, Some(0)));
            }
            b'-' => -1,
            _ => 1,
        };
        let offset = self.clock(zone + 1, end)?;
        if offset.stray {
            return Err(ParseTimeError::new("nothing after the offset", end));
        }
        // CPython looks at the whole seconds alone to decide that this is UTC, and then forgets the fraction.
        let seconds = offset.seconds();
        let micros = if seconds == 0 {
            0
        } else {
            seconds * 1_000_000 + i64::from(offset.micros)
        };
        if micros >= MICROS_PER_DAY {
            return Err(ParseTimeError::new("an offset of less than 24 hours", zone));
        }
        Ok((clock, Some(sign * micros)))
    }

    /// `HH[:?MM[:?SS[.,]f*]]` up to `end`, for the time and for its offset alike.
    fn clock(self, start: usize, end: usize) -> Result<Clock, ParseTimeError> {
        const EXPECTED: [&str; 3] = [
            "an hour of two digits",
            "a minute of two digits",
            "a second of two digits",
        ];
        let mut clock = Clock::default();
        let mut at = start;
        let mut colons = false;
        for (unit, expected) in EXPECTED.into_iter().enumerate() {
            clock.units[unit] = self.digits(at, 2, expected)?;
            at += 2;
            let next = self.at(at);
            if unit == 0 {
                colons = next == b':';
            }
            if at + 1 >= end {
                clock.stray = next != 0;
                return Ok(clock);
            }
            match next {
                b':' if colons => at += 1,
                b'.' | b',' => {
                    at += 1;
                    break;
                }
                _ if colons => {
                    return Err(ParseTimeError::new(
                        "a colon, as there is one after the hours",
                        at,
                    ));
                }
                _ => {}
            }
        }
        let count = (end - at).min(6);
        clock.micros = self.digits(at, count, "digits of a second")?;
        for _ in count..6 {
            clock.micros *= 10;
        }
        at += count;
        while self.is_digit(at) {
            at += 1;
        }
        clock.stray = self.at(at) != 0;
        Ok(clock)
    }
}
