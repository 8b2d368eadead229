//! Limits of numbers and durations, and durations as texts.

use core::ops::RangeInclusive;
use std::time::Duration;

use jiff::{Span, SpanRelativeTo};

/// The duration of a text: `5s`, `250ms`, `1h 30m`, `7d`. A day has 24 hours. None where it is none, or less than nothing.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let span: Span = text.trim().parse().ok()?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    duration.try_into().ok()
}

/// A duration in its largest whole unit, as a configuration writes it: `250ms`, `90s`, `7d`.
pub fn duration_text(duration: Duration) -> String {
    const UNITS: &[(u128, &str)] = &[
        (86_400_000_000_000, "d"),
        (3_600_000_000_000, "h"),
        (60_000_000_000, "m"),
        (1_000_000_000, "s"),
        (1_000_000, "ms"),
        (1_000, "us"),
    ];
    let nanoseconds = duration.as_nanos();
    if nanoseconds == 0 {
        return "0s".to_owned();
    }
    let unit = UNITS
        .iter()
        .find(|(unit, _)| nanoseconds.is_multiple_of(*unit));
    let (unit, name) = unit.copied().unwrap_or((1, "ns"));
    format!("{}{name}", nanoseconds / unit)
}

/// What to say of a number that is not within its limits. `name` is what messages call it.
pub fn number_out_of_range(
    name: &str,
    number: i64,
    limits: &RangeInclusive<i64>,
) -> Option<String> {
    if limits.contains(&number) {
        return None;
    }
    let (least, most) = (limits.start(), limits.end());
    let expected = match *most {
        i64::MAX => format!("`{least}` or more; write such a number"),
        most => format!("`{least}` to `{most}`; write a number within these limits"),
    };
    Some(format!("{name} is `{number}`, expected {expected}"))
}

/// What to say of a duration that is not within its limits. `name` is what messages call it.
pub fn duration_out_of_range(
    name: &str,
    duration: Duration,
    limits: &RangeInclusive<Duration>,
) -> Option<String> {
    (!limits.contains(&duration)).then(|| {
        format!(
            "{name} is `{}`, expected `{}` to `{}`; write a duration within these limits",
            duration_text(duration),
            duration_text(*limits.start()),
            duration_text(*limits.end()),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_durations() {
        for (text, milliseconds) in [
            ("5s", 5_000),
            ("250ms", 250),
            (" 10m ", 600_000),
            ("1h 30m", 5_400_000),
            ("1h30m", 5_400_000),
            ("7d", 604_800_000),
            ("1 day 12 hours", 129_600_000),
            ("1.5s", 1_500),
            ("0s", 0),
            ("PT5S", 5_000),
        ] {
            assert_eq!(
                parse(text),
                Some(Duration::from_millis(milliseconds)),
                "{text}"
            );
        }
        for text in [
            "",
            "5",
            "s",
            "-5s",
            "5s ago",
            "1 month",
            "1y",
            "5 parsecs",
            "9999999999999999999999s",
            "ä",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn durations_are_texts() {
        for text in ["0s", "1ns", "15us", "250ms", "90s", "5m", "25h", "7d"] {
            assert_eq!(parse(text).map(duration_text).as_deref(), Some(text));
        }
    }
}
