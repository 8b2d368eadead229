//! Reads a topic for a consumer: takes the lead, takes over what is pending, then what is new.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::job::Job;
use super::lanes::Lanes;
use super::source::Source;
use crate::backoff::Backoff;
use crate::config::ConsumerConfig;
use crate::transport::{Entry, EntryId, Standing, TransportError};

/// How long one call waits for what is new; a consumer that stops waits for it at most so long.
const WAIT: Duration = Duration::from_millis(500);

/// Reads until the consumer stops.
pub(super) fn run(source: &Arc<Source>, lanes: &Lanes, config: &ConsumerConfig) {
    let mut backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(5));
    while !source.is_stopping() {
        match reign(source, lanes, config) {
            Ok(()) => backoff.reset(),
            Err(error) => {
                tracing::warn!(
                    target: "events_bus::consumer", topic = &*source.topic, group = &*source.group, %error,
                    "reading failed, and is tried again"
                );
                source.pause(backoff.next());
            }
        }
    }
}

/// Reads for as long as this consumer may.
fn reign(
    source: &Arc<Source>,
    lanes: &Lanes,
    config: &ConsumerConfig,
) -> Result<(), TransportError> {
    let transport = &source.transport;
    transport.join(&source.topic, &source.group, config.start.into())?;
    let asked = Instant::now();
    if source.led && transport.lead(source.member(), config.lease)? == Standing::Standby {
        source.pause((config.lease / 6).min(Duration::from_secs(2)));
        return Ok(());
    }
    let reign = source.begin(asked + config.lease);
    tracing::info!(
        target: "events_bus::consumer", topic = &*source.topic, group = &*source.group, consumer = &*source.consumer,
        "reading"
    );
    let result = read(source, reign, lanes, config);
    if result.is_err() || !source.is_stopping() {
        // Whatever is under way counts no more; who reads next gets it again.
        source.end();
        lanes.forget(source, reign);
    }
    result
}

fn read(
    source: &Arc<Source>,
    reign: u64,
    lanes: &Lanes,
    config: &ConsumerConfig,
) -> Result<(), TransportError> {
    // Of a group that is led, everything is ours now. Otherwise, only what nobody works on.
    let idle = if source.led {
        Duration::ZERO
    } else {
        config.lease
    };
    take_over(source, reign, lanes, config, idle)?;
    let mut taken_over = Instant::now();
    while source.reigns(reign) && !source.is_stopping() {
        if !source.led && taken_over.elapsed() > config.lease / 2 {
            take_over(source, reign, lanes, config, config.lease)?;
            taken_over = Instant::now();
        }
        let room = source.room(WAIT).min(config.batch);
        if room == 0 || source.is_stopping() {
            continue;
        }
        let entries = source.transport.receive(source.member(), room, WAIT)?;
        push(source, reign, lanes, entries);
    }
    Ok(())
}

/// Pending entries first, page by page.
fn take_over(
    source: &Arc<Source>,
    reign: u64,
    lanes: &Lanes,
    config: &ConsumerConfig,
    idle: Duration,
) -> Result<(), TransportError> {
    let mut behind: Option<EntryId> = None;
    // One's own entries are handed out again as well: those that are under way here are not to be run a second time.
    let under_way = source.in_flight();
    while source.reigns(reign) && !source.is_stopping() {
        let room = source.room(WAIT).min(config.batch);
        if room == 0 {
            continue;
        }
        let mut entries = source
            .transport
            .take_over(source.member(), behind, idle, room)?;
        let Some(last) = entries.last() else { break };
        behind = Some(last.id);
        entries.retain(|entry| under_way.binary_search(&entry.id).is_err());
        push(source, reign, lanes, entries);
    }
    Ok(())
}

fn push(source: &Arc<Source>, reign: u64, lanes: &Lanes, entries: Vec<Entry>) {
    if entries.is_empty() {
        return;
    }
    source.took(entries.iter().map(|entry| entry.id));
    let jobs = entries
        .into_iter()
        .map(|entry| Arc::new(Job::new(Arc::clone(source), reign, entry)));
    lanes.push(jobs);
}
