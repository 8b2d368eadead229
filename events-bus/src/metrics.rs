//! Metrics, through the facade of the crate `metrics`. A program installs a recorder before it starts the bus.
//!
//! The names are a promise, and are listed in the book (*Operating a bus*). No label holds payload.

use std::fmt;
use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, Label};

use crate::producer::numbered::Incident;
use crate::transport::{DeadReason, Settlement};

fn labels(pairs: &[(&'static str, &str)]) -> Vec<Label> {
    pairs
        .iter()
        .map(|(name, value)| Label::new(*name, (*value).to_owned()))
        .collect()
}

/// Metrics of a topic that a consumer reads.
pub(crate) struct ConsumerMetrics {
    handled: Counter,
    failed: Counter,
    retried: Counter,
    dead: Vec<(DeadReason, Counter)>,
    settled: Counter,
    abandoned: Counter,
    duplicates: Counter,
    unheard: Counter,
    skipped: Counter,
    seconds: Histogram,
    parked: Gauge,
    dead_letter_entries: Gauge,
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
        let of_topic = vec![Label::new("topic", topic.to_owned())];
        Self {
            handled: metrics::counter!("events_bus_handled_total", labels()),
            failed: metrics::counter!("events_bus_failed_total", labels()),
            retried: metrics::counter!("events_bus_retried_total", labels()),
            dead: dead.into(),
            settled: metrics::counter!("events_bus_settled_total", labels()),
            abandoned: metrics::counter!("events_bus_abandoned_receivers_total", labels()),
            duplicates: metrics::counter!("events_bus_duplicates_total", labels()),
            unheard: metrics::counter!("events_bus_unheard_total", labels()),
            skipped: metrics::counter!("events_bus_skipped_total", labels()),
            seconds: metrics::histogram!("events_bus_handling_seconds", labels()),
            parked: metrics::gauge!("events_bus_parked_deliveries", labels()),
            dead_letter_entries: metrics::gauge!("events_bus_dead_letter_entries", of_topic),
            lag: metrics::gauge!("events_bus_lag_entries", labels()),
            oldest: metrics::gauge!("events_bus_oldest_unhandled_seconds", labels()),
        }
    }

    /// Counts receivers that handled an event, in this time.
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

    /// Counts receivers that have handled the event in another entry.
    pub(crate) fn duplicates(&self, receivers: usize) {
        self.duplicates.increment(receivers as u64);
    }

    pub(crate) fn abandoned(&self) {
        self.abandoned.increment(1);
    }

    /// Counts an event of a known type that has no receiver.
    pub(crate) fn unheard(&self) {
        self.unheard.increment(1);
    }

    /// Counts an event of an unknown type that was skipped.
    pub(crate) fn skipped(&self) {
        self.skipped.increment(1);
    }

    pub(crate) fn settled(&self, settlements: &[Settlement]) {
        self.settled.increment(settlements.len() as u64);
    }

    #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
    pub(crate) fn dead_letter_entries(&self, letters: u64) {
        self.dead_letter_entries.set(letters as f64);
    }

    #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
    pub(crate) fn progress(&self, lag: Option<u64>, oldest: Option<Duration>, parked: u64) {
        if let Some(lag) = lag {
            self.lag.set(lag as f64);
        }
        self.oldest
            .set(oldest.map_or(0.0, |oldest| oldest.as_secs_f64()));
        self.parked.set(parked as f64);
    }
}

impl fmt::Debug for ConsumerMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConsumerMetrics")
    }
}

/// Metrics of a topic that is published to.
pub(crate) struct ProducerMetrics {
    sent: Counter,
    refused: Counter,
    published: Counter,
    passed_over: Counter,
    republished: Counter,
    lost: Counter,
    new_incarnations: Counter,
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
            passed_over: metrics::counter!("events_bus_passed_over_total", labels()),
            republished: metrics::counter!("events_bus_republished_total", labels()),
            lost: metrics::counter!("events_bus_lost_total", labels()),
            new_incarnations: metrics::counter!("events_bus_new_incarnations_total", labels()),
            publish_failures: metrics::counter!("events_bus_publish_failures_total", labels()),
            outbox: metrics::gauge!("events_bus_outbox_entries", labels()),
        }
    }

    /// Counts events that the outbox, or the transport itself, took.
    pub(crate) fn sent(&self, count: usize) {
        self.sent.increment(count as u64);
    }

    /// Counts an event that the outbox did not take.
    pub(crate) fn refused(&self) {
        self.refused.increment(1);
    }

    /// Counts records that became entries, and records that were there already.
    pub(crate) fn published(&self, new: usize, passed_over: usize) {
        self.published.increment(new as u64);
        self.passed_over.increment(passed_over as u64);
    }

    /// Counts something that a publisher repaired.
    pub(crate) fn incident(&self, incident: Incident) {
        match incident {
            Incident::NewIncarnation => self.new_incarnations.increment(1),
            Incident::Republished(count) => self.republished.increment(count),
            Incident::Lost(count) => self.lost.increment(count),
        }
    }

    /// Counts a failed attempt to publish.
    pub(crate) fn publish_failed(&self) {
        self.publish_failures.increment(1);
    }

    /// Sets the number of waiting events.
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
