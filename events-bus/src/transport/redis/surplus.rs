//! Entries that were read beyond the limit of a call.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::receive::{Batch, place};
use crate::transport::{Entry, Epoch, Member};

/// Surpluses of consumers, in order. They are pending, as all that was read.
#[derive(Default)]
pub(super) struct Surpluses(Mutex<HashMap<Box<str>, Surplus>>);

struct Surplus {
    epoch: Option<Epoch>,
    entries: Vec<Entry>,
}

impl Surpluses {
    /// Takes the surplus of a consumer under its epoch.
    pub(super) fn take(&self, member: Member<'_>) -> Batch {
        let mut surplus = self.surpluses();
        if surplus.is_empty() {
            return Batch::default();
        }
        let place = place(member);
        match surplus.get(&*place) {
            Some(kept) if kept.epoch == member.epoch => {}
            _ => return Batch::default(),
        }
        surplus
            .remove(&*place)
            .map_or_else(Batch::default, |kept| Batch {
                entries: kept.entries,
                is_doubtful: true,
            })
    }

    /// Keeps entries for the next call. The surplus of an older epoch is dropped.
    pub(super) fn keep(&self, member: Member<'_>, entries: Vec<Entry>) {
        if entries.is_empty() {
            return;
        }
        let new = || Surplus {
            epoch: member.epoch,
            entries: Vec::new(),
        };
        let mut surplus = self.surpluses();
        let kept = surplus.entry(place(member).into()).or_insert_with(new);
        if kept.epoch != member.epoch {
            let counter = |epoch: Option<Epoch>| epoch.map(Epoch::counter);
            if counter(kept.epoch) > counter(member.epoch) {
                // The call ended late. A later leader claims its entries.
                return;
            }
            *kept = new();
        }
        kept.entries.extend(entries);
        kept.entries.sort_by_key(|entry| entry.id);
    }

    fn surpluses(&self) -> MutexGuard<'_, HashMap<Box<str>, Surplus>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
