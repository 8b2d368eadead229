//! The traits of the contract, call by call.

use std::path::Path;
use std::time::Duration;

use super::{
    SqliteTransport, Sync, claim, dead_letters, file, groups, publish, query, receive, retries,
    settle, trim,
};
use crate::record::Record;
use crate::transport::{
    Batch, Claim, Claimed, DeadLetter, DeadLetterLimits, Entry, EntryId, Groups, Leadership, Limit,
    Log, Maintenance, Member, Position, Receipt, Retention, RetryId, RetryState, Settlement, Start,
    TopicStatus, TransportError, Trimmed,
};

impl Log for SqliteTransport {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    fn publish(&self, topic: &str, records: &[Record]) -> Result<Vec<EntryId>, TransportError> {
        let receipt = self.publish_together(topic, records, None)?;
        let ids: Vec<EntryId> = match receipt {
            Receipt::Published(ids) => ids.into_iter().flatten().collect(),
            Receipt::Disputed(_) => Vec::new(),
        };
        // Each record has an id, or nobody may take it for published.
        if ids.len() != records.len() {
            return Err(self.unanswered());
        }
        self.announce();
        Ok(ids)
    }

    fn publish_batch(
        &self,
        topic: &str,
        records: &[Record],
        batch: Batch<'_>,
    ) -> Result<Receipt, TransportError> {
        let receipt = self.publish_together(topic, records, Some(batch))?;
        self.announce();
        Ok(receipt)
    }

    fn read(
        &self,
        topic: &str,
        from: Position,
        limit: usize,
    ) -> Result<Vec<Entry>, TransportError> {
        self.look("read a topic", |connection| {
            query::read(connection, topic, from, limit)
        })
    }
}

impl Groups for SqliteTransport {
    fn join(&self, topic: &str, group: &str, start: Start) -> Result<(), TransportError> {
        self.write("join a group", |transaction, _| {
            groups::join(transaction, topic, group, start)
        })
    }

    fn lead(&self, member: Member<'_>, lease: Duration) -> Result<Leadership, TransportError> {
        // An epoch that a loss of power undid would be given a second time.
        self.write_with(Sync::Full, "take the lead of a group", |transaction, _| {
            groups::lead(transaction, member, lease)
        })
    }

    fn renew(
        &self,
        member: Member<'_>,
        lease: Duration,
        entries: &[EntryId],
    ) -> Result<(), TransportError> {
        self.note("renew a lease", |transaction| {
            groups::renew(transaction, member, lease, entries)
        })
    }

    fn receive(
        &self,
        member: Member<'_>,
        limit: Limit,
        wait: Duration,
    ) -> Result<Vec<Entry>, TransportError> {
        let live = self.live("receive entries")?;
        if !self.wait_for_entries(live, member, wait)? || limit.entries == 0 {
            return Ok(Vec::new());
        }
        self.note("receive entries", |transaction| {
            receive::receive(transaction, member, limit, self.window())
        })
    }

    fn claim(&self, member: Member<'_>, claim: Claim) -> Result<Claimed, TransportError> {
        self.note("claim entries", |transaction| {
            claim::claim(transaction, member, claim, self.window())
        })
    }

    fn settle(&self, member: Member<'_>, settlements: &[Settlement]) -> Result<(), TransportError> {
        self.write("settle entries", |transaction, interned| {
            settle::settle(transaction, interned, member, settlements, self.window())
        })
    }

    fn release(&self, member: Member<'_>) -> Result<(), TransportError> {
        self.note("release a group", |transaction| {
            groups::release(transaction, member)
        })
    }

    fn requeue(&self, topic: &str, group: &str, records: &[Record]) -> Result<(), TransportError> {
        self.write("requeue records", |transaction, interned| {
            publish::requeue(transaction, interned, topic, group, records)
        })?;
        self.announce();
        Ok(())
    }

    fn retries(&self, member: Member<'_>) -> Result<Vec<(EntryId, RetryState)>, TransportError> {
        self.look("read a retry queue", |connection| {
            retries::list(connection, member)
        })
    }

    fn claim_retries(
        &self,
        member: Member<'_>,
        retries: &[RetryId],
        idle: Duration,
        trial: bool,
    ) -> Result<Vec<Entry>, TransportError> {
        self.note("claim retries", |transaction| {
            retries::claim(transaction, member, retries, idle, trial, self.window())
        })
    }
}

impl Maintenance for SqliteTransport {
    fn topics(&self) -> Result<Vec<TopicStatus>, TransportError> {
        self.look("read the status of the topics", query::topics)
    }

    fn status(&self, topic: &str) -> Result<Option<TopicStatus>, TransportError> {
        self.look("read the status of a topic", |connection| {
            query::status(connection, topic)
        })
    }

    fn dead_letters(
        &self,
        topic: &str,
        after: Option<EntryId>,
        limit: usize,
    ) -> Result<Vec<(EntryId, DeadLetter)>, TransportError> {
        self.look("read dead letters", |connection| {
            dead_letters::list(connection, topic, after, limit)
        })
    }

    fn drop_dead_letters(&self, topic: &str, ids: &[EntryId]) -> Result<u64, TransportError> {
        self.write("drop dead letters", |transaction, _| {
            dead_letters::remove(transaction, topic, ids)
        })
    }

    fn trim_dead_letters(
        &self,
        topic: &str,
        limits: DeadLetterLimits,
    ) -> Result<u64, TransportError> {
        let mut gone = 0;
        // In steps, so that others get their turn.
        loop {
            let step = self.note("trim dead letters", |transaction| {
                dead_letters::trim_step(transaction, topic, limits)
            })?;
            if step == 0 {
                return Ok(gone);
            }
            gone += step;
        }
    }

    fn trim(&self, topic: &str, retention: Retention) -> Result<Trimmed, TransportError> {
        // If the power fails before it is on the disk, there is more to remove again.
        self.note("trim a topic", |transaction| {
            trim::trim(transaction, topic, retention, self.window())
        })
    }

    fn delete_group(&self, topic: &str, group: &str) -> Result<bool, TransportError> {
        self.write("delete a group", |transaction, _| {
            groups::delete(transaction, topic, group)
        })
    }

    fn warnings(&self) -> Result<Vec<String>, TransportError> {
        let mut warnings = Vec::new();
        if file::is_open_to_others(&self.absolute) {
            warnings.push(format!(
                "other users of this machine may read or write `{path}`; close it to them: chmod 600 {path}*",
                path = self.path.display()
            ));
        }
        Ok(warnings)
    }

    fn backup(&self, to: &Path) -> Result<(), TransportError> {
        self.back_up(to)
    }

    fn vacuum(&self) -> Result<(), TransportError> {
        self.give_space_back(self.live("vacuum")?)
    }
}
