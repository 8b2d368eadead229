//! Housekeeping: looks after the executor, trims topics and dead letters, and measures.

use std::sync::Arc;
use std::time::{Duration, Instant};

use events_core::Timestamp;

use super::executor::Executor;
use super::source::Source;
use crate::config::TrimPolicy;
use crate::throttle::throttled;
use crate::transport::{DeadLetterLimits, Retention, TransportError, Trimmed, names};
use crate::worker::{Stop, catch};

/// Time between two looks at the executor.
const WATCH: Duration = Duration::from_millis(200);
/// Time between two rounds for a topic.
const ROUND: Duration = Duration::from_secs(15);
/// Time after which a round goes on for a topic that has more to trim.
const MORE: Duration = Duration::from_secs(1);
/// Longest time of one round.
const LONGEST: Duration = Duration::from_secs(1);

/// Amounts that stay in topics.
#[derive(Debug, Clone, Default)]
pub(crate) struct Keep {
    /// Retention of topics. `None` trims nothing.
    pub(crate) trim: Option<TrimPolicy>,
    /// Limits on dead letters.
    pub(crate) dead_letters: DeadLetterLimits,
}

impl Keep {
    fn retention(&self, topic: &str) -> Option<Retention> {
        let trim = self.trim.as_ref()?;
        // The work of durable receivers is of no use once it is done.
        Some(if names::is_internal(topic) {
            Retention::default()
        } else {
            trim.retention()
        })
    }
}

/// Topic with the time of its next round.
struct Round {
    source: Arc<Source>,
    next: Instant,
}

/// Keeps house until the sender of `stopped` is dropped.
pub(super) fn run(sources: &[Arc<Source>], executor: &Executor, keep: &Keep, stop: &Stop) {
    let mut rounds: Vec<_> = sources
        .iter()
        .map(|source| Round {
            source: Arc::clone(source),
            next: Instant::now(),
        })
        .collect();
    while !stop.sleep(WATCH) {
        let _ = catch(|| {
            executor.supervise();
            for round in &mut rounds {
                round.run(keep);
            }
        });
    }
}

impl Round {
    fn run(&mut self, keep: &Keep) {
        let began = Instant::now();
        // Only whoever reads the topic keeps house.
        if began < self.next || !self.source.is_reading() {
            return;
        }
        self.next = began + ROUND;
        match self.keep_house(keep, began) {
            Ok(true) => self.next = began + MORE,
            Ok(false) => {}
            Err(error) => {
                throttled!(
                    warn, target: "events_bus::consumer", topic = &*self.source.topic, %error, "cannot trim the topic, and retries"
                );
            }
        }
    }

    /// Returns `true` if there is more to trim.
    fn keep_house(&self, keep: &Keep, began: Instant) -> Result<bool, TransportError> {
        let Source {
            transport, topic, ..
        } = &*self.source;
        let mut trimmed = Trimmed::default();
        if let Some(retention) = keep.retention(topic) {
            loop {
                let part = transport.trim(topic, retention)?;
                trimmed.entries += part.entries;
                trimmed.unread += part.unread;
                trimmed.more = part.more;
                let goes_on = part.more && part.entries > 0 && !self.source.is_stopping();
                if !goes_on || began.elapsed() >= LONGEST {
                    break;
                }
            }
        }
        if trimmed.unread > 0 {
            throttled!(
                    warn, target: "events_bus::consumer", topic = &**topic, entries = trimmed.unread,
                "removed entries that a group had not handled, as `lose_unread_beyond` allows"
            );
        }
        if keep.dead_letters != DeadLetterLimits::default() {
            let removed = transport.trim_dead_letters(topic, keep.dead_letters)?;
            if removed > 0 {
                throttled!(
                    warn, target: "events_bus::consumer", topic = &**topic, dead_letters = removed,
                    "removed the oldest dead letters, beyond the limits of `bus.dead_letters`"
                );
            }
        }
        self.measure()?;
        Ok(trimmed.more)
    }

    fn measure(&self) -> Result<(), TransportError> {
        let source = &self.source;
        let Some(status) = source.transport.status(&source.topic)? else {
            return Ok(());
        };
        source.metrics.dead_letter_entries(status.dead_letters);
        let group = status
            .groups
            .iter()
            .find(|group| *group.group == *source.group);
        if let Some(group) = group {
            let age = group.oldest_unfinished.map(|at| {
                let micros = Timestamp::now().as_micros().saturating_sub(at.as_micros());
                Duration::from_micros(micros.max(0).unsigned_abs())
            });
            source.metrics.progress(group.lag(), age, group.parked);
        }
        Ok(())
    }
}
