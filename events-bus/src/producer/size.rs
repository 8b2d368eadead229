//! Size limits of events and batches.

use std::fmt;

/// Maximum sum of [`Record::size`](crate::Record::size) in one batch, in bytes. A batch of one record may be larger.
pub(crate) const BATCH_BYTES: usize = 8 << 20;

/// Checks the size of an event. Every place that takes events calls this before it stores anything.
///
/// # Errors
/// Returns an error if `size`, in bytes, is above `limit`.
pub(crate) fn check(event_type: &str, size: usize, limit: usize) -> Result<(), EventTooLarge> {
    if size <= limit {
        return Ok(());
    }
    Err(EventTooLarge {
        event_type: event_type.into(),
        size,
        limit,
    })
}

/// An event is larger than the limit. Nothing was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EventTooLarge {
    event_type: Box<str>,
    size: usize,
    limit: usize,
}

impl fmt::Display for EventTooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "event `{}` has {} bytes, and the limit is {}; nothing was stored: send less data, such as a link to it, or raise \
             `bus.max_event_bytes`",
            self.event_type, self.size, self.limit
        )
    }
}

impl std::error::Error for EventTooLarge {}

/// Returns how many of the first items fit into a batch: at most `max_records`, and at most [`BATCH_BYTES`] or one item.
pub(crate) fn batch_len(sizes: impl IntoIterator<Item = usize>, max_records: usize) -> usize {
    let mut bytes = 0_usize;
    let fits = |(index, size): &(usize, usize)| {
        bytes = bytes.saturating_add(*size);
        *index == 0 || bytes <= BATCH_BYTES
    };
    let sizes = sizes.into_iter().take(max_records).enumerate();
    sizes.take_while(fits).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_bounded_by_count_and_bytes() {
        assert_eq!(batch_len([], 10), 0);
        assert_eq!(batch_len([1; 20], 10), 10);
        assert_eq!(batch_len([BATCH_BYTES + 1, 1], 10), 1);
        assert_eq!(batch_len([1, BATCH_BYTES], 10), 1);
        assert_eq!(batch_len([BATCH_BYTES / 2, BATCH_BYTES / 2, 1], 10), 2);
        assert_eq!(batch_len([usize::MAX, usize::MAX], 10), 1);
    }

    #[test]
    fn the_error_names_what_to_change() {
        assert_eq!(check("a.b.c", 10, 10), Ok(()));
        let error = check("a.b.c", 11, 10).map_err(|error| error.to_string());
        let text = "event `a.b.c` has 11 bytes, and the limit is 10; nothing was stored: send less data, such as a link to it, \
                    or raise `bus.max_event_bytes`";
        assert_eq!(error, Err(text.to_owned()));
    }
}
