//! Throttle for logs, which writes a line per kind of fault and second: a full disk must not fill the log as well.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Milliseconds between two lines of one call site.
const INTERVAL: u64 = 1000;

/// A limit of one log line per second, with a count of the lines it suppressed.
///
/// Meant as a `static` per call site; see [`throttled!`]. Takes no lock.
pub(crate) struct Throttle {
    /// The time, on [`clock`], from which the next line is allowed.
    next: AtomicU64,
    /// Number of lines suppressed since the last one that was allowed.
    suppressed: AtomicU64,
}

impl Throttle {
    /// Creates a throttle that allows the first line at once.
    pub(crate) const fn new() -> Self {
        Self {
            next: AtomicU64::new(0),
            suppressed: AtomicU64::new(0),
        }
    }

    /// Returns the number of lines suppressed since the last allowed one, or `None` if this line must be suppressed.
    pub(crate) fn allow(&self) -> Option<u64> {
        self.allow_at(clock())
    }

    fn allow_at(&self, now: u64) -> Option<u64> {
        let next = self.next.load(Ordering::Relaxed);
        // Of several threads that arrive at once, one wins the exchange and writes the line.
        let is_allowed = now >= next
            && self
                .next
                .compare_exchange(next, now + INTERVAL, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        if is_allowed {
            Some(self.suppressed.swap(0, Ordering::Relaxed))
        } else {
            self.suppressed.fetch_add(1, Ordering::Relaxed);
            None
        }
    }
}

/// Returns the milliseconds since the first call in this process.
fn clock() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    let elapsed = START.get_or_init(Instant::now).elapsed();
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX - INTERVAL)
}

/// Logs at most one line per second for this call site: `throttled!(warn, target: "events_bus::…", topic, %error, "message")`.
///
/// Adds the field `suppressed` if earlier lines were suppressed. Lines of a fault that has stopped are counted with the next one.
macro_rules! throttled {
    ($level:ident, target: $target:expr, $($line:tt)+) => {{
        static THROTTLE: $crate::throttle::Throttle = $crate::throttle::Throttle::new();
        match THROTTLE.allow() {
            None => {}
            Some(0) => ::tracing::$level!(target: $target, $($line)+),
            Some(suppressed) => ::tracing::$level!(target: $target, suppressed, $($line)+),
        }
    }};
}
pub(crate) use throttled;

#[cfg(test)]
mod tests {
    use std::fmt::{Debug, Write as _};
    use std::sync::{Arc, Mutex};

    use tracing::field::{Field, Visit};
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Metadata, Subscriber};

    use super::*;

    #[test]
    fn one_line_per_second_is_allowed() {
        let throttle = Throttle::new();
        assert_eq!(throttle.allow_at(5), Some(0));
        assert_eq!(throttle.allow_at(5), None);
        assert_eq!(throttle.allow_at(1004), None);
        assert_eq!(throttle.allow_at(1005), Some(2));
        assert_eq!(throttle.allow_at(1006), None);
        assert_eq!(throttle.allow_at(9000), Some(1));
        assert_eq!(throttle.allow_at(10_000), Some(0));
    }

    #[test]
    fn no_line_is_allowed_twice_and_none_is_uncounted() {
        let throttle = Throttle::new();
        let allowed: Vec<Option<u64>> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| (0..1000).map(|_| throttle.allow_at(7)).collect::<Vec<_>>())
                })
                .collect();
            threads
                .into_iter()
                .flat_map(|thread| thread.join().unwrap_or_default())
                .collect()
        });
        assert_eq!(allowed.iter().flatten().collect::<Vec<_>>(), [&0]);
        assert_eq!(throttle.allow_at(2000), Some(7999));
    }

    /// A subscriber that keeps every line.
    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<String>>>);

    struct Line(String);

    impl Visit for Line {
        fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
            let _ = write!(self.0, " {}={value:?}", field.name());
        }
    }

    impl Subscriber for Lines {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }
        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }
        fn record(&self, _: &Id, _: &Record<'_>) {}
        fn record_follows_from(&self, _: &Id, _: &Id) {}
        fn event(&self, event: &Event<'_>) {
            let mut line = Line(event.metadata().target().to_owned());
            event.record(&mut line);
            if let Ok(mut lines) = self.0.lock() {
                lines.push(line.0);
            }
        }
        fn enter(&self, _: &Id) {}
        fn exit(&self, _: &Id) {}
    }

    #[test]
    fn a_line_says_how_many_were_suppressed() {
        let fail =
            |topic: &str| throttled!(warn, target: "events_bus::test", topic, "the disk is full");
        let lines = Lines::default();
        tracing::subscriber::with_default(lines.clone(), || {
            for _ in 0..100 {
                fail("orders");
            }
            std::thread::sleep(std::time::Duration::from_millis(INTERVAL + 50));
            fail("orders");
        });
        let lines = lines.0.lock().map(|lines| lines.clone());
        assert_eq!(
            lines.unwrap_or_default(),
            [
                "events_bus::test message=the disk is full topic=\"orders\"",
                "events_bus::test message=the disk is full suppressed=99 topic=\"orders\"",
            ]
        );
    }
}
