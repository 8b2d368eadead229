//! Reading: rows of the outbox are given to their destinations.

use std::sync::Arc;
use std::time::{Duration, Instant};

use events_core::BoxError;

use super::super::OutboxRow;
use super::destination::{Delivery, Destination, REFUSALS};
use super::intake::{Plans, Records};
use super::numbered::Numbered;
use super::work::{POLL, Work};
use crate::backoff::Backoff;
use crate::metrics::ProducerMetrics;

/// Number of rows that are read at once.
const READ: usize = 500;
/// Interval at which the relay looks from the beginning: for rows that were committed late, requeued, or left for a full queue.
pub(super) const LOOK: Duration = Duration::from_secs(1);
/// Maximum number of entries in memory whose receivers run; the rows of the others wait in the database.
const IN_MEMORY: usize = 1_000;

/// A row that cannot be read.
pub(super) struct Unreadable {
    pub(super) row: Result<OutboxRow, String>,
    pub(super) tries: u32,
    pub(super) due: Instant,
    pub(super) backoff: Backoff,
}

/// A look from the beginning.
pub(super) struct Look {
    pub(super) due: Instant,
    pub(super) began: Option<Instant>,
    /// Cursor at which it ends.
    pub(super) until: i64,
}

impl Work {
    pub(super) fn begin_look(&mut self) {
        self.look.began = Some(Instant::now());
        self.look.until = self.look.until.max(self.cursor);
        self.cursor = 0;
        self.rows.begin_look();
        for (destination, _) in &mut self.destinations {
            destination.skips &= destination.is_full();
        }
    }

    /// Reads the next rows. Returns `true` if there were new ones.
    pub(super) fn read(&mut self) -> Result<bool, BoxError> {
        if self.rows.is_full() || self.in_memory.len() >= IN_MEMORY {
            return Ok(false);
        }
        let left_rows =
            |(destination, _): &(Destination, _)| destination.skips && destination.is_empty();
        let now = Instant::now();
        if self.look.began.is_none()
            && (now >= self.look.due || self.destinations.iter().any(left_rows))
        {
            self.begin_look();
        }
        let cursor = self.cursor;
        let rows = self.ask(|source| source.read(cursor, READ))?;
        let took = now.elapsed();
        let last = rows.iter().map(|(number, _)| *number).max();
        let goes_on = last.is_some_and(|last| last > cursor);
        self.cursor = last.map_or(cursor, |last| last.max(cursor));
        let mut plans = Plans::default();
        let mut is_new = false;
        for (number, row) in rows {
            is_new |= self.admit(number, row, &mut plans);
        }
        if let Some(began) = self.look.began
            && !goes_on
        {
            // A look at many dead rows takes at most a twentieth of the time.
            self.look.due = Instant::now() + LOOK.max(began.elapsed() * 20);
            self.look.began = None;
            self.cursor = self.cursor.max(self.look.until);
            self.rows.end_look();
        }
        self.poll = POLL.max(took * 10).min(LOOK);
        Ok(is_new || goes_on)
    }

    /// Gives a row to its destinations. Returns `true` if one of them got it now.
    fn admit(&mut self, number: i64, row: Result<OutboxRow, String>, plans: &mut Plans) -> bool {
        if self.rows.is_given(number) || self.unreadable.contains_key(&number) {
            return false;
        }
        let records = match &row {
            Ok(row) => plans.records(row, &self.publishing.routing, &self.local_topic),
            Err(problem) => Err(problem.clone()),
        };
        if let Ok(records) = records {
            return self.give(number, records);
        }
        let mut backoff = Backoff::new(Duration::from_millis(250), Duration::from_secs(5));
        let unreadable = Unreadable {
            row,
            tries: 1,
            due: Instant::now() + backoff.next(),
            backoff,
        };
        self.unreadable.insert(number, unreadable);
        false
    }

    fn give(&mut self, number: i64, records: Records) -> bool {
        let count = records.len();
        if count == 0 {
            // Its signal is disabled.
            self.rows.give(number, 0, 1);
            self.done(number, 0);
            return true;
        }
        let mut is_new = false;
        for (index, (topic, record)) in (0..).zip(records) {
            if index == 0 && record.receivers.is_empty() {
                if self.rows.give(number, index, count) {
                    self.done(number, index);
                    is_new = true;
                }
                continue;
            }
            let at = self.destination(&topic, index == 0);
            let (destination, _) = &mut self.destinations[at];
            if destination.skips || destination.is_full() {
                // The row stays in the database, and so do later ones, so that their order stays.
                destination.skips = true;
            } else if self.rows.give(number, index, count) {
                is_new = true;
                destination.push(Delivery {
                    row: number,
                    index,
                    record,
                });
            }
        }
        is_new
    }

    /// Returns the index of the destination of a topic.
    fn destination(&mut self, topic: &Arc<str>, is_local: bool) -> usize {
        if let Some(index) = self.by_topic.get(topic) {
            return *index;
        }
        let routing = &self.publishing.routing;
        let local = &self.publishing.local.transport;
        let (log, capacity) = match &routing.log {
            Some(log) if !is_local => (log, routing.outbox_capacity),
            _ => (local, None),
        };
        let numbered = Numbered::new(Arc::clone(log), topic.to_string());
        let destination = Destination::new(numbered, capacity);
        self.destinations
            .push((destination, ProducerMetrics::new(topic)));
        let index = self.destinations.len() - 1;
        self.by_topic.insert(Arc::clone(topic), index);
        index
    }

    /// Tries rows again that could not be read, and quarantines them in the end.
    pub(super) fn quarantine_unreadable(&mut self) -> Result<bool, BoxError> {
        let now = Instant::now();
        let due: Vec<i64> = self
            .unreadable
            .iter()
            .filter(|(_, unreadable)| unreadable.due <= now)
            .map(|(number, _)| *number)
            .collect();
        let is_busy = !due.is_empty();
        for number in due {
            let Some(mut unreadable) = self.unreadable.remove(&number) else {
                continue;
            };
            let mut plans = Plans::default();
            let records = match &unreadable.row {
                Ok(row) => plans.records(row, &self.publishing.routing, &self.local_topic),
                Err(problem) => Err(problem.clone()),
            };
            let problem = match records {
                Ok(records) => {
                    self.give(number, records);
                    continue;
                }
                Err(problem) => problem,
            };
            unreadable.tries += 1;
            if unreadable.tries < REFUSALS {
                unreadable.due = now + unreadable.backoff.next();
                self.unreadable.insert(number, unreadable);
                continue;
            }
            let event_type = match &unreadable.row {
                Ok(row) => &*row.event_type,
                Err(_) => "?",
            };
            self.quarantine(number, &problem, event_type)?;
        }
        Ok(is_busy)
    }
}
