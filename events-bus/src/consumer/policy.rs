//! Retry policy: decides what becomes of a receiver that failed.

use std::error::Error;
use std::fmt::Display;
use std::time::Duration;

use events_core::delivery;

use crate::config::RetryPolicy;
use crate::worker::catch;

/// Maximum length of a stored error in bytes.
const ERROR_LIMIT: usize = 2000;

/// A failed attempt of a receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    /// Text of the error.
    pub(super) error: Box<str>,
    is_permanent: bool,
    retry_after: Option<Duration>,
}

impl Failure {
    /// Creates the failure of a receiver that returned an error.
    pub(super) fn error(error: &(dyn Error + 'static)) -> Self {
        Self {
            error: text(error),
            is_permanent: delivery::is_permanent(error),
            retry_after: delivery::retry_after(error),
        }
    }

    /// Creates the failure of a receiver that panicked.
    pub(super) fn panic(message: &str) -> Self {
        Self::other(format_args!("panicked: {message}"))
    }

    /// Creates the failure of a receiver that said nothing about retries.
    pub(super) fn other(error: impl Display) -> Self {
        Self {
            error: text(&error),
            is_permanent: false,
            retry_after: None,
        }
    }
}

/// Returns the text of an error, cut to the limit. A foreign `Display` may panic.
fn text(error: &dyn Display) -> Box<str> {
    let mut text = catch(|| error.to_string())
        .ok()
        .unwrap_or_else(|| "(an error whose `Display` panics)".to_owned());
    if text.len() > ERROR_LIMIT {
        text.truncate(text.floor_char_boundary(ERROR_LIMIT));
        text.push('…');
    }
    text.into()
}

/// Verdict on a receiver that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The receiver is retried after this delay.
    Retry(Duration),
    /// The receiver failed `max_attempts` times.
    Exhausted,
    /// The receiver returned a permanent error.
    Permanent,
}

/// Decides about a receiver that has now failed `attempts` times, the last time with this failure.
pub(super) fn verdict(policy: &RetryPolicy, attempts: u32, failure: &Failure) -> Verdict {
    if failure.is_permanent {
        return Verdict::Permanent;
    }
    if attempts >= policy.max_attempts {
        return Verdict::Exhausted;
    }
    let asked = failure.retry_after;
    Verdict::Retry(asked.unwrap_or_else(|| with_jitter(policy, delay(policy, attempts))))
}

/// Returns the delay after a number of failures: it grows by the multiplier up to the maximum.
fn delay(policy: &RetryPolicy, attempts: u32) -> Duration {
    let factor = f64::from(policy.multiplier_percent) / 100.0;
    let steps = i32::try_from(attempts.saturating_sub(1)).unwrap_or(i32::MAX);
    let seconds = policy.first_delay.as_secs_f64() * factor.powi(steps);
    let longest = policy.max_delay.as_secs_f64();
    // An overflow gives an infinite number, which is a long delay.
    Duration::try_from_secs_f64(seconds.min(longest)).unwrap_or(policy.max_delay)
}

/// Shortens a delay at random, so that receivers that failed together are not retried together.
fn with_jitter(policy: &RetryPolicy, delay: Duration) -> Duration {
    let spread = f64::from(policy.jitter_percent.min(100)) / 100.0;
    delay.mul_f64(1.0 - spread * fastrand::f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> RetryPolicy {
        RetryPolicy {
            max_attempts: 5,
            first_delay: Duration::from_secs(1),
            max_delay: Duration::from_secs(5),
            multiplier_percent: 200,
            jitter_percent: 0,
        }
    }

    #[test]
    fn delays_double_up_to_the_longest() {
        let seconds = |attempts| match verdict(&policy(), attempts, &Failure::other("no")) {
            Verdict::Retry(delay) => delay.as_secs(),
            other => panic!("{other:?}"),
        };
        assert_eq!([1, 2, 3, 4].map(seconds), [1, 2, 4, 5]);
        assert_eq!(
            verdict(&policy(), 5, &Failure::other("no")),
            Verdict::Exhausted
        );
    }

    #[test]
    fn jitter_only_shortens() {
        let mut policy = policy();
        policy.jitter_percent = 50;
        for _ in 0..1000 {
            let Verdict::Retry(delay) = verdict(&policy, 2, &Failure::other("no")) else {
                panic!("two of five attempts are not all");
            };
            assert!(delay > Duration::from_secs(1) && delay <= Duration::from_secs(2));
        }
    }

    #[test]
    fn huge_numbers_are_the_longest_delay() {
        let mut policy = policy();
        policy.max_attempts = u32::MAX;
        policy.multiplier_percent = 100_000;
        assert_eq!(
            verdict(&policy, u32::MAX - 1, &Failure::other("no")),
            Verdict::Retry(Duration::from_secs(5))
        );
    }

    #[test]
    fn receivers_have_a_say() {
        let permanent = events_core::PermanentError::new("there is no such user");
        assert_eq!(
            verdict(&policy(), 1, &Failure::error(&permanent)),
            Verdict::Permanent
        );
        let later = events_core::RetryAfter::new(Duration::from_secs(90), "throttled");
        assert_eq!(
            verdict(&policy(), 1, &Failure::error(&later)),
            Verdict::Retry(Duration::from_secs(90))
        );
        assert_eq!(
            verdict(&policy(), 5, &Failure::error(&later)),
            Verdict::Exhausted
        );
    }

    #[test]
    fn long_and_hostile_errors_are_cut() {
        struct Hostile;
        impl Display for Hostile {
            fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                panic!("no text")
            }
        }
        assert!(Failure::other(Hostile).error.contains("panics"));
        let long = "é".repeat(5000);
        assert!(Failure::other(long).error.len() <= ERROR_LIMIT + '…'.len_utf8());
    }
}
