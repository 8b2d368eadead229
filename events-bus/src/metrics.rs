//! What is measured, through the facade of the crate `metrics`. A program installs a recorder before it starts the bus.
//!
//! The names are a promise, and are listed in the book (*Operating a bus*). No label holds payload.

use std::fmt;
use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, Label};

use crate::transport::{DeadReason, Settlement};

fn labels(pairs: &[(&'static str, &str)]) -> Vec<Label> {
    pairs
        .iter()
        .map(|(name, value)| Label::new(*name, (*value).to_owned()))
        .collect()
}

/// Of a topic that a consumer reads.
pub(crate) struct ConsumerMetrics {
    handled: Counter,
    failed: Counter,
    retried: Counter,
    dead: Vec<(DeadReason, Counter)>,
    settled: Counter,
    abandoned: Counter,
    duplicates: Counter,
    seconds: Histogram,
    waiting: Gauge,
    lag: Gauge,
    oldest: Gauge,
}

impl ConsumerMetrics {
    pub(crate) fn new(topic: &str, group: &str) -> Self {
        let labels = || labels(&[("topic", topic), ("group", group)]);
        let dead = DeadReason::ALL.map(|reason| {
            let mut labels = labels();
            labels.push(Label::from_static_parts("reason", reason.as_str()));
            (
                reason,
                metrics::counter!("events_bus_dead_letters_total", labels),
            )
        });
        Self {
            handled: metrics::counter!("events_bus_handled_total", labels()),
            failed: metrics::counter!("events_bus_failed_total", labels()),
            retried: metrics::counter!("events_bus_retried_total", labels()),
            dead: dead.into(),
            settled: metrics::counter!("events_bus_settled_total", labels()),
            abandoned: metrics::counter!("events_bus_abandoned_receivers_total", labels()),
            duplicates: metrics::counter!("events_bus_duplicates_total", labels()),
            seconds: metrics::histogram!("events_bus_handling_seconds", labels()),
            waiting: metrics::gauge!("events_bus_waiting_entries", labels()),
            lag: metrics::gauge!("events_bus_lag_entries", labels()),
            oldest: metrics::gauge!("events_bus_oldest_unhandled_seconds", labels()),
        }
    }

    /// So many receivers handled an event, in this time.
    pub(crate) fn handled(&self, receivers: usize, time: Duration) {
        self.handled.increment(receivers as u64);
        self.seconds.record(time);
    }

    pub(crate) fn failed(&self) {
        self.failed.increment(1);
    }

    pub(crate) fn retried(&self) {
        self.retried.increment(1);
    }

    pub(crate) fn dead(&self, reason: DeadReason) {
        for (known, counter) in &self.dead {
            if *known == reason {
                counter.increment(1);
            }
        }
    }

    /// Receivers that have handled the event in another entry.
    pub(crate) fn duplicates(&self, receivers: usize) {
        self.duplicates.increment(receivers as u64);
    }

    pub(crate) fn abandoned(&self) {
        self.abandoned.increment(1);
    }

    pub(crate) fn settled(&self, settlements: &[Settlement]) {
        let finished = settlements.iter().filter(|settlement| settlement.finished);
        self.settled.increment(finished.count() as u64);
    }

    #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
    pub(crate) fn standing(&self, lag: Option<u64>, oldest: Option<Duration>, waiting: usize) {
        if let Some(lag) = lag {
            self.lag.set(lag as f64);
        }
        self.oldest
            .set(oldest.map_or(0.0, |oldest| oldest.as_secs_f64()));
        self.waiting.set(waiting as f64);
    }
}

impl fmt::Debug for ConsumerMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConsumerMetrics")
    }
}

/// Of a topic that is published to.
pub(crate) struct ProducerMetrics {
    sent: Counter,
    refused: Counter,
    published: Counter,
    publish_failures: Counter,
    outbox: Gauge,
}

impl ProducerMetrics {
    pub(crate) fn new(topic: &str) -> Self {
        let labels = || labels(&[("topic", topic)]);
        Self {
            sent: metrics::counter!("events_bus_sent_total", labels()),
            refused: metrics::counter!("events_bus_refused_total", labels()),
            published: metrics::counter!("events_bus_published_total", labels()),
            publish_failures: metrics::counter!("events_bus_publish_failures_total", labels()),
            outbox: metrics::gauge!("events_bus_outbox_entries", labels()),
        }
    }

    /// The outbox took events, or the transport itself.
    pub(crate) fn sent(&self, count: usize) {
        self.sent.increment(count as u64);
    }

    /// The outbox did not take it.
    pub(crate) fn refused(&self) {
        self.refused.increment(1);
    }

    pub(crate) fn published(&self, count: usize) {
        self.published.increment(count as u64);
    }

    pub(crate) fn publish_failed(&self) {
        self.publish_failures.increment(1);
    }

    #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
    pub(crate) fn outbox(&self, entries: u64) {
        self.outbox.set(entries as f64);
    }
}

impl fmt::Debug for ProducerMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProducerMetrics")
    }
}

/// Of the outbox of a database that a relay reads.
pub(crate) struct RelayMetrics {
    sent: Counter,
    failures: Counter,
    set_aside: Counter,
    waiting: Gauge,
    oldest: Gauge,
    aside: Gauge,
}

impl RelayMetrics {
    pub(crate) fn new(outbox: &str) -> Self {
        let labels = || labels(&[("outbox", outbox)]);
        Self {
            sent: metrics::counter!("events_bus_relay_sent_total", labels()),
            failures: metrics::counter!("events_bus_relay_failures_total", labels()),
            set_aside: metrics::counter!("events_bus_relay_set_aside_total", labels()),
            waiting: metrics::gauge!("events_bus_relay_waiting_rows", labels()),
            oldest: metrics::gauge!("events_bus_relay_oldest_waiting_seconds", labels()),
            aside: metrics::gauge!("events_bus_relay_set_aside_rows", labels()),
        }
    }

    pub(crate) fn sent(&self) {
        self.sent.increment(1);
    }

    /// Whoever was to keep an event has not taken it.
    pub(crate) fn failed(&self) {
        self.failures.increment(1);
    }

    pub(crate) fn set_aside(&self) {
        self.set_aside.increment(1);
    }

    #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
    pub(crate) fn standing(&self, waiting: u64, oldest: Option<Duration>, set_aside: u64) {
        self.waiting.set(waiting as f64);
        self.oldest
            .set(oldest.map_or(0.0, |oldest| oldest.as_secs_f64()));
        self.aside.set(set_aside as f64);
    }
}

impl fmt::Debug for RelayMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RelayMetrics")
    }
}
