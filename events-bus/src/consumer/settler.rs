//! Tells the transport what became of entries, in batches, and that the consumer is alive.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::lanes::Lanes;
use super::source::Source;
use crate::backoff::Backoff;
use crate::config::ConsumerConfig;
use crate::transport::{Settlement, Standing, TransportErrorKind};

/// How many settlements go into one call.
const BATCH: usize = 1000;

/// Settles until the source is closed and everything is settled, or the deadline of the stop has passed.
pub(super) fn run(source: &Arc<Source>, lanes: &Lanes, config: &ConsumerConfig) {
    let beat = config.lease / 3;
    let mut beaten = Instant::now();
    let mut backoff = Backoff::new(Duration::from_millis(20), Duration::from_secs(5));
    let mut rest: Vec<Settlement> = Vec::new();
    loop {
        if beaten.elapsed() >= beat {
            // Also while another consumer leads: what is due would not let this thread sleep.
            beaten = Instant::now();
            if source.is_reading() && !lanes.are_stuck() {
                heartbeat(source, config);
            }
        }
        if rest.is_empty() {
            let wait = beat.saturating_sub(beaten.elapsed());
            match source.take_settlements(wait.min(Duration::from_millis(500))) {
                Some(settlements) => rest = settlements,
                None => return,
            }
            if rest.is_empty() {
                continue;
            }
        }
        let count = rest.len().min(BATCH);
        match source
            .transport
            .settle(source.member(), &rest[..count], source.led)
        {
            Ok(()) => {
                backoff.reset();
                source.settled(&rest[..count]);
                source.metrics.settled(&rest[..count]);
                rest.drain(..count);
            }
            Err(error) if error.kind() == TransportErrorKind::LostLease => {
                tracing::warn!(
                    target: "events_bus::consumer", topic = &*source.topic, group = &*source.group, %error,
                    "another consumer has taken the lead: what was under way here is its affair now"
                );
                source.end();
                rest.clear();
            }
            Err(error) => {
                tracing::warn!(
                    target: "events_bus::consumer", topic = &*source.topic, group = &*source.group, %error,
                    entries = rest.len(), "settling failed, and is tried again"
                );
                if source.is_past_deadline() {
                    return;
                }
                source.pause_settling(backoff.next());
                if !source.is_reading() {
                    // Ended meanwhile: these are no longer ours to settle.
                    rest.clear();
                }
            }
        }
    }
}

/// Renews the lease, or the claim on what is under way.
fn heartbeat(source: &Arc<Source>, config: &ConsumerConfig) {
    let asked = Instant::now();
    let result = if source.led {
        source
            .transport
            .lead(source.member(), config.lease)
            .map(|standing| match standing {
                Standing::Active => source.renewed(asked + config.lease),
                Standing::Standby => source.end(),
            })
    } else {
        source
            .transport
            .extend(source.member(), &source.in_flight())
    };
    if let Err(error) = result {
        tracing::warn!(
            target: "events_bus::consumer", topic = &*source.topic, group = &*source.group, %error,
            "the lease was not renewed"
        );
    }
}
