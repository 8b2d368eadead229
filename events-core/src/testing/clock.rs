//! The clock of a scope, and where its ids come from.

use core::time::Duration;
use std::borrow::Cow;

use uuid::Uuid;

use crate::metadata::{EventMetadata, unfixed_source};
use crate::time::Timestamp;

#[derive(Default)]
pub(super) struct Clock {
    stopped: Option<Timestamp>,
    counted_ids: Option<u64>,
    /// The source that events name, where it is not that of the process.
    source: Option<String>,
}

impl Clock {
    pub(super) fn stop(&mut self, time: Timestamp) {
        self.stopped = Some(time);
    }

    /// Whether there was a stopped clock, and a time to move it to.
    pub(super) fn advance(&mut self, by: Duration) -> bool {
        let micros = i64::try_from(by.as_micros()).ok();
        let moved = self
            .stopped
            .zip(micros)
            .and_then(|(time, by)| Timestamp::from_micros(time.as_micros().checked_add(by)?));
        if moved.is_some() {
            self.stopped = moved;
        }
        moved.is_some()
    }

    pub(super) fn count_ids(&mut self) {
        self.counted_ids = Some(0);
    }

    /// Sets the source, if none was set. Gives back the one that counts.
    pub(super) fn source(&mut self, source: String) -> &str {
        self.source.get_or_insert(source)
    }

    pub(super) fn metadata(
        &mut self,
        event_type: Cow<'static, str>,
        minor_version: i64,
    ) -> EventMetadata {
        let time = self.stopped.unwrap_or_else(crate::clock::now);
        let source = self.source.clone().unwrap_or_else(unfixed_source);
        let metadata = EventMetadata::in_scope(event_type, minor_version, time, source);
        match &mut self.counted_ids {
            Some(count) => {
                *count += 1;
                // The bits of version 7 and of the variant, as RFC 9562 has them; the rest counts.
                metadata.with_id(Uuid::from_u64_pair(0x7000, 0x8000_0000_0000_0000 | *count))
            }
            None => metadata,
        }
    }
}
