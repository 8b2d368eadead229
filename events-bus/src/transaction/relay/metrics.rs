//! Measurements of a relay, through the facade of the crate `metrics`. The book lists the names (*Operating a bus*).

use std::time::Duration;

use metrics::{Counter, Gauge, Label};

use super::RelayState;

pub(super) struct RelayMetrics {
    sent: Counter,
    failures: Counter,
    quarantined: Counter,
    waiting: Gauge,
    oldest: Gauge,
    in_quarantine: Gauge,
    states: [(&'static str, Gauge); 4],
}

impl RelayMetrics {
    pub(super) fn new(outbox: &str) -> Self {
        let labels = || vec![Label::new("outbox", outbox.to_owned())];
        let state = |state: &'static str| {
            let mut labels = labels();
            labels.push(Label::from_static_parts("state", state));
            (state, metrics::gauge!("events_bus_relay_state", labels))
        };
        Self {
            sent: metrics::counter!("events_bus_relay_sent_total", labels()),
            failures: metrics::counter!("events_bus_relay_failures_total", labels()),
            quarantined: metrics::counter!("events_bus_relay_quarantined_total", labels()),
            waiting: metrics::gauge!("events_bus_relay_waiting_rows", labels()),
            oldest: metrics::gauge!("events_bus_relay_oldest_waiting_seconds", labels()),
            in_quarantine: metrics::gauge!("events_bus_relay_quarantined_rows", labels()),
            states: ["starting", "leading", "standby", "unreachable"].map(state),
        }
    }

    /// Counts rows that were sent.
    pub(super) fn sent(&self, rows: usize) {
        self.sent.increment(rows as u64);
    }

    /// Counts an attempt that a destination did not take.
    pub(super) fn failed(&self) {
        self.failures.increment(1);
    }

    pub(super) fn quarantined(&self) {
        self.quarantined.increment(1);
    }

    /// Sets the gauge of the state to 1 and the others to 0.
    pub(super) fn state(&self, state: RelayState) {
        for (name, gauge) in &self.states {
            gauge.set(if *name == state.as_str() { 1.0 } else { 0.0 });
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
    pub(super) fn status(&self, waiting: u64, oldest: Option<Duration>, quarantined: u64) {
        self.waiting.set(waiting as f64);
        self.oldest
            .set(oldest.map_or(0.0, |oldest| oldest.as_secs_f64()));
        self.in_quarantine.set(quarantined as f64);
    }
}
