//! Steps on one transport, told in words that do not depend on it.

use std::collections::{HashMap, HashSet};
use std::fmt::Debug;
use std::time::Duration;

use events_bus::transport::{
    Batch, Claim, DeadLetter, DeadLetterLimits, DeadReason, Entry, EntryId, Epoch, Limit, Member,
    Position, Queue, Receipt, Retention, RetryId, RetryState, Settlement, Start, Transport,
    TransportError,
};
use events_bus::{Record, Requeued};
use events_core::{EventMetadata, Timestamp, Uuid};

use super::step::{By, Outbox, Outcome, Settling, Step, Under};

const GROUPS: [&str; 2] = ["billing", "mail"];
const CONSUMERS: [&str; 2] = ["one", "two"];
/// Nothing is idle for so long, and no lease ends.
const LONG: Duration = Duration::from_mins(10);

/// A transport, and what was seen of it.
pub struct Run<'a> {
    store: &'a dyn Transport,
    topic: &'a str,
    /// Ids in the order in which they were seen, with the group that saw them.
    ids: Vec<(Option<usize>, EntryId)>,
    names: HashMap<(Option<usize>, EntryId), usize>,
    retries: [Vec<RetryId>; 2],
    /// Epochs by group and consumer.
    epochs: HashMap<(usize, usize), Vec<Epoch>>,
    /// `true` for the transports that agree with memory in everything. On Redis, a released entry stays with its consumer, as one
    /// that is long idle.
    is_exact: bool,
    /// Consumers that were handed something since they released.
    holders: HashSet<(usize, usize)>,
}

fn record(event: u8) -> Record {
    // Few events, so that some come twice.
    let id = Uuid::from_u128(0x0193_a000_0000_1000_8000_0000_0000_0000 + u128::from(event));
    let metadata = EventMetadata::new("org.example.shop.order.placed.v1").with_id(id);
    Record::new(metadata, vec![event])
}

fn tell<T: Debug>(result: Result<T, TransportError>) -> String {
    format!("{:?}", result.map_err(|error| error.kind()))
}

impl<'a> Run<'a> {
    pub fn new(store: &'a dyn Transport, topic: &'a str, is_exact: bool) -> Self {
        // Transports differ in which calls create a topic.
        let first = store.publish(topic, &[record(0)]).unwrap()[0];
        let mut run = Self {
            store,
            topic,
            ids: Vec::new(),
            names: HashMap::new(),
            retries: [Vec::new(), Vec::new()],
            epochs: HashMap::new(),
            is_exact,
            holders: HashSet::new(),
        };
        run.name(None, first);
        run
    }

    fn member(&self, by: By) -> Member<'a> {
        let member = Member::new(self.topic, GROUPS[by.group], CONSUMERS[by.consumer]);
        let epochs = self.epochs.get(&(by.group, by.consumer));
        let mut newest = epochs.into_iter().flatten().rev();
        let epoch = match by.epoch {
            Under::None => None,
            Under::Newest => newest.next(),
            Under::Former => newest.nth(1),
        };
        match epoch {
            Some(epoch) => member.under(*epoch),
            None => member,
        }
    }

    /// Returns a name for an id: its place among those that were seen.
    fn name(&mut self, group: Option<usize>, id: EntryId) -> String {
        let is_requeued = id.queue() == Queue::Redelivery;
        let owner = group.filter(|_| is_requeued);
        let next = self.ids.len();
        let place = *self.names.entry((owner, id)).or_insert(next);
        if place == next {
            self.ids.push((owner, id));
        }
        format!("{}{place}", if is_requeued { "requeued " } else { "" })
    }

    /// Returns an id that means something to the group.
    fn id(&self, which: usize, group: Option<usize>) -> EntryId {
        let mut known = self
            .ids
            .iter()
            .filter(|(owner, _)| owner.is_none() || *owner == group);
        known.nth(which).map_or(EntryId::new(0, 0), |(_, id)| *id)
    }

    fn tell_entry(&mut self, group: Option<usize>, entry: &Entry) -> String {
        let body = entry.record.as_ref().map(|record| record.body.to_vec());
        let mut handled_by = entry.handled_by.clone();
        handled_by.sort();
        format!(
            "{} {body:?} {} {} {handled_by:?} {:?}",
            self.name(group, entry.id),
            entry.deliveries,
            entry.trials,
            entry.retry
        )
    }

    fn entries(
        &mut self,
        group: Option<usize>,
        found: Result<Vec<Entry>, TransportError>,
    ) -> String {
        let told = found.map(|entries| {
            let told = entries.iter().map(|entry| self.tell_entry(group, entry));
            told.collect::<Vec<_>>()
        });
        tell(told)
    }

    /// Receives until nothing is left or the limit is reached, because a call may hand out less.
    fn receive(&self, member: Member<'_>, limit: usize) -> Result<Vec<Entry>, TransportError> {
        let mut all = Vec::new();
        loop {
            let left = Limit::entries(limit - all.len());
            let entries = self.store.receive(member, left, Duration::ZERO)?;
            let is_done = entries.is_empty();
            all.extend(entries);
            if is_done || all.len() == limit {
                return Ok(all);
            }
        }
    }

    fn publish_batch(&mut self, outbox: &Outbox) -> String {
        let numbers: Vec<_> = (0..outbox.events.len() as u64)
            .map(|index| outbox.first + index * outbox.gap)
            .collect();
        let records: Vec<_> = outbox
            .events
            .iter()
            .zip(&numbers)
            .map(|(event, number)| record(event.unwrap_or(u8::try_from(*number).unwrap())))
            .collect();
        let batch = Batch {
            incarnation: Uuid::from_u128(outbox.incarnation.into()),
            epoch: Epoch::new(outbox.counter, outbox.holder),
            acknowledged: outbox.acknowledged,
            numbers: &numbers,
        };
        let receipt = self.store.publish_batch(self.topic, &records, batch);
        tell(receipt.map(|receipt| match receipt {
            Receipt::Disputed(dispute) => format!("{dispute:?}"),
            Receipt::Published(ids) => {
                let ids = ids.iter().map(|id| id.map(|id| self.name(None, id)));
                format!("{:?}", ids.collect::<Vec<_>>())
            }
        }))
    }

    fn settlement(&self, group: usize, settling: Settling) -> Settlement {
        let Settling {
            which,
            is_retry,
            outcome,
        } = settling;
        let event = u8::try_from(which % 3).unwrap();
        let event_id = Some(record(event).metadata.id()).filter(|_| which % 4 > 0);
        let by = |receiver: &str| [receiver.into()].into();
        let retry = is_retry.then(|| self.retries[group].get(which)).flatten();
        let (id, receiver) = match retry {
            Some((id, receiver)) => (*id, Some(receiver)),
            None => (self.id(which, Some(group)), None),
        };
        let handled = match outcome {
            Outcome::Handled => by(if which % 2 == 0 { "invoice" } else { "stock" }),
            _ => [].into(),
        };
        let mut settlement = Settlement::new(id, event_id, handled);
        if let Some(receiver) = receiver {
            settlement = settlement.of_retry(receiver.clone());
        }
        if let Outcome::Parked(_) | Outcome::ParkedAndDead = outcome {
            let attempts = u32::try_from(which).unwrap();
            let state = |receiver: &str| RetryState {
                receiver: receiver.into(),
                key: (attempts > 2).then(|| "ada".into()),
                attempts,
                error: "no".into(),
                due: Timestamp::UNIX_EPOCH,
                delay: Duration::from_secs(1),
            };
            let states = match (receiver, outcome) {
                (Some(receiver), _) => vec![state(receiver)],
                (None, Outcome::Parked(0)) => vec![state("invoice"), state("stock")],
                (None, _) => vec![state("stock")],
            };
            settlement = settlement.with_parked(record(event), states);
        }
        if let Outcome::Dead | Outcome::ParkedAndDead = outcome {
            let letter = DeadLetter::new(
                GROUPS[group].into(),
                DeadReason::Exhausted,
                "no",
                id,
                Timestamp::MAX,
                Ok(record(3)),
            );
            settlement = settlement.with_dead(vec![letter]);
        }
        settlement
    }

    fn retry_names(
        &mut self,
        group: usize,
        retries: Vec<(EntryId, RetryState)>,
    ) -> Vec<(String, RetryState)> {
        retries
            .into_iter()
            .map(|(id, state)| (self.name(Some(group), id), state))
            .collect()
    }

    fn has_group(&self, group: usize) -> bool {
        let status = self.store.status(self.topic).unwrap();
        let mut groups = status.into_iter().flat_map(|status| status.groups);
        groups.any(|status| status.group == GROUPS[group])
    }

    /// Takes a step and tells its answer.
    pub fn take(&mut self, step: &Step) -> String {
        let store = self.store;
        if let Some(group) = step.group()
            && !self.has_group(group)
        {
            // Transports differ in what they refuse.
            return "no group".to_owned();
        }
        match step {
            Step::Publish(events) => {
                let records: Vec<_> = events.iter().copied().map(record).collect();
                let ids = store.publish(self.topic, &records).unwrap();
                let names = ids.iter().map(|id| self.name(None, *id));
                names.collect::<Vec<_>>().join(" ")
            }
            Step::PublishBatch(outbox) => self.publish_batch(outbox),
            Step::Join { group, beginning } => {
                let start = if *beginning {
                    Start::Beginning
                } else {
                    Start::Now
                };
                tell(store.join(self.topic, GROUPS[*group], start))
            }
            Step::Lead(by) => {
                let led = store.lead(self.member(*by), LONG);
                tell(led.map(|leadership| {
                    let epochs = self.epochs.entry((by.group, by.consumer)).or_default();
                    epochs.extend(leadership.epoch());
                    leadership.epoch().is_some()
                }))
            }
            Step::Renew(by, ends) => {
                let member = self.member(*by);
                let lease = if *ends { Duration::ZERO } else { LONG };
                let told = tell(store.renew(member, lease, &[]));
                if *ends && member.epoch.is_some() {
                    // A transport may end a lease of no length a moment later.
                    std::thread::sleep(Duration::from_millis(3));
                }
                told
            }
            Step::Release(by) => {
                let held = self.holders.remove(&(by.group, by.consumer));
                if !held && !self.is_exact {
                    return "nothing to release".to_owned();
                }
                tell(store.release(self.member(*by)))
            }
            Step::Receive(by, limit) => {
                self.holders.insert((by.group, by.consumer));
                let found = self.receive(self.member(*by), *limit);
                self.entries(Some(by.group), found)
            }
            Step::Claim(by, claiming) => {
                let claim = Claim {
                    after: claiming.after.map(|which| self.id(which, Some(by.group))),
                    own: claiming.own || !self.is_exact,
                    idle: if claiming.idle { LONG } else { Duration::ZERO },
                    limit: Limit::entries(claiming.limit),
                    max_deliveries: claiming.max_deliveries,
                    trial: claiming.trial,
                };
                self.holders.insert((by.group, by.consumer));
                let claimed = store.claim(self.member(*by), claim);
                let suspect = claimed.as_ref().ok().and_then(|claimed| claimed.suspect);
                let suspect = suspect.map(|id| self.name(Some(by.group), id));
                let entries = self.entries(Some(by.group), claimed.map(|it| it.entries));
                format!("{entries} {suspect:?}")
            }
            Step::Settle(by, all) => {
                let mut settlements: Vec<_> = all
                    .iter()
                    .map(|settling| self.settlement(by.group, *settling))
                    .collect();
                if !self.is_exact {
                    // The server looks up what is pending once for the whole call.
                    let mut seen = HashSet::new();
                    settlements.retain(|it| seen.insert((it.entry, it.receiver.clone())));
                }
                tell(store.settle(self.member(*by), &settlements))
            }
            Step::Requeue { group, event } => {
                let requeued = record(*event).with_requeued(Requeued::new("replay", "1-0"));
                tell(store.requeue(self.topic, GROUPS[*group], &[requeued]))
            }
            Step::Retries(by) => {
                let retries = store.retries(self.member(*by));
                tell(retries.map(|retries| self.retry_names(by.group, retries)))
            }
            Step::ClaimRetries(by, which, idle, trial) => {
                let known = &self.retries[by.group];
                let ids: Vec<_> = which
                    .iter()
                    .filter_map(|it| known.get(*it).cloned())
                    .collect();
                let idle = if *idle { LONG } else { Duration::ZERO };
                self.holders.insert((by.group, by.consumer));
                let found = store.claim_retries(self.member(*by), &ids, idle, *trial);
                self.entries(Some(by.group), found)
            }
            Step::Read { after, limit } => {
                let from = after.map_or(Position::Oldest, |which| {
                    Position::After(self.id(which, None))
                });
                let found = store.read(self.topic, from, *limit);
                self.entries(None, found)
            }
            Step::DropDead(which) => {
                let letters = store.dead_letters(self.topic, None, 100).unwrap();
                let ids: Vec<_> = letters
                    .iter()
                    .map(|(id, _)| *id)
                    .skip(*which)
                    .take(1)
                    .collect();
                tell(store.drop_dead_letters(self.topic, &ids))
            }
            Step::TrimDead(entries) => {
                let limits = DeadLetterLimits {
                    entries: Some(*entries),
                    age: None,
                };
                tell(store.trim_dead_letters(self.topic, limits))
            }
            Step::Trim {
                entries,
                before,
                lose,
            } => self.trim(Retention {
                entries: *entries,
                age: Duration::ZERO,
                before: before
                    .map(|which| self.id(which, None))
                    .filter(|id| id.major() > 0),
                // The server counts wrong after a lossy retention.
                lose_unread_beyond: lose.filter(|_| self.is_exact),
            }),
            Step::Delete { group } => tell(store.delete_group(self.topic, GROUPS[*group])),
        }
    }

    fn trim(&self, retention: Retention) -> String {
        // An entry is older than no time at all only a moment later.
        std::thread::sleep(Duration::from_millis(2));
        let (mut entries, mut unread) = (0, 0);
        loop {
            let trimmed = match self.store.trim(self.topic, retention) {
                Ok(trimmed) => trimmed,
                Err(error) => return format!("{:?}", error.kind()),
            };
            entries += trimmed.entries;
            unread += trimmed.unread;
            if !trimmed.more {
                return format!("{entries} {unread}");
            }
        }
    }

    /// Tells the whole state, without times.
    pub fn state(&mut self) -> String {
        let Some(mut status) = self.store.status(self.topic).unwrap() else {
            return "nothing".to_owned();
        };
        let mut told = Vec::new();
        for place in [status.oldest.take(), status.newest.take()] {
            told.push(format!("{:?}", place.map(|id| self.name(None, id))));
        }
        for group in &mut status.groups {
            group.oldest_unfinished = group.oldest_unfinished.map(|_| Timestamp::MAX);
        }
        told.push(format!("{status:?}"));
        for (index, group) in GROUPS.into_iter().enumerate() {
            let member = Member::new(self.topic, group, "looks");
            let retries = self.store.retries(member).unwrap_or_default();
            let id = |(id, state): &(EntryId, RetryState)| (*id, state.receiver.clone());
            self.retries[index] = retries.iter().map(id).collect();
            told.push(format!("{:?}", self.retry_names(index, retries)));
        }
        for (_, letter) in self.store.dead_letters(self.topic, None, 100).unwrap() {
            let group = GROUPS.iter().position(|group| **group == *letter.group);
            let name = self.name(group, letter.entry);
            told.push(format!("{name} {} {}", letter.group, letter.attempts));
        }
        told.join("\n")
    }
}
