//! Growing delays between attempts at something that does not answer.

use std::time::Duration;

/// Doubles up to the longest; each delay is shortened by up to a half, so that many who wait do not come back together.
#[derive(Debug, Clone)]
pub(crate) struct Backoff {
    first: Duration,
    longest: Duration,
    next: Duration,
}

impl Backoff {
    pub(crate) const fn new(first: Duration, longest: Duration) -> Self {
        Self {
            first,
            longest,
            next: first,
        }
    }

    /// The next delay.
    pub(crate) fn next(&mut self) -> Duration {
        let delay = self.next;
        self.next = self.next.saturating_mul(2).min(self.longest);
        delay.mul_f64(0.5 + fastrand::f64() / 2.0)
    }

    /// It answered: the next delay is the first again.
    pub(crate) const fn reset(&mut self) {
        self.next = self.first;
    }
}
