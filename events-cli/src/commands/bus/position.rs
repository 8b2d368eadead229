//! Positions in a topic, parsed from options.

use events_bus::transport::Position;
use events_core::Timestamp;

use crate::commands::Failure;

/// Parses the id of an entry or a time: `1795376013252-0`, `17`, `2026-11-25T08:00:00Z`.
pub(super) fn position(option: &str, text: &str) -> Result<Position, Failure> {
    let entry = text.parse().map(Position::At);
    entry
        .or_else(|_| text.parse().map(Position::Time))
        .map_err(|_: events_core::ParseTimeError| {
            Failure::Usage(format!(
                "`{option}` is `{}`, expected the id of an entry such as `1795376013252-0` or `17`, or a time in UTC such as \
                 `2026-11-25T08:00:00Z`",
                text.escape_debug()
            ))
        })
}

/// Parses a time in UTC.
pub(super) fn time(option: &str, text: &str) -> Result<Timestamp, Failure> {
    text.parse().map_err(|error| {
        Failure::Usage(format!(
            "`{option}` is `{}`, expected a time in UTC such as `2026-11-25T08:00:00Z` ({error})",
            text.escape_debug()
        ))
    })
}
