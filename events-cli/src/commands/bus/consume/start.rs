//! The start position of a group.

use events_bus::admin::{self, Replay};
use events_bus::config::StartAt;
use events_bus::transport::{EntryId, Position, Start, TopicStatus, Transport, TransportError};

use crate::commands::Failure;
use crate::commands::bus::position::position;

/// Maximum number of entries per read.
const PAGE: usize = 500;

/// The start position of a new group.
#[derive(Debug, Clone, Copy)]
pub(super) enum Begin {
    At(StartAt),
    /// New entries, and a replay of the existing ones from this position on.
    Replayed(Position),
}

impl Begin {
    /// Returns the position of `--from`, or else of the configuration.
    pub(super) fn new(option: Option<&str>, configured: StartAt) -> Result<Self, Failure> {
        Ok(match option {
            None => Self::At(configured),
            Some("beginning") => Self::At(StartAt::Beginning),
            Some("now") => Self::At(StartAt::Now),
            Some(other) => Self::Replayed(position("--from", other).map_err(|_| {
                Failure::Usage(format!(
                    "`--from` is `{}`, expected `beginning`, `now`, the id of an entry such as `1795376013252-0` or `17`, or a time \
                     in UTC such as `2026-11-25T08:00:00Z`",
                    other.escape_debug()
                ))
            })?),
        })
    }

    /// Returns an error if the position would have no effect because the group exists already.
    pub(super) fn check(
        self,
        transport: &dyn Transport,
        topics: &[String],
        group: &str,
    ) -> Result<(), Failure> {
        let Self::Replayed(_) = self else {
            return Ok(());
        };
        for topic in topics {
            if has_group(transport.status(topic)?.as_ref(), group) {
                return Err(Failure::Usage(format!(
                    "group `{group}` reads `{topic}` already, and goes on where it stopped: `--from` with an id or a time is for a \
                     group that is new; have entries given to it once more by `events replay -t … -g {group} --from …`, and leave \
                     `--from` out"
                )));
            }
        }
        Ok(())
    }

    /// Creates the group at its position. Assumes that no other process creates the same group at the same time.
    pub(super) fn join(
        self,
        transport: &dyn Transport,
        topic: &str,
        group: &str,
    ) -> Result<(), TransportError> {
        let from = match self {
            Self::At(start) => return transport.join(topic, group, start.into()),
            Self::Replayed(from) => from,
        };
        let before = transport.status(topic)?;
        transport.join(topic, group, Start::Now)?;
        let Some(last) = last_not_new(transport, topic, group, before)? else {
            return Ok(());
        };
        let mut replay = Replay::new(topic, group);
        replay.from = from;
        replay.to = Some(last);
        admin::replay(transport, &replay, |_| {})?;
        Ok(())
    }
}

fn has_group(status: Option<&TopicStatus>, group: &str) -> bool {
    status.is_some_and(|topic| topic.groups.iter().any(|one| one.group == group))
}

/// Returns the last entry that a group, created at [`Start::Now`], does not get as new. An entry that was published in the meantime must be
/// either new or replayed: never both, never neither.
fn last_not_new(
    transport: &dyn Transport,
    topic: &str,
    group: &str,
    before: Option<TopicStatus>,
) -> Result<Option<EntryId>, TransportError> {
    let Some(after) = transport.status(topic)? else {
        return Ok(None);
    };
    let groups = after.groups.iter();
    let unread = groups
        .filter(|one| one.group == group)
        .find_map(|one| one.unread);
    let before = before.and_then(|status| status.newest);
    let unread = match unread {
        // If the transport cannot tell, the group may get an entry twice.
        None | Some(0) => return Ok(after.newest),
        Some(unread) => unread,
    };
    // The group gets the last `unread` of these as new.
    let mut between: Vec<EntryId> = before.into_iter().collect();
    let mut from = before.map_or(Position::Oldest, Position::After);
    loop {
        let page = transport.read(topic, from, PAGE)?;
        let ids = page.iter().map(|entry| entry.id);
        between.extend(ids.filter(|id| after.newest.is_some_and(|newest| *id <= newest)));
        match page.last() {
            Some(last) if page.len() == PAGE => from = Position::After(last.id),
            _ => break,
        }
    }
    let unread = usize::try_from(unread).unwrap_or(usize::MAX);
    let last = between.len().checked_sub(unread.saturating_add(1));
    Ok(last.and_then(|last| between.get(last)).copied())
}
