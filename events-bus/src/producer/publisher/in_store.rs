//! The store behind the numbers of an outbox: its identity, its lease and its published rows.

use std::time::Instant;

use events_core::{Timestamp, Uuid};

use super::Work;
use crate::producer::backlog::Rows;
use crate::producer::incarnation::{self, Incarnation};
use crate::producer::kept::{self, KEEP_ROWS, Kept, Pages, number};
use crate::producer::lease::Lease;
use crate::producer::numbered::{self, Backing, Incident};
use crate::record::Record;
use crate::transport::{Position, Retention, SharedTransport, TransportError};
use crate::worker::Stop;

/// The store behind the numbers of an outbox.
pub(super) struct InStore<'a> {
    pub(super) work: &'a Work,
    pub(super) store: &'a SharedTransport,
    pub(super) lease: &'a Lease,
    pub(super) pages: Pages,
    pub(super) stop: &'a Stop,
}

/// Published rows of a store, and the number and time of the newest.
pub(super) type Found = (Kept, Option<(u64, Timestamp)>);

impl InStore<'_> {
    /// Finds the published rows that are still in the store. Returns `None` if the publisher must not go on.
    pub(super) fn find_published(&mut self) -> Result<Option<Found>, TransportError> {
        let topic = &*self.work.backlog.outbox;
        let rows = Rows::of(self.store, topic)?;
        let retention = Retention {
            entries: rows.waiting().saturating_add(KEEP_ROWS),
            ..Retention::default()
        };
        while self.store.trim(topic, retention)?.more {
            if !self.may_publish()? {
                return Ok(None);
            }
        }
        let mut left = Rows::of(self.store, topic)?.published();
        let (mut kept, mut settled) = (Kept::default(), None);
        let mut position = Position::Oldest;
        while left > 0 {
            if !self.may_publish()? {
                return Ok(None);
            }
            let mut entries = self.pages.read(self.store, topic, position)?;
            entries.truncate(usize::try_from(left).unwrap_or(usize::MAX));
            let Some(last) = entries.last() else { break };
            position = Position::After(last.id);
            settled = Some((number(last.id), last.published_at));
            left -= entries.len() as u64;
            // The time of the acknowledgement is not known. They stay as long as if it was now.
            kept.push(entries.iter().map(|entry| entry.id), Instant::now());
        }
        Ok(Some((kept, settled)))
    }
}

impl Backing for InStore<'_> {
    fn may_publish(&mut self) -> Result<bool, TransportError> {
        Ok(!self.stop.is_set() && self.lease.ensure()?)
    }

    fn confirm(&mut self) -> Result<bool, TransportError> {
        self.lease.renew()
    }

    fn store_incarnation(&mut self, id: Uuid, after: u64) -> Result<bool, TransportError> {
        let identity = incarnation::topic_of(&self.work.backlog.topic);
        let incarnation = Incarnation { id, base: after };
        incarnation.write(self.store, &identity, self.lease.epoch())?;
        self.lease.renew()
    }

    fn kept(&mut self, after: u64, until: u64) -> Result<Vec<(u64, Record)>, TransportError> {
        let topic = &*self.work.backlog.outbox;
        let from = if after == 0 {
            Position::Oldest
        } else {
            Position::After(kept::entry(after))
        };
        let mut from = from;
        loop {
            let entries = self.pages.read(self.store, topic, from)?;
            let Some(last) = entries.last() else {
                return Ok(Vec::new());
            };
            let last = last.id;
            let mut records: Vec<_> = kept::records(entries)
                .take_while(|(number, _)| *number <= until)
                .collect();
            // A page may hold nothing but entries that are not records.
            if !records.is_empty() || number(last) >= until {
                numbered::cut(&mut records, self.work.max_batch);
                return Ok(records);
            }
            from = Position::After(last);
        }
    }

    fn count(&mut self, incident: Incident) {
        let metrics = &self.work.backlog.metrics;
        self.work.reports.incident(metrics, incident);
    }
}
