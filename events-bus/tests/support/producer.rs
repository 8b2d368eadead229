//! Outboxes in stores that outlast a bus, and transports that forget.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::allow_attributes,
    clippy::unwrap_used,
    reason = "each test binary uses a part of it, and a test that cannot go on has failed"
)]

use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use events_bus::config::BusConfig;
use events_bus::transport::memory::MemoryTransport;
use events_bus::transport::{
    Batch, Entry, EntryId, Epoch, GroupStatus, Limit, Log, Member, Position, Receipt, Settlement,
    SharedTransport, Start, TransportError,
};
use events_bus::{Bus, Record, delegate_transport};
use events_core::{EventMetadata, Uuid};

/// The topic that outboxes publish to.
pub const TOPIC: &str = "t";
/// The topic of a store in which its rows wait.
pub const OUTBOX: &str = "events:outbox:t";
/// The topic of a store with its incarnations.
pub const IDENTITY: &str = "events:identity:t";

pub const LONG: Duration = Duration::from_secs(30);

pub fn memory() -> SharedTransport {
    Arc::new(MemoryTransport::new())
}

/// An event with a number.
pub fn record(number: u64) -> Record {
    let metadata = EventMetadata::new("org.example.producer.row.v1");
    Record::new(metadata, number.to_be_bytes()).with_key(Some(format!("key-{}", number % 3)))
}

/// Puts rows into an outbox, as a send does.
pub fn put(store: &SharedTransport, numbers: RangeInclusive<u64>) {
    let records: Vec<_> = numbers.map(record).collect();
    store.publish(OUTBOX, &records).unwrap();
}

pub fn number(record: &Record) -> u64 {
    u64::from_be_bytes((*record.body).try_into().unwrap())
}

/// Returns the numbers of the events in a topic.
pub fn numbers(transport: &SharedTransport, topic: &str) -> Vec<u64> {
    let entries = transport.read(topic, Position::Oldest, usize::MAX).unwrap();
    let records = entries.iter().map(|entry| entry.record.as_ref().unwrap());
    records.map(number).collect()
}

/// Returns the numbers in the order in which they were published first.
pub fn first_seen(numbers: &[u64]) -> Vec<u64> {
    let mut seen = std::collections::BTreeSet::new();
    let new = numbers.iter().filter(|number| seen.insert(**number));
    new.copied().collect()
}

/// Starts a bus that publishes the outbox of a store.
pub fn start(store: &SharedTransport, transport: &SharedTransport) -> Bus {
    start_with(store, transport, |_| {})
}

pub fn start_with(
    store: &SharedTransport,
    transport: &SharedTransport,
    change: impl FnOnce(&mut BusConfig),
) -> Bus {
    store.join(OUTBOX, "publisher", Start::Beginning).unwrap();
    let mut config = BusConfig::memory();
    change(&mut config);
    Bus::builder(config)
        .transport(Arc::clone(transport))
        .outbox(Arc::clone(store))
        .start()
        .unwrap()
}

/// Starts a bus, waits until everything is published, and stops it.
pub fn drain(store: &SharedTransport, transport: &SharedTransport) {
    let bus = start(store, transport);
    bus.flush(LONG).unwrap();
    bus.shutdown(LONG).unwrap();
}

/// Waits until nothing of an outbox waits, whoever publishes it.
pub fn wait_until_empty(bus: &Bus) {
    bus.flush(LONG).unwrap();
}

/// The incarnations that a store has had, the oldest first.
pub fn incarnations(store: &SharedTransport) -> Vec<String> {
    let entries = store.read(IDENTITY, Position::Oldest, 1_000).unwrap();
    let mut ids: Vec<_> = entries.iter().map(|entry| identity(entry).0).collect();
    ids.dedup();
    ids
}

fn identity(entry: &Entry) -> (String, Epoch) {
    let text = String::from_utf8(entry.record.as_ref().unwrap().body.to_vec()).unwrap();
    let mut parts = text.split(' ');
    let id = parts.next().unwrap().to_owned();
    (id, parts.next().unwrap().parse().unwrap())
}

/// Copies a store as a backup does: rows, published rows, the counter of epochs and the identity.
///
/// The rows of the store begin at 1.
pub fn copy(store: &SharedTransport) -> SharedTransport {
    let copy = memory();
    for topic in [OUTBOX, IDENTITY] {
        let entries = store.read(topic, Position::Oldest, usize::MAX).unwrap();
        let records: Vec<_> = entries
            .into_iter()
            .map(|entry| entry.record.unwrap())
            .collect();
        copy.publish(topic, &records).unwrap();
    }
    copy.join(OUTBOX, "publisher", Start::Beginning).unwrap();
    let identities = store.read(IDENTITY, Position::Oldest, usize::MAX).unwrap();
    let leaders = identities
        .iter()
        .map(|entry| identity(entry).1.counter())
        .max()
        .unwrap_or(0);
    let member = Member::new(OUTBOX, "publisher", "copy");
    let mut epoch = None;
    for _ in 0..leaders {
        epoch = copy.lead(member, Duration::ZERO).unwrap().epoch();
    }
    let status = store.status(OUTBOX).unwrap().unwrap();
    let waiting = |group: &GroupStatus| group.unread.unwrap() + group.pending;
    let published = status.entries - status.groups.first().map_or(status.entries, waiting);
    if published > 0 {
        let member = member.under(epoch.unwrap());
        let limit = Limit {
            entries: usize::try_from(published).unwrap(),
            bytes: usize::MAX,
        };
        let entries = copy.receive(member, limit, Duration::ZERO).unwrap();
        let settlements: Vec<_> = entries
            .iter()
            .map(|entry| Settlement::new(entry.id, None, Arc::default()))
            .collect();
        copy.settle(member, &settlements).unwrap();
        assert_eq!(settlements.len() as u64, published);
    }
    copy
}

/// A transport that can be replaced by a replica that is behind.
#[derive(Debug)]
pub struct Replicated {
    current: Mutex<Arc<MemoryTransport>>,
    /// The batches that it has taken.
    log: Mutex<Vec<Call>>,
    /// What a publisher does not use.
    rest: MemoryTransport,
}

#[derive(Debug, Clone)]
struct Call {
    topic: String,
    records: Vec<Record>,
    batch: Option<(Uuid, Epoch, u64, Vec<u64>)>,
}

impl Call {
    fn run(&self, transport: &MemoryTransport) {
        let Some((incarnation, epoch, acknowledged, numbers)) = &self.batch else {
            transport.publish(&self.topic, &self.records).unwrap();
            return;
        };
        let batch = Batch {
            incarnation: *incarnation,
            epoch: *epoch,
            acknowledged: *acknowledged,
            numbers,
        };
        let receipt = transport.publish_batch(&self.topic, &self.records, batch);
        assert!(matches!(receipt, Ok(Receipt::Published(_))), "{receipt:?}");
    }
}

impl Replicated {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            current: Mutex::new(Arc::new(MemoryTransport::new())),
            log: Mutex::default(),
            rest: MemoryTransport::new(),
        })
    }

    /// Returns the number of batches that it holds.
    pub fn batches(&self) -> usize {
        self.log.lock().unwrap().len()
    }

    /// Replaces it by a replica that has the first batches. 0 is an empty server.
    pub fn fail_over(&self, batches: usize) {
        let mut log = self.log.lock().unwrap();
        log.truncate(batches);
        let replica = MemoryTransport::new();
        for call in &*log {
            call.run(&replica);
        }
        *self.current.lock().unwrap() = Arc::new(replica);
    }
}

impl Log for Replicated {
    fn name(&self) -> &'static str {
        "replicated"
    }

    fn publish(&self, topic: &str, records: &[Record]) -> Result<Vec<EntryId>, TransportError> {
        let mut log = self.log.lock().unwrap();
        let ids = self.current.lock().unwrap().publish(topic, records)?;
        log.push(Call {
            topic: topic.to_owned(),
            records: records.to_vec(),
            batch: None,
        });
        Ok(ids)
    }

    fn publish_batch(
        &self,
        topic: &str,
        records: &[Record],
        batch: Batch<'_>,
    ) -> Result<Receipt, TransportError> {
        let mut log = self.log.lock().unwrap();
        let current = self.current.lock().unwrap();
        let receipt = current.publish_batch(topic, records, batch)?;
        if !records.is_empty() && matches!(receipt, Receipt::Published(_)) {
            let (epoch, numbers) = (batch.epoch, batch.numbers.to_vec());
            log.push(Call {
                topic: topic.to_owned(),
                records: records.to_vec(),
                batch: Some((batch.incarnation, epoch, batch.acknowledged, numbers)),
            });
        }
        Ok(receipt)
    }

    fn read(
        &self,
        topic: &str,
        from: Position,
        limit: usize,
    ) -> Result<Vec<Entry>, TransportError> {
        let current = Arc::clone(&self.current.lock().unwrap());
        current.read(topic, from, limit)
    }
}
delegate_transport!(impl Groups, Maintenance for Replicated => rest);
