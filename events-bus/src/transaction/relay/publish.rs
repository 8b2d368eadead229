//! Publishing: each destination gets its next batch, and its answers are interpreted.

use std::sync::atomic::Ordering;

use events_core::{BoxError, Uuid};

use super::CLOSES;
use super::destination::Turn;
use super::work::Work;
use crate::transport::{Dispute, TransportError};

impl Work {
    /// Publishes a batch to each destination. Returns `true` if one of them took something.
    pub(super) fn publish(&mut self) -> Result<bool, BoxError> {
        let mut is_busy = false;
        for index in 0..self.destinations.len() {
            if self.shared.phase() >= CLOSES {
                return Ok(false);
            }
            // A process may have been paused since the last look at the clock.
            let Some(mut term) = self.confirm()? else {
                return Ok(false);
            };
            let turn = self.destinations[index].0.turn(&mut term);
            self.term = Some(term);
            is_busy |= self.turned(index, turn)?;
        }
        Ok(is_busy)
    }

    fn turned(&mut self, index: usize, turn: Turn) -> Result<bool, BoxError> {
        let (destination, metrics) = &self.destinations[index];
        let topic = destination.numbered.topic().to_owned();
        let is_local = *topic == *self.local_topic;
        // An outbox reports its events when it publishes them itself.
        let is_reported = !is_local && self.publishing.routing.outbox_capacity.is_none();
        match turn {
            Turn::Nothing => return Ok(false),
            Turn::Published { rows, records, ids } => {
                if is_reported {
                    let reports = &self.publishing.reports;
                    reports.published(&topic, metrics, &records, &ids);
                }
                let waits = is_local && self.publishing.local.finished.is_some();
                for ((row, index), id) in rows.into_iter().zip(ids) {
                    match id {
                        Some(id) if waits => {
                            self.in_memory.insert(id, (row, index));
                        }
                        _ => self.done(row, index),
                    }
                }
                return Ok(true);
            }
            Turn::Failed { records, error } => {
                if is_reported {
                    let reports = &self.publishing.reports;
                    reports.failed(&topic, metrics, &records, &error);
                }
                self.failed(&topic, &error);
                return Ok(false);
            }
            Turn::Split(error) => self.failed(&topic, &error),
            Turn::Full(waiting) => {
                self.shared.failures.fetch_add(1, Ordering::Relaxed);
                self.metrics.failed();
                if self.may_log() {
                    tracing::warn!(
                        target: "events_bus::relay", outbox = self.source.name(), topic, waiting,
                        "the outbox of the topic is full; rows stay in the database"
                    );
                }
                return Ok(false);
            }
            Turn::Refused {
                row,
                error,
                is_final,
            } => {
                self.failed(&topic, &error);
                if is_final {
                    self.quarantine(
                        row,
                        &format!("topic `{topic}` refuses the event: {error}"),
                        "?",
                    )?;
                }
            }
            Turn::Disputed(dispute) => self.disputed(&topic, dispute)?,
        }
        Ok(true)
    }

    fn failed(&mut self, topic: &str, error: &TransportError) {
        self.shared.failures.fetch_add(1, Ordering::Relaxed);
        self.metrics.failed();
        if self.may_log() {
            tracing::warn!(
                target: "events_bus::relay", outbox = self.source.name(), topic, %error,
                "a topic does not take events of transactions; the relay tries again"
            );
        }
    }

    /// Takes a new incarnation if the database confirms the lease.
    fn disputed(&mut self, topic: &str, dispute: Dispute) -> Result<(), BoxError> {
        let Some(mut term) = self.term else {
            return Ok(());
        };
        term.incarnation = Uuid::from_u128(fastrand::u128(..));
        let lease = self.publishing.lease;
        if !self.ask(|source| source.renew(&term, lease))? {
            self.lose();
            return Ok(());
        }
        tracing::error!(
            target: "events_bus::relay", outbox = self.source.name(), topic, ?dispute,
            "the transport knows other events of this outbox: the database was restored or copied; the relay goes on under a new \
             incarnation"
        );
        self.term = Some(term);
        for (destination, _) in &mut self.destinations {
            destination.numbered.reset();
        }
        Ok(())
    }
}
