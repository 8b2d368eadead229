//! Operating a bus: dead letters are tried again or dropped, entries are replayed. What the `events` command does, for programs.

use std::fmt;
use std::sync::Arc;

use events_core::Timestamp;

use crate::record::{Record, Requeued};
use crate::transport::{
    DeadLetter, Entry, EntryId, Position, Transport, TransportError, TransportErrorKind,
};

/// How many entries or letters are read at a time.
const PAGE: usize = 500;

/// Which dead letters are meant.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct LetterFilter {
    /// Of this group.
    pub group: Option<String>,
    /// Given up by this receiver.
    pub receiver: Option<String>,
    /// Of events of this type.
    pub event_type: Option<String>,
    /// With these ids; all of them where it is empty.
    pub ids: Vec<EntryId>,
}

impl LetterFilter {
    /// Whether a letter is meant.
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

/// The dead letters of a topic that a filter means, the oldest first.
///
/// # Errors
/// When the transport could not be asked.
pub fn dead_letters(
    transport: &dyn Transport,
    topic: &str,
    filter: &LetterFilter,
) -> Result<Vec<(EntryId, DeadLetter)>, TransportError> {
    let mut found = Vec::new();
    let mut behind = None;
    loop {
        let page = transport.dead_letters(topic, behind, PAGE)?;
        let Some((last, _)) = page.last() else {
            return Ok(found);
        };
        behind = Some(*last);
        let meant = page
            .into_iter()
            .filter(|(id, letter)| filter.matches(*id, letter));
        found.extend(meant);
    }
}

/// What trying dead letters again came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Retried {
    /// The letters that were given to their groups once more, and are letters no longer.
    pub requeued: Vec<EntryId>,
    /// The letters that hold no record, so that there is nothing to try again.
    pub unreadable: Vec<EntryId>,
}

/// Gives events to the groups that gave them up, for the receivers that gave them up, and takes them from the dead letters.
///
/// Each is requeued before it is removed: after a failure in between, a letter may be tried twice, and never not at all.
///
/// # Errors
/// When the transport could not be asked. What was requeued before stays so.
pub fn retry(
    transport: &dyn Transport,
    topic: &str,
    letters: &[(EntryId, DeadLetter)],
) -> Result<Retried, TransportError> {
    let mut retried = Retried::default();
    for (id, letter) in letters {
        let Ok(record) = &letter.record else {
            retried.unreadable.push(*id);
            continue;
        };
        let mut record = record
            .clone()
            .as_requeued(Requeued::new("retry", id.to_string()));
        if let Some(receiver) = &letter.receiver {
            record.receivers = vec![Arc::clone(receiver)];
        }
        transport.requeue(topic, &letter.group, &[record])?;
        transport.drop_dead_letters(topic, &[*id])?;
        retried.requeued.push(*id);
    }
    Ok(retried)
}

/// What is to be replayed.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Replay {
    /// The full name of the topic.
    pub topic: String,
    /// The group that is to get it once more.
    pub group: String,
    /// With which entry it begins.
    pub from: Position,
    /// Behind which entry it ends; with what is the newest when it begins, where there is none.
    pub to: Option<EntryId>,
    /// Entries that were published at this time or later are not meant.
    pub until: Option<Timestamp>,
    /// Only events of this type.
    pub event_type: Option<String>,
    /// Only for these receivers; for all where it is empty.
    pub receivers: Vec<Arc<str>>,
    /// Counts, and replays nothing.
    pub dry_run: bool,
}

impl Replay {
    /// Everything that a topic keeps, for a group.
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

/// How far a replay is, or was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Replayed {
    /// Entries that were looked at.
    pub seen: u64,
    /// Entries that were given to the group once more, or would be.
    pub given: u64,
    /// Entries that hold no record, and were passed over.
    pub unreadable: u64,
    /// The first and the last entry that were meant.
    pub span: Option<(EntryId, EntryId)>,
}

/// Gives entries of a topic to a group once more. `progress` is told after each page.
///
/// The group handles them before what is new, for receivers that have handled them before, too: a replay is no duplicate. Other
/// groups do not see them.
///
/// # Errors
/// When the topic or the group is not there, and when the transport could not be asked.
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
                "topic `{}` has no group `{}` that could be given anything; its groups are: {}",
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
            let mut record = record.as_requeued(Requeued::new("replay", entry.id.to_string()));
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
