//! Operations on a bus: retry dead letters and replay entries. The `events` command is built on this module.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use events_core::Timestamp;

use crate::record::{Record, Requeued};
use crate::throttle::throttled;
use crate::transport::{
    DeadLetter, Entry, EntryId, Position, Transport, TransportError, TransportErrorKind,
};

/// Maximum number of entries or dead letters per read, requeue and removal.
const PAGE: usize = 500;

/// A filter for dead letters. An empty filter matches all of them.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct LetterFilter {
    /// The group that gave the event up.
    pub group: Option<String>,
    /// The receiver that gave the event up.
    pub receiver: Option<String>,
    /// The type of the event.
    pub event_type: Option<String>,
    /// The ids of the dead letters. An empty list matches every id.
    pub ids: Vec<EntryId>,
}

impl LetterFilter {
    /// Returns `true` if the dead letter matches this filter.
    pub fn matches(&self, id: EntryId, letter: &DeadLetter) -> bool {
        let is = |wanted: &Option<String>, given: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| given == Some(wanted))
        };
        let event_type = match &letter.record {
            Ok(record) => Some(record.metadata.event_type()),
            Err(malformed) => malformed.event_type.as_deref(),
        };
        is(&self.group, Some(&letter.group))
            && is(&self.receiver, letter.receiver.as_deref())
            && is(&self.event_type, event_type)
            && (self.ids.is_empty() || self.ids.contains(&id))
    }
}

/// Returns the dead letters of a topic that match a filter, the oldest first. Holds all of them in memory.
///
/// # Errors
/// Returns an error if the transport cannot read the dead letters.
pub fn dead_letters(
    transport: &dyn Transport,
    topic: &str,
    filter: &LetterFilter,
) -> Result<Vec<(EntryId, DeadLetter)>, TransportError> {
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let page = transport.dead_letters(topic, after, PAGE)?;
        let Some((last, _)) = page.last() else {
            return Ok(found);
        };
        after = Some(*last);
        let matching = page
            .into_iter()
            .filter(|(id, letter)| filter.matches(*id, letter));
        found.extend(matching);
    }
}

/// Outcome of a bulk retry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Retried {
    /// The dead letters that were requeued for their groups and then removed.
    pub requeued: Vec<EntryId>,
    /// The dead letters that hold no record. They stay, because there is nothing to retry.
    pub unreadable: Vec<EntryId>,
}

/// Progress of a bulk retry, as [`retry_all`] reports it after each batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryProgress {
    /// Number of dead letters read so far, matching or not.
    pub seen: u64,
    /// Number of dead letters that the topic had when the retry began.
    pub total: u64,
    /// Number of dead letters requeued and removed so far.
    pub requeued: u64,
}

/// Requeues events for the groups and receivers that gave them up, and removes their dead letters.
///
/// Works in batches of up to 500 dead letters of one group. Each batch is requeued before it is removed: after a failure in
/// between, receivers may handle the events of that batch twice, but no event is lost.
///
/// # Errors
/// Returns an error if the transport cannot requeue or remove a batch. Earlier batches stay requeued.
pub fn retry(
    transport: &dyn Transport,
    topic: &str,
    letters: &[(EntryId, DeadLetter)],
) -> Result<Retried, TransportError> {
    let mut retried = Retried::default();
    for batch in letters.chunks(PAGE) {
        retry_batch(transport, topic, batch, &mut retried)?;
    }
    Ok(retried)
}

/// Retries the dead letters of a topic that match a filter, the oldest first. Calls `progress` after each page.
///
/// Gives the same guarantee as [`retry`], and reads one page of dead letters at a time. Skips dead letters that are added while it
/// runs: an event that fails again at once is retried once, not forever.
///
/// # Errors
/// Returns an error if the transport cannot read, requeue or remove a batch. Earlier batches stay requeued.
pub fn retry_all(
    transport: &dyn Transport,
    topic: &str,
    filter: &LetterFilter,
    mut progress: impl FnMut(RetryProgress),
) -> Result<Retried, TransportError> {
    let mut retried = Retried::default();
    let status = transport.status(topic)?;
    let total = status.map_or(0, |status| status.dead_letters);
    let mut seen = 0;
    let mut after = None;
    while seen < total {
        let left = usize::try_from(total - seen).unwrap_or(usize::MAX);
        let mut page = transport.dead_letters(topic, after, left.min(PAGE))?;
        let Some((last, _)) = page.last() else {
            break;
        };
        after = Some(*last);
        seen += page.len() as u64;
        page.retain(|(id, letter)| filter.matches(*id, letter));
        retry_batch(transport, topic, &page, &mut retried)?;
        progress(RetryProgress {
            seen,
            total,
            requeued: retried.requeued.len() as u64,
        });
    }
    Ok(retried)
}

/// Requeues one batch, group by group, and removes the requeued ones.
fn retry_batch(
    transport: &dyn Transport,
    topic: &str,
    letters: &[(EntryId, DeadLetter)],
    retried: &mut Retried,
) -> Result<(), TransportError> {
    let mut by_group: BTreeMap<&str, (Vec<EntryId>, Vec<Record>)> = BTreeMap::new();
    for (id, letter) in letters {
        let Ok(record) = &letter.record else {
            throttled!(debug, target: "events_bus::admin", topic, %id, "cannot retry a dead letter that holds no record");
            retried.unreadable.push(*id);
            continue;
        };
        let mut record = record
            .clone()
            .with_requeued(Requeued::new("retry", id.to_string()));
        if let Some(receiver) = &letter.receiver {
            record.receivers = vec![Arc::clone(receiver)];
        }
        let (ids, records) = by_group.entry(&letter.group).or_default();
        ids.push(*id);
        records.push(record);
    }
    for (group, (ids, records)) in by_group {
        // Removing first would lose the events if the process ended in between.
        transport.requeue(topic, group, &records)?;
        transport.drop_dead_letters(topic, &ids)?;
        retried.requeued.extend(ids);
    }
    Ok(())
}

/// A replay: which entries of a topic a group gets once more.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Replay {
    /// The full name of the topic.
    pub topic: String,
    /// The group that gets the entries.
    pub group: String,
    /// The position of the first entry.
    pub from: Position,
    /// The last entry. Defaults to the newest entry at the time the replay begins.
    pub to: Option<EntryId>,
    /// Skips entries published at this time or later.
    pub until: Option<Timestamp>,
    /// Skips events of any other type.
    pub event_type: Option<String>,
    /// The receivers that handle the entries. An empty list means all receivers.
    pub receivers: Vec<Arc<str>>,
    /// Counts the entries without replaying them.
    pub dry_run: bool,
}

impl Replay {
    /// Creates a replay of every entry that a topic keeps.
    pub fn new(topic: impl Into<String>, group: impl Into<String>) -> Self {
        Self {
            topic: topic.into(),
            group: group.into(),
            from: Position::Oldest,
            to: None,
            until: None,
            event_type: None,
            receivers: Vec::new(),
            dry_run: false,
        }
    }

    fn is_beyond(&self, entry: &Entry, newest: EntryId) -> bool {
        entry.id > self.to.unwrap_or(newest)
            || self.until.is_some_and(|until| entry.published_at >= until)
    }

    fn wants(&self, record: &Record) -> bool {
        let wanted = self.event_type.as_deref();
        wanted.is_none_or(|wanted| record.metadata.event_type() == wanted)
    }
}

/// Progress and outcome of a replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Replayed {
    /// Number of entries read.
    pub seen: u64,
    /// Number of entries requeued for the group. In a dry run, the number that would be.
    pub given: u64,
    /// Number of entries skipped because they hold no record.
    pub unreadable: u64,
    /// The first and the last matching entry.
    pub span: Option<(EntryId, EntryId)>,
}

/// Requeues entries of a topic for a group. Calls `progress` after each page.
///
/// The group handles them before new entries. Receivers that handled an entry before handle it again: the bus does not treat a
/// replay as a duplicate. Other groups do not see the entries.
///
/// # Errors
/// Returns an error if the topic or the group does not exist, or if the transport cannot read or requeue entries.
pub fn replay(
    transport: &dyn Transport,
    replay: &Replay,
    mut progress: impl FnMut(Replayed),
) -> Result<Replayed, TransportError> {
    let status = transport.status(&replay.topic)?;
    let group_is_there = status
        .as_ref()
        .is_some_and(|topic| topic.groups.iter().any(|group| group.group == replay.group));
    if !group_is_there {
        let groups = status.map_or_else(Vec::new, |topic| topic.groups);
        let groups: Vec<_> = groups.iter().map(|group| &*group.group).collect();
        return Err(TransportError::new(
            TransportErrorKind::Refused,
            transport.name(),
            format!(
                "topic `{}` has no group `{}`; its groups are: {}",
                replay.topic,
                replay.group,
                if groups.is_empty() {
                    "none".to_owned()
                } else {
                    groups.join(", ")
                }
            ),
        ));
    }
    let mut done = Replayed::default();
    let Some(newest) = status.and_then(|topic| topic.newest) else {
        return Ok(done);
    };
    let mut from = replay.from;
    loop {
        let page = transport.read(&replay.topic, from, PAGE)?;
        let Some(last) = page.last().map(|entry| entry.id) else {
            return Ok(done);
        };
        from = Position::After(last);
        let mut records = Vec::new();
        let mut beyond = false;
        for entry in page {
            if replay.is_beyond(&entry, newest) {
                beyond = true;
                break;
            }
            done.seen += 1;
            let Ok(record) = entry.record else {
                done.unreadable += 1;
                continue;
            };
            if !replay.wants(&record) {
                continue;
            }
            done.given += 1;
            let first = done.span.map_or(entry.id, |(first, _)| first);
            done.span = Some((first, entry.id));
            let mut record = record.with_requeued(Requeued::new("replay", entry.id.to_string()));
            record.receivers.clone_from(&replay.receivers);
            records.push(record);
        }
        if !replay.dry_run && !records.is_empty() {
            transport.requeue(&replay.topic, &replay.group, &records)?;
        }
        progress(done);
        if beyond {
            return Ok(done);
        }
    }
}

impl fmt::Display for Replayed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} entries", self.given, self.seen)?;
        if let Some((first, last)) = self.span {
            write!(f, ", {first} to {last}")?;
        }
        Ok(())
    }
}
