//! Tools of the checks: a transport, short calls, sample records.

use std::sync::Arc;
use std::time::Duration;

use events_core::{EventMetadata, Timestamp, Uuid};

use super::Fixture;
use crate::record::Record;
use crate::transport::{
    Claim, DeadLetter, DeadReason, Entry, EntryId, Epoch, GroupStatus, Leadership, Limit, Member,
    Position, Retention, RetryId, RetryState, Settlement, SharedTransport, Start, TopicStatus,
    TransportError, TransportErrorKind, Trimmed,
};

/// A transport under check.
pub(super) struct Setting<'a> {
    pub(super) transport: SharedTransport,
    pub(super) fixture: &'a dyn Fixture,
}

pub(super) const TOPIC: &str = "conformance";
pub(super) const GROUP: &str = "group";
/// A lease, or an idle time, that does not end during a check.
pub(super) const LEASE: Duration = Duration::from_secs(30);
pub(super) const MOMENT: Duration = Duration::from_millis(50);

impl Setting<'_> {
    /// Returns the second handle, or the first one if the fixture has no other.
    pub(super) fn other(&self) -> SharedTransport {
        self.fixture
            .again(&self.transport)
            .unwrap_or_else(|| Arc::clone(&self.transport))
    }

    pub(super) fn publish(&self, numbers: impl IntoIterator<Item = u64>) -> Vec<EntryId> {
        let records: Vec<_> = numbers.into_iter().map(record).collect();
        self.publish_records(&records)
    }

    pub(super) fn publish_records(&self, records: &[Record]) -> Vec<EntryId> {
        let ids = self.transport.publish(TOPIC, records);
        let ids = ids.expect("publishing succeeds");
        assert_eq!(ids.len(), records.len(), "each record becomes an entry");
        ids
    }

    pub(super) fn requeue(&self, numbers: impl IntoIterator<Item = u64>) {
        let records: Vec<_> = numbers.into_iter().map(record).collect();
        self.transport
            .requeue(TOPIC, GROUP, &records)
            .expect("requeueing succeeds");
    }

    pub(super) fn join(&self, group: &str) {
        self.transport
            .join(TOPIC, group, Start::Beginning)
            .expect("joining succeeds");
    }

    /// Takes the lead and returns the epoch.
    pub(super) fn lead(&self, consumer: &str, lease: Duration) -> Epoch {
        let leadership = self.transport.lead(member(consumer), lease);
        let leadership = leadership.expect("leading succeeds");
        leadership.epoch().expect("nobody else leads")
    }

    /// Returns the epoch of a consumer once it may lead.
    pub(super) fn lead_after(&self, consumer: &str) -> Epoch {
        let mut epoch = None;
        eventually("another consumer leads after the lease", || {
            let leadership = self.transport.lead(member(consumer), LEASE);
            epoch = leadership.expect("leading succeeds").epoch();
            epoch.is_some()
        });
        epoch.expect("it leads")
    }

    pub(super) fn receive(&self, consumer: &str, limit: usize) -> Vec<Entry> {
        self.receive_as(member(consumer), limit)
    }

    /// Receives until nothing is left or the limit is reached. A call may hand out less than the limit.
    pub(super) fn receive_as(&self, member: Member<'_>, limit: usize) -> Vec<Entry> {
        let mut all = Vec::new();
        loop {
            let most = limit - all.len();
            let entries = self
                .transport
                .receive(member, Limit::entries(most), MOMENT)
                .expect("receiving succeeds");
            assert!(entries.len() <= most, "no more than the limit");
            let is_done = entries.is_empty();
            all.extend(entries);
            if is_done || all.len() == limit {
                return all;
            }
        }
    }

    pub(super) fn claim(&self, consumer: &str, idle: Duration) -> Vec<Entry> {
        self.claim_as(member(consumer), idle)
    }

    /// Claims everything that may be claimed. A call may hand out less than the limit.
    pub(super) fn claim_as(&self, member: Member<'_>, idle: Duration) -> Vec<Entry> {
        let mut claim = claim_all(idle);
        let mut all: Vec<Entry> = Vec::new();
        loop {
            let claimed = self.transport.claim(member, claim);
            let claimed = claimed.expect("claiming succeeds");
            assert_eq!(claimed.suspect, None, "nothing is suspect");
            let Some(last) = claimed.entries.last() else {
                return all;
            };
            claim.after = Some(last.id);
            all.extend(claimed.entries);
        }
    }

    pub(super) fn retries_of(&self, group: &str) -> Vec<(EntryId, RetryState)> {
        let retries = self.transport.retries(member_of(group, "looks"));
        retries.expect("listing the retry queue succeeds")
    }

    pub(super) fn retries(&self) -> Vec<(EntryId, RetryState)> {
        self.retries_of(GROUP)
    }

    pub(super) fn claim_retries(
        &self,
        consumer: &str,
        retries: &[RetryId],
        idle: Duration,
    ) -> Vec<Entry> {
        self.transport
            .claim_retries(member(consumer), retries, idle, false)
            .expect("claiming retries succeeds")
    }

    pub(super) fn settle(&self, settlements: &[Settlement]) {
        self.transport
            .settle(member("one"), settlements)
            .expect("settling succeeds");
    }

    pub(super) fn finish(&self, consumer: &str, entries: &[Entry]) {
        let settlements: Vec<_> = entries.iter().map(done).collect();
        self.transport
            .settle(member(consumer), &settlements)
            .expect("settling succeeds");
    }

    pub(super) fn release(&self, member: Member<'_>) {
        let released = self.transport.release(member);
        released.expect("releasing succeeds");
    }

    pub(super) fn read(&self, from: Position, limit: usize) -> Vec<Entry> {
        let entries = self.transport.read(TOPIC, from, limit);
        entries.expect("reading succeeds")
    }

    /// Trims until nothing more can be removed.
    pub(super) fn trim(&self, retention: Retention) -> Trimmed {
        // An entry is older than no time at all only a moment later.
        std::thread::sleep(Duration::from_millis(5));
        let mut all = Trimmed::default();
        for _ in 0..10_000 {
            let trimmed = self.transport.trim(TOPIC, retention);
            let trimmed = trimmed.expect("trimming succeeds");
            all.entries += trimmed.entries;
            all.unread += trimmed.unread;
            if !trimmed.more {
                return all;
            }
        }
        panic!("trimming does not come to an end");
    }

    pub(super) fn letters(&self, topic: &str) -> Vec<(EntryId, DeadLetter)> {
        let letters = self.transport.dead_letters(topic, None, 100);
        letters.expect("reading dead letters succeeds")
    }

    pub(super) fn status(&self) -> TopicStatus {
        self.transport
            .status(TOPIC)
            .expect("the status can be read")
            .expect("the topic exists")
    }

    pub(super) fn group_of(&self, name: &str) -> GroupStatus {
        let groups = self.status().groups;
        let group = groups.into_iter().find(|group| group.group == name);
        group.expect("the group exists")
    }

    pub(super) fn group(&self) -> GroupStatus {
        self.group_of(GROUP)
    }

    /// Returns everything that can be seen without a change: the status, the dead letters, the retry queue and the log.
    pub(super) fn snapshot(&self) -> String {
        let log = numbers(&self.read(Position::Oldest, 1000));
        format!(
            "{:#?}\n{:#?}\n{:#?}\n{log:?}",
            self.status(),
            self.letters(TOPIC),
            self.retries()
        )
    }
}

pub(super) fn member(consumer: &str) -> Member<'_> {
    member_of(GROUP, consumer)
}

pub(super) fn member_of<'a>(group: &'a str, consumer: &'a str) -> Member<'a> {
    Member::new(TOPIC, group, consumer)
}

/// Returns a claim of everything, the consumer's own entries too.
pub(super) const fn claim_all(idle: Duration) -> Claim {
    Claim {
        after: None,
        own: true,
        idle,
        limit: Limit::entries(1000),
        max_deliveries: u64::MAX,
        trial: false,
    }
}

/// Returns a record that its number tells from others.
pub(super) fn record(number: u64) -> Record {
    let metadata = EventMetadata::new("org.example.conformance.order.placed.v1")
        .with_id(Uuid::from_u128(u128::from(number) + 1))
        .with_time(Timestamp::UNIX_EPOCH);
    Record::new(metadata, number.to_le_bytes()).with_key(Some(format!("key-{}", number % 3)))
}

pub(super) fn number(entry: &Entry) -> u64 {
    let record = entry.record.as_ref().expect("the entry holds a record");
    let bytes = record.body[..].try_into();
    u64::from_le_bytes(bytes.expect("the body is that of a record of the suite"))
}

pub(super) fn numbers(entries: &[Entry]) -> Vec<u64> {
    entries.iter().map(number).collect()
}

/// Returns the ids of receivers.
pub(super) fn receivers(names: &[&str]) -> Arc<[Arc<str>]> {
    names.iter().map(|name| Arc::from(*name)).collect()
}

/// Returns the receivers that handled the event of an entry, sorted.
pub(super) fn handled_by(entry: &Entry) -> Vec<&str> {
    let mut names: Vec<_> = entry.handled_by.iter().map(|name| &**name).collect();
    names.sort_unstable();
    names
}

pub(super) fn event_id(entry: &Entry) -> Option<Uuid> {
    let record = entry.record.as_ref().ok();
    record.map(|record| record.metadata.id())
}

/// Returns the settlement of an entry that needs nothing more.
pub(super) fn done(entry: &Entry) -> Settlement {
    Settlement::new(entry.id, event_id(entry), Arc::default())
}

/// Returns the settlement of an entry that receivers handled.
pub(super) fn done_by(entry: &Entry, names: &[&str]) -> Settlement {
    Settlement::new(entry.id, event_id(entry), receivers(names))
}

/// Returns the settlement that parks a delivery for each of the receivers.
pub(super) fn parked(entry: &Entry, names: &[&str]) -> Settlement {
    let record = entry.record.clone().expect("the entry holds a record");
    let states = names.iter().map(|name| retry_state(name, 1)).collect();
    done(entry).with_parked(record, states)
}

/// Returns the settlement that parks a delivery of the retry queue again.
pub(super) fn parked_again(entry: &Entry, state: RetryState) -> Settlement {
    let record = entry.record.clone().expect("the entry holds a record");
    done(entry)
        .of_retry(Arc::clone(&state.receiver))
        .with_parked(record, vec![state])
}

pub(super) fn retry_state(receiver: &str, attempts: u32) -> RetryState {
    RetryState {
        receiver: receiver.into(),
        key: Some("key-1".into()),
        attempts,
        error: "the \"mail\" server\nis down: ü".into(),
        due: Timestamp::from_micros(1_700_000_000_123_456).expect("a time"),
        delay: Duration::from_millis(1500),
    }
}

pub(super) fn retry_id(entry: EntryId, receiver: &str) -> RetryId {
    (entry, receiver.into())
}

/// Returns a dead letter of an entry, given up at the time of its publication.
pub(super) fn letter(entry: &Entry, reason: DeadReason) -> DeadLetter {
    DeadLetter::new(
        GROUP.into(),
        reason,
        "it said: ü",
        entry.id,
        entry.published_at,
        entry.record.clone(),
    )
}

/// Panics unless a call was refused because its epoch is old.
pub(super) fn assert_old<T: std::fmt::Debug>(call: &str, result: Result<T, TransportError>) {
    match result {
        Ok(answer) => panic!("`{call}` under an old epoch answered {answer:?}"),
        Err(error) => assert_eq!(error.kind(), TransportErrorKind::LostLease, "{call}"),
    }
}

/// Panics unless another consumer leads.
pub(super) fn assert_standby(leadership: Result<Leadership, TransportError>) {
    assert_eq!(
        leadership.expect("leading succeeds"),
        Leadership::Standby,
        "another consumer leads"
    );
}

/// Waits for what takes a moment on its way between handles.
pub(super) fn eventually(promise: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..1000 {
        if holds() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("did not happen within ten seconds: {promise}");
}
