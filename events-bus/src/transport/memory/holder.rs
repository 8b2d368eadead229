//! The consumer that holds an entry, in memory.

use std::sync::Arc;
use std::time::{Duration, Instant};

/// The consumer that holds an entry or a parked delivery, and how often it was handed out.
pub(super) struct Holder {
    /// Empty without a holder.
    pub(super) consumer: Arc<str>,
    pub(super) touched: Instant,
    pub(super) deliveries: u64,
    pub(super) trials: u32,
}

impl Holder {
    pub(super) fn nobody(now: Instant) -> Self {
        Self {
            consumer: Arc::from(""),
            touched: now,
            deliveries: 0,
            trials: 0,
        }
    }

    /// Returns `true` if a consumer may take it: it is free, or was not touched for `idle`.
    pub(super) fn is_free(&self, consumer: &str, own: bool, idle: Duration, now: Instant) -> bool {
        if self.consumer.is_empty() {
            return true;
        }
        if *self.consumer == *consumer {
            return own;
        }
        now.duration_since(self.touched) >= idle
    }

    pub(super) fn take(&mut self, consumer: &Arc<str>, now: Instant) {
        self.consumer = Arc::clone(consumer);
        self.touched = now;
        self.deliveries += 1;
    }

    /// Gives it back: the delivery and its trial mark do not count.
    pub(super) fn release(&mut self, nobody: &Arc<str>) {
        self.consumer = Arc::clone(nobody);
        self.deliveries = self.deliveries.saturating_sub(1);
        self.trials = self.trials.saturating_sub(1);
    }
}
