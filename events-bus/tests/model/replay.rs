//! Random walks through the model, and the same calls to a real transport.

use std::collections::HashMap;
use std::time::Duration;

use events_bus::Record;
use events_bus::transport::{
    Batch, Claim, Entry, EntryId, Epoch, Limit, Member, Receipt, RetryState, Settlement, Start,
    Transport, TransportError, TransportErrorKind,
};
use events_core::{EventMetadata, Timestamp};

use super::calls::{Answer, By, Call, Calls};
use super::search::{act, actions};
use super::steps::Luck;
use super::topic::{End, EntryNumber, Handed, Holder, Old, uuid};
use super::world::{Budget, Config, Event, World};

const GROUP: &str = "group";
const RECEIVER: &str = "shop.invoice";
const LEASE: Duration = Duration::from_hours(1);
const STEPS: usize = 100;

/// A walk: the calls with the answers of the rules, and the world at its end.
pub struct Walk {
    pub start: World,
    pub config: Config,
    pub calls: Vec<(Call, Answer)>,
    pub end: World,
}

/// Takes random actions from a random start.
pub fn walk(seed: u64) -> Walk {
    let mut random = fastrand::Rng::with_seed(seed);
    let left = Budget {
        sends: 4,
        ticks: 8,
        crashes: 2,
        stops: 2,
        lost_answers: 2,
        failures: 2,
        restores: 1,
        clones: u8::from(seed.is_multiple_of(5)),
        failovers: 0,
    };
    let (start, poison) = match seed % 4 {
        0 => (World::new(0, 3, left).with_log(4).with_copies(), None),
        1 => (World::new(0, 2, left).with_log(4), Some(1)),
        _ => (World::new(2, 1, Budget { ..left }), None),
    };
    let left = Budget {
        sends: if start.sent > 0 { 0 } else { left.sends },
        clones: if start.sent > 0 { 0 } else { left.clones },
        ..left
    };
    let start = World { left, ..start };
    let config = Config {
        out: None,
        poison,
        max_deliveries: 2,
        proves_acknowledged: false,
        watches_epochs: false,
        keys: 2,
        batch: 1 + random.usize(..3),
    };
    let mut world = start.clone();
    let mut calls = Calls::recorded();
    for _ in 0..STEPS {
        let mut actions = actions(&world);
        // Most steps are the plain ones of processes.
        if random.u8(..10) < 8 {
            actions.retain(|action| matches!(action, super::search::Action::Step(_, Luck::Good)));
        }
        let Some(action) = random.choice(actions) else {
            continue;
        };
        let mut next = world.clone();
        let known = calls.len();
        if act(&mut next, action, &config, &mut calls) {
            world = next;
        } else if next.topic != world.topic {
            calls.truncate(known);
        }
    }
    Walk {
        start,
        config,
        calls: calls.into_vec(),
        end: world,
    }
}

fn record(event: Event) -> Record {
    let metadata = EventMetadata::new("org.example.shop.order.placed.v1").with_id(uuid(event));
    Record::new(metadata, [event])
}

/// A walk on a real transport.
struct Replay<'a> {
    transport: &'a dyn Transport,
    topic: &'a str,
    entries: HashMap<EntryNumber, EntryId>,
    numbers: HashMap<EntryId, EntryNumber>,
    /// Epochs of the model with those that the transport gave.
    epochs: HashMap<Epoch, Epoch>,
    leader: Option<By>,
}

/// Makes the calls of a walk and compares the answers.
///
/// # Panics
/// Panics if the transport answers other than the rules.
pub fn replay(transport: &dyn Transport, topic: &str, walk: &Walk) {
    let mut replay = Replay {
        transport,
        topic,
        entries: HashMap::new(),
        numbers: HashMap::new(),
        epochs: HashMap::new(),
        leader: None,
    };
    transport.join(topic, GROUP, Start::Beginning).unwrap();
    for (entry, event) in &walk.start.topic.log {
        let ids = transport.publish(topic, &[record(*event)]).unwrap();
        replay.know(*entry, ids[0]);
    }
    for (index, (call, expected)) in walk.calls.iter().enumerate() {
        let answer = replay.make(call, expected, walk);
        assert!(
            answer == *expected,
            "{call:?} on {} answers\n  {answer:?}, and by the rules\n  {expected:?}, after{}",
            transport.name(),
            tell(&walk.calls[..index])
        );
    }
    let status = transport.status(topic).unwrap().unwrap();
    let group = &status.groups[0];
    let end = &walk.end.topic;
    let unread = (end.log.len() - end.position) as u64;
    assert_eq!(
        (group.unread, group.pending, group.parked, status.entries),
        (
            Some(unread),
            end.pending.len() as u64,
            end.retries.len() as u64,
            end.log.len() as u64
        ),
        "after{}",
        tell(&walk.calls)
    );
}

/// Returns calls with their answers, one a line.
fn tell(calls: &[(Call, Answer)]) -> String {
    let lines = calls
        .iter()
        .map(|(call, answer)| format!("\n  {call:?} -> {answer:?}"));
    lines.collect()
}

fn name(holder: Holder) -> String {
    format!("process-{holder}")
}

/// Returns an answer, or `Old` if the epoch was.
fn old<T>(result: Result<T, TransportError>) -> Result<T, Old> {
    result.map_err(|error| {
        assert_eq!(error.kind(), TransportErrorKind::LostLease, "{error}");
        Old
    })
}

impl Replay<'_> {
    fn know(&mut self, number: EntryNumber, id: EntryId) {
        self.entries.insert(number, id);
        self.numbers.insert(id, number);
    }

    fn with<T>(&self, by: By, call: impl FnOnce(Member<'_>) -> T) -> T {
        let name = name(by.0);
        let member = Member::new(self.topic, GROUP, &name).under(self.epochs[&by.1]);
        call(member)
    }

    fn is_led(&self) -> bool {
        let status = self.transport.status(self.topic).unwrap().unwrap();
        status.groups[0].leader.is_some()
    }

    fn handed(&self, entries: Result<Vec<Entry>, TransportError>) -> Answer {
        let handed = |entry: &Entry| Handed {
            entry: self.numbers[&entry.id],
            event: entry.record.as_ref().unwrap().body[0],
            is_retry: entry.retry.is_some(),
            is_duplicate: !entry.handled_by.is_empty(),
            trials: u8::try_from(entry.trials).unwrap(),
        };
        Answer::Entries(old(entries).map(|entries| entries.iter().map(handed).collect()))
    }

    fn make(&mut self, call: &Call, expected: &Answer, walk: &Walk) -> Answer {
        let transport = self.transport;
        match call {
            Call::Publish { epoch, batch } => {
                let records: Vec<_> = batch.records.iter().map(|(_, it)| record(*it)).collect();
                let numbers: Vec<_> = batch.records.iter().map(|(number, _)| *number).collect();
                let real = Batch {
                    incarnation: uuid(batch.incarnation),
                    epoch: *epoch,
                    acknowledged: batch.acknowledged.0,
                    numbers: &numbers,
                };
                let receipt = transport.publish_batch(self.topic, &records, real);
                let ids = match receipt.unwrap() {
                    Receipt::Disputed(dispute) => return Answer::Published(Err(dispute)),
                    Receipt::Published(ids) => ids,
                };
                // The model says which numbers the new entries have.
                if let Answer::Published(Ok(entries)) = expected {
                    for (entry, id) in entries.iter().zip(&ids) {
                        if let (Some(entry), Some(id)) = (entry, id) {
                            self.know(*entry, *id);
                        }
                    }
                }
                let number = |id: &Option<EntryId>| id.map(|id| self.numbers[&id]);
                Answer::Published(Ok(ids.iter().map(number).collect()))
            }
            Call::Lead { holder } => {
                let name = name(*holder);
                let member = Member::new(self.topic, GROUP, &name);
                let epoch = transport.lead(member, LEASE).unwrap().epoch();
                let Answer::Lead(Some(model)) = expected else {
                    return Answer::Lead(epoch);
                };
                let Some(epoch) = epoch else {
                    return Answer::Lead(None);
                };
                self.epochs.insert(*model, epoch);
                self.leader = Some((*holder, *model));
                Answer::Lead(Some(*model))
            }
            Call::Renew { by } => {
                let renewed = self.with(*by, |member| transport.renew(member, LEASE, &[]));
                Answer::Settled(old(renewed))
            }
            Call::Receive { by, limit } => {
                // A call may hand out less than the limit.
                let mut all = Vec::new();
                while all.len() < *limit {
                    let limit = Limit::entries(limit - all.len());
                    let receive =
                        |member: Member<'_>| transport.receive(member, limit, Duration::ZERO);
                    match self.with(*by, receive) {
                        Ok(entries) if entries.is_empty() => break,
                        Ok(entries) => all.extend(entries),
                        Err(error) => return self.handed(Err(error)),
                    }
                }
                self.handed(Ok(all))
            }
            Call::Claim { by, max_deliveries } => {
                let claim = Claim {
                    after: None,
                    own: true,
                    idle: Duration::ZERO,
                    limit: Limit::entries(100),
                    max_deliveries: if walk.config.poison.is_some() {
                        *max_deliveries
                    } else {
                        u64::MAX
                    },
                    trial: true,
                };
                let claimed = self.with(*by, |member| transport.claim(member, claim));
                self.handed(claimed.map(|claimed| claimed.entries))
            }
            Call::Retries { by } => {
                let retries = old(self.with(*by, |member| transport.retries(member)));
                let event = |id: &EntryId, state: &RetryState| {
                    let key = state.key.as_deref().unwrap();
                    (self.numbers[id], key.parse().unwrap())
                };
                Answer::Retries(
                    retries.map(|all| all.iter().map(|(id, it)| event(id, it)).collect()),
                )
            }
            Call::ClaimRetry { by, entry } => {
                let id = (self.entries[entry], RECEIVER.into());
                let claimed = self.with(*by, |member| {
                    transport.claim_retries(member, &[id], Duration::ZERO, false)
                });
                self.handed(claimed)
            }
            Call::Settle { by, handed, end } => {
                let settlement = self.settlement(handed, *end);
                let settled = self.with(*by, |member| transport.settle(member, &[settlement]));
                Answer::Settled(old(settled))
            }
            Call::Release { by } => {
                self.with(*by, |member| transport.release(member)).unwrap();
                Answer::Settled(Ok(()))
            }
            Call::Tick => {
                if let Some(leader) = self.leader {
                    let renew = |member: Member<'_>| transport.renew(member, Duration::ZERO, &[]);
                    // The leader may have released the lead.
                    let _ = old(self.with(leader, renew));
                    // A transport may end a lease of no length a moment later.
                    for _ in 0..1000 {
                        if !self.is_led() {
                            return Answer::Settled(Ok(()));
                        }
                        std::thread::sleep(Duration::from_millis(1));
                    }
                    panic!("a lease of no length does not end");
                }
                Answer::Settled(Ok(()))
            }
        }
    }

    fn settlement(&self, handed: &Handed, end: End) -> Settlement {
        let receivers = if end == End::Handled {
            vec![RECEIVER.into()]
        } else {
            Vec::new()
        };
        let id = self.entries[&handed.entry];
        let mut settlement = Settlement::new(id, Some(uuid(handed.event)), receivers.into());
        if handed.is_retry {
            settlement = settlement.of_retry(RECEIVER.into());
        }
        if let End::Parked { attempts } = end {
            let state = RetryState {
                receiver: RECEIVER.into(),
                key: Some(handed.event.to_string().into()),
                attempts: attempts.into(),
                error: "no".into(),
                due: Timestamp::UNIX_EPOCH,
                delay: Duration::ZERO,
            };
            settlement = settlement.with_parked(record(handed.event), vec![state]);
        }
        settlement
    }
}
