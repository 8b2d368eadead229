//! What a receiver's error says about trying again.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use events_core::delivery::{is_permanent, retry_after};
use events_core::{BoxError, Outcome, PermanentError, RetryAfter, event, testing};

#[event(type = "org.example.tests.retries.lone.v1")]
struct Lone {}

/// Hides the type of what it holds and shows its sources, as boxed errors of `anyhow` do.
#[derive(Debug)]
struct Hidden<E>(E);

impl<E: Error> fmt::Display for Hidden<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl<E: Error> Error for Hidden<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

#[derive(Debug)]
struct Context(BoxError);

impl fmt::Display for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no invoice")
    }
}

impl Error for Context {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}

#[test]
fn an_error_says_what_trying_again_is_good_for() {
    let permanent = || PermanentError::new(fmt::Error);
    let later = || RetryAfter::new(Duration::from_secs(7), "the printer is busy");

    assert!(is_permanent(&permanent()));
    assert!(is_permanent(&Hidden(permanent())));
    assert!(is_permanent(&Context(permanent().into())));
    assert!(is_permanent(&Context(Box::new(Hidden(permanent())))));
    assert!(is_permanent(&RetryAfter::new(Duration::ZERO, permanent())));
    assert!(!is_permanent(&later()) && !is_permanent(&Context("lost".into())));

    let seven = Some(Duration::from_secs(7));
    assert_eq!(retry_after(&later()), seven);
    assert_eq!(retry_after(&Hidden(later())), seven);
    assert_eq!(retry_after(&Context(later().into())), seven);
    assert_eq!(retry_after(&PermanentError::new(later())), seven);
    assert_eq!(
        retry_after(&RetryAfter::new(
            Duration::from_secs(7),
            RetryAfter::new(Duration::ZERO, "x")
        )),
        seven
    );
    assert_eq!(retry_after(&permanent()), None);

    assert_eq!(permanent().to_string(), fmt::Error.to_string());
    assert_eq!(later().to_string(), "the printer is busy");
    assert_eq!(later().after(), Duration::from_secs(7));
    assert!(permanent().into_inner().is::<fmt::Error>());
    assert_eq!(later().into_inner().to_string(), "the printer is busy");
    let permanent = permanent();
    let chain = std::iter::successors(Some(&permanent as &dyn Error), |error| (*error).source());
    let chain: Vec<_> = chain.map(ToString::to_string).collect();
    assert_eq!(chain.len(), 3, "{chain:?}");
    assert_eq!(chain[1], "trying again does not help");
}

#[test]
fn what_an_error_says_is_found_in_responses() {
    let _scope = testing::scope();
    let _permanent = LONE.connect_with("permanent", 1, |_| {
        Err(PermanentError::new("no such customer"))
    });
    let _busy = LONE.connect_with("busy", 2, |_| {
        Err::<(), BoxError>(RetryAfter::new(Duration::from_millis(5), "busy").into())
    });
    let responses = LONE.send_event(Lone {});
    let meaning: Vec<_> = responses
        .failures()
        .map(|failure| match failure.outcome() {
            Outcome::Failed(error) => (is_permanent(error), retry_after(error)),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        meaning,
        [(true, None), (false, Some(Duration::from_millis(5)))]
    );
}
