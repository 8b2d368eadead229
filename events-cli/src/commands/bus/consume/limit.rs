//! A transport that hands out a limited number of entries. An entry that is taken and not handled would wait for the next
//! consumer of its group.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use events_bus::delegate_transport;
use events_bus::transport::{
    Claim, Claimed, Entry, EntryId, Groups, Limit, Member, SharedTransport, TransportError, names,
};

/// Time between two looks for new entries. Several topics share the limit, so no call holds it while it waits.
const POLL: Duration = Duration::from_millis(10);

/// A transport with a limit.
#[derive(Debug)]
pub(super) struct Limited {
    inner: SharedTransport,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Number of entries that may still be handed out.
    left: u64,
    /// Entries that were handed out, by topic. They may be handed out again.
    given: HashSet<(String, EntryId)>,
}

impl Limited {
    pub(super) fn new(inner: SharedTransport, limit: u64) -> Self {
        let state = State {
            left: limit,
            given: HashSet::new(),
        };
        Self {
            inner,
            state: Mutex::new(state),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Returns the part of a limit that is left.
    fn room(&self, limit: Limit) -> Limit {
        let left = usize::try_from(self.left).unwrap_or(usize::MAX);
        Limit {
            entries: limit.entries.min(left),
            ..limit
        }
    }

    fn note(&mut self, topic: &str, entries: &[Entry]) {
        for entry in entries {
            if self.given.insert((topic.to_owned(), entry.id)) {
                self.left = self.left.saturating_sub(1);
            }
        }
    }
}

impl Groups for Limited {
    fn claim(&self, member: Member<'_>, claim: Claim) -> Result<Claimed, TransportError> {
        if names::is_internal(member.topic) {
            return self.inner.claim(member, claim);
        }
        let mut state = self.state();
        let limit = state.room(claim.limit);
        if limit.entries > 0 {
            let claimed = self.inner.claim(member, Claim { limit, ..claim })?;
            state.note(member.topic, &claimed.entries);
            return Ok(claimed);
        }
        // The entries that it had before, it has to get again.
        let mut claimed = self.inner.claim(member, claim)?;
        claimed
            .entries
            .retain(|entry| state.given.contains(&(member.topic.to_owned(), entry.id)));
        Ok(claimed)
    }

    fn receive(
        &self,
        member: Member<'_>,
        limit: Limit,
        wait: Duration,
    ) -> Result<Vec<Entry>, TransportError> {
        if names::is_internal(member.topic) {
            return self.inner.receive(member, limit, wait);
        }
        let deadline = Instant::now() + wait;
        loop {
            {
                let mut state = self.state();
                let room = state.room(limit);
                if room.entries > 0 {
                    let entries = self.inner.receive(member, room, Duration::ZERO)?;
                    if !entries.is_empty() {
                        state.note(member.topic, &entries);
                        return Ok(entries);
                    }
                }
                if room.entries == 0 || Instant::now() >= deadline {
                    // Nothing more comes without room: the caller may find that it is to stop.
                    drop(state);
                    thread::sleep(POLL.min(wait));
                    return Ok(Vec::new());
                }
            }
            thread::sleep(POLL);
        }
    }

    delegate_transport!(inner: join, lead, renew, settle, release, requeue, retries, claim_retries);
}

delegate_transport!(impl Log, Maintenance for Limited => inner);
