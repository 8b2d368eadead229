//! The world of the model: a topic, outbox files, processes, and what has happened.

use std::collections::BTreeMap;

use events_bus::transport::Epoch;
use events_bus::transport::rules::{Lease, TRIALS};

use super::topic::{End, EntryNumber, Handed, Holder, Topic};

/// Number of an event, from 0 on.
pub type Event = u8;

/// A set of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Events(u8);

impl Events {
    pub fn has(self, event: Event) -> bool {
        self.0 & (1 << event) != 0
    }

    pub fn add(&mut self, event: Event) {
        self.0 |= 1 << event;
    }

    pub fn remove(&mut self, event: Event) {
        self.0 &= !(1 << event);
    }
}

/// A rule that can be taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fence {
    /// Receiving checks the epoch.
    Receive,
    /// Settling checks the epoch.
    Settle,
    /// Claiming checks the epoch.
    Claim,
    /// Publishing checks the epoch.
    PublishEpoch,
    /// Only a known id proves that an event was published.
    IdProof,
    /// The transport compares what it remembers with what it acknowledged.
    Forgotten,
    /// The leader looks for pending entries for as long as it leads.
    Rescan,
    /// A consumer checks its lease against the clock before it starts a receiver.
    LocalLease,
    /// A handled event is recognized in another entry.
    Duplicates,
    /// A later event of a parked key parks behind it.
    ParkBehind,
    /// A new incarnation publishes the rows again that the outbox keeps.
    RepeatKept,
    /// A suspect is tried alone, and becomes a dead letter after its trials.
    Trials,
}

/// Bounds of a search.
#[derive(Debug, Clone)]
pub struct Config {
    pub out: Option<Fence>,
    /// Event that ends the process that handles it.
    pub poison: Option<Event>,
    pub max_deliveries: u64,
    /// The acknowledged number counts only with the id of its event, and a later last number only with a known record. The rules
    /// of the crate do not ask for that.
    pub proves_acknowledged: bool,
    /// Looks for changes under old epochs, and not only for what comes of them.
    pub watches_epochs: bool,
    /// Number of keys. An event has the key of its number, modulo this.
    pub keys: u8,
    /// Maximum number of records per batch, and of entries per call.
    pub batch: usize,
}

impl Config {
    pub fn is_out(&self, fence: Fence) -> bool {
        self.out == Some(fence)
    }

    pub fn key(&self, event: Event) -> u8 {
        event % self.keys
    }

    /// Returns a count of deliveries as far as it matters.
    pub fn counted(&self, deliveries: u8) -> u8 {
        if self.poison.is_none() {
            return 1;
        }
        let most = self.max_deliveries.saturating_add(u64::from(TRIALS) + 2);
        deliveries.min(u8::try_from(most).unwrap_or(u8::MAX))
    }
}

/// Number of times that the environment may still do each of its actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Budget {
    pub sends: u8,
    pub ticks: u8,
    pub crashes: u8,
    pub stops: u8,
    pub lost_answers: u8,
    pub failures: u8,
    pub restores: u8,
    pub clones: u8,
    pub failovers: u8,
}

/// An outbox file.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct File {
    pub lease: Lease,
    pub incarnation: u8,
    /// Last number that the transport acknowledged to the incarnation.
    pub acknowledged: u64,
    pub rows: Vec<Row>,
    /// Every event that was ever sent to it, and to the file that it is a copy of.
    pub history: Events,
    /// Number of times that the file was replaced. A process notices a file that was replaced under it.
    pub generation: u8,
}

/// A row of an outbox. It stays after it was published.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Row {
    pub number: u64,
    pub event: Event,
    pub is_published: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Process {
    pub index: Holder,
    pub starts: u8,
    /// Number of times that it led. It tells the epochs of the process apart, as the random holder id does.
    pub terms: u8,
    pub epoch: Option<Epoch>,
    pub role: Role,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Role {
    Publisher(Publisher),
    Consumer(Consumer),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Publisher {
    pub file: usize,
    pub generation: u8,
    pub next: Publishing,
}

/// Rows of an outbox on their way.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Batch {
    pub incarnation: u8,
    /// The last acknowledged number with its event.
    pub acknowledged: (u64, Option<Event>),
    pub records: Vec<(u64, Event)>,
}

/// Next step of a publisher that leads its outbox.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum Publishing {
    #[default]
    Read,
    Publish(Batch),
    Settle(Batch),
    /// The transport refused the epoch, or another event has the number.
    Renumber,
    /// The transport remembers less than it acknowledged.
    Resend {
        last: u64,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Consumer {
    /// Tick at which its lease ends, by its own clock.
    pub until: u8,
    pub phase: Phase,
    pub held: Vec<(Handed, Option<End>)>,
    /// The retry queue as it knows it.
    pub parked: Vec<(EntryNumber, Event)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Phase {
    #[default]
    Retries,
    Claim,
    ClaimRetries,
    Receive,
}

impl Process {
    /// Returns the name as a consumer. A process that starts again has another one, so that it does not release what crashed.
    pub fn name(&self) -> String {
        format!("process-{}", self.holder())
    }

    /// Returns the name as a number.
    pub fn holder(&self) -> Holder {
        self.index * 16 + self.starts
    }

    /// Returns a holder id that no other epoch has.
    pub fn next_holder(&self) -> u64 {
        u64::from(self.index) * 100 + u64::from(self.terms)
    }

    /// Ends, and starts again.
    pub fn crash(&mut self) {
        self.starts += 1;
        self.reset();
    }

    /// Forgets everything that is not stored.
    pub fn reset(&mut self) {
        self.epoch = None;
        match &mut self.role {
            Role::Publisher(publisher) => publisher.next = Publishing::Read,
            Role::Consumer(consumer) => *consumer = Consumer::default(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct World {
    pub now: u8,
    pub topic: Topic,
    pub files: Vec<File>,
    pub processes: Vec<Process>,
    pub backup: Option<File>,
    pub replica: Option<Box<Topic>>,
    pub left: Budget,
    pub sent: u8,
    /// For each event, the earlier ones of its outbox.
    pub before: Vec<Events>,
    /// Events whose last copy the environment destroyed.
    pub destroyed: Events,
    /// Events that a receiver handled.
    pub handled: Events,
    /// Events that a receiver handled, and whose entry is not settled since.
    pub in_flight: Events,
    pub poisoned: u8,
    /// The newest epoch that published, by incarnation.
    pub published_under: BTreeMap<u8, Epoch>,
    pub incarnations: u8,
    pub entries: EntryNumber,
    pub broken: Option<&'static str>,
}

impl World {
    /// Creates a world of publishers that share an outbox, and consumers.
    pub fn new(publishers: u8, consumers: u8, left: Budget) -> Self {
        let publisher = |index| Process {
            index,
            starts: 0,
            terms: 0,
            epoch: None,
            role: Role::Publisher(Publisher::default()),
        };
        let consumer = |index| Process {
            role: Role::Consumer(Consumer::default()),
            ..publisher(index)
        };
        let processes = (0..publishers)
            .map(publisher)
            .chain((publishers..publishers + consumers).map(consumer));
        Self {
            now: 0,
            topic: Topic::default(),
            files: vec![File::default()],
            processes: processes.collect(),
            backup: None,
            replica: None,
            left,
            sent: 0,
            before: Vec::new(),
            destroyed: Events::default(),
            handled: Events::default(),
            in_flight: Events::default(),
            poisoned: 0,
            published_under: BTreeMap::new(),
            incarnations: 0,
            entries: 0,
            broken: None,
        }
    }

    /// Puts events into the log, for worlds without publishers.
    pub fn with_log(mut self, events: u8) -> Self {
        for event in 0..events {
            self.send(0);
            self.entries += 1;
            self.topic.log.push((self.entries, event));
        }
        for row in &mut self.files[0].rows {
            row.is_published = true;
        }
        self
    }

    /// Publishes each event of the log once more.
    pub fn with_copies(mut self) -> Self {
        for event in 0..self.sent {
            self.entries += 1;
            self.topic.log.push((self.entries, event));
        }
        self
    }

    /// Sends the next event to an outbox.
    pub fn send(&mut self, file: usize) {
        let event = self.sent;
        self.sent += 1;
        let file = &mut self.files[file];
        let number = file.rows.last().map_or(1, |row| row.number + 1);
        file.rows.push(Row {
            number,
            event,
            is_published: false,
        });
        self.before.push(file.history);
        file.history.add(event);
    }

    /// Notes the events whose last copy is gone.
    pub fn note_destroyed(&mut self) {
        for event in 0..self.sent {
            let in_log = self.topic.log.iter().any(|(_, it)| *it == event);
            let mut rows = self.files.iter().flat_map(|file| &file.rows);
            if !in_log && !rows.any(|row| row.event == event) {
                self.destroyed.add(event);
            }
        }
    }

    /// Begins a run of a receiver that ends well. Notes the promise that it breaks.
    pub fn handle(&mut self, event: Event, config: &Config) {
        if self.handled.has(event) && !self.in_flight.has(event) {
            self.broken = Some("an event that was settled runs again");
        }
        self.check_order(event, self.handled, config);
        self.handled.add(event);
        self.in_flight.add(event);
    }

    fn check_order(&mut self, event: Event, done: Events, config: &Config) {
        for earlier in 0..event {
            let precedes = self.before[usize::from(event)].has(earlier)
                && config.key(earlier) == config.key(event);
            if precedes && !done.has(earlier) && !self.destroyed.has(earlier) {
                self.broken = Some("a later event of a key comes first");
            }
        }
    }

    /// Checks that no older epoch appends once a newer one has published.
    pub fn published(&mut self, incarnation: u8, epoch: Epoch, appended: bool, config: &Config) {
        if !config.watches_epochs {
            return;
        }
        let newest = self.published_under.entry(incarnation).or_insert(epoch);
        if newest.counter() > epoch.counter() && appended {
            self.broken = Some("an old epoch publishes");
        }
        if newest.counter() < epoch.counter() {
            *newest = epoch;
        }
    }

    /// Checks the place of an event that was appended. Without consumers, the log says in which order events are handled.
    pub fn append(&mut self, event: Event, config: &Config) {
        let log = &self.topic.log;
        let is_first = log.iter().filter(|(_, it)| *it == event).count() == 1;
        if !self.has_consumers() && is_first {
            let mut published = Events::default();
            for (_, event) in log {
                published.add(*event);
            }
            self.check_order(event, published, config);
        }
    }

    fn has_consumers(&self) -> bool {
        let mut processes = self.processes.iter();
        processes.any(|process| matches!(process.role, Role::Consumer(_)))
    }

    /// Returns `true` if every event is handled and nothing waits. Without consumers, the log is to hold every event.
    pub fn is_done(&self) -> bool {
        let topic = &self.topic;
        let mut events = (0..self.sent).filter(|event| !self.destroyed.has(*event));
        if !self.has_consumers() {
            return events.all(|event| topic.log.iter().any(|(_, it)| *it == event));
        }
        events.all(|event| self.handled.has(event))
            && topic.pending.is_empty()
            && topic.retries.is_empty()
            && topic.position == topic.log.len()
    }
}
