//! When a receiver is tried again.

use std::error::Error;
use std::time::Duration;

use events_core::delivery;

use crate::config::RetryPolicy;

/// What is to become of a receiver that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Try it again after this time.
    Again(Duration),
    /// It failed as often as it may.
    Exhausted,
    /// It said that trying again is of no use.
    Permanent,
}

/// What becomes of a receiver that has now failed `attempts` times, this time with an error, or with a panic.
pub(super) fn verdict(
    policy: &RetryPolicy,
    attempts: u32,
    error: Option<&(dyn Error + 'static)>,
) -> Verdict {
    if error.is_some_and(delivery::is_permanent) {
        return Verdict::Permanent;
    }
    if attempts >= policy.max_attempts {
        return Verdict::Exhausted;
    }
    let asked = error.and_then(delivery::retry_after);
    Verdict::Again(asked.unwrap_or_else(|| with_jitter(policy, delay(policy, attempts))))
}

/// The delay after so many failures: it grows by the multiplier, up to the longest.
fn delay(policy: &RetryPolicy, attempts: u32) -> Duration {
    let factor = f64::from(policy.multiplier_percent) / 100.0;
    let steps = i32::try_from(attempts.saturating_sub(1)).unwrap_or(i32::MAX);
    let seconds = policy.first_delay.as_secs_f64() * factor.powi(steps);
    let longest = policy.max_delay.as_secs_f64();
    // What is no number, after an overflow, is long.
    Duration::try_from_secs_f64(seconds.min(longest)).unwrap_or(policy.max_delay)
}

/// Spreads the delays, so that what failed together is not tried again together.
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
        let seconds = |attempts| match verdict(&policy(), attempts, None) {
            Verdict::Again(delay) => delay.as_secs(),
            other => panic!("{other:?}"),
        };
        assert_eq!([1, 2, 3, 4].map(seconds), [1, 2, 4, 5]);
        assert_eq!(verdict(&policy(), 5, None), Verdict::Exhausted);
    }

    #[test]
    fn jitter_only_shortens() {
        let mut policy = policy();
        policy.jitter_percent = 50;
        for _ in 0..1000 {
            let Verdict::Again(delay) = verdict(&policy, 2, None) else {
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
            verdict(&policy, u32::MAX - 1, None),
            Verdict::Again(Duration::from_secs(5))
        );
    }

    #[test]
    fn receivers_have_a_say() {
        let permanent = events_core::PermanentError::new("there is no such user");
        assert_eq!(verdict(&policy(), 1, Some(&permanent)), Verdict::Permanent);
        let later = events_core::RetryAfter::new(Duration::from_secs(90), "throttled");
        assert_eq!(
            verdict(&policy(), 1, Some(&later)),
            Verdict::Again(Duration::from_secs(90))
        );
        assert_eq!(verdict(&policy(), 5, Some(&later)), Verdict::Exhausted);
    }
}
