//! Consumers: entries of topics become events, and receivers run with them.
//!
//! ```text
//! transport ──► source ──► decode ──► delivery ──► executor ──► settlement ──► transport
//!                                                     ▲              │
//!                                                     └─ retry queue ◄
//! ```
//!
//! - A [`source`] is a topic; its [`reader`] takes the lead and hands entries out. A [`term`] is the time for which it leads, with
//!   the lease and what is [in flight](flight).
//! - [`decode`] makes a job of an entry; a [`delivery`] is the state of its receivers.
//! - [`executor`] runs receivers in lanes: events of one key are in one lane, in their order. A [`watch`] follows each run.
//! - [`settlement`] tells the transport the results in batches, renews the lease and claims retries that are due.
//! - [`retry_queue`] knows which receivers wait with which keys; [`policy`] decides about retries.
//!
//! An entry is settled once: its receivers have handled it, given it up (there is a dead letter), or are parked for a retry in the
//! retry queue of the group. Until then it is pending, and whoever reads next gets it.

mod decode;
mod delivery;
mod executor;
mod flight;
mod housekeeping;
mod policy;
mod reader;
mod report;
mod retry_queue;
mod settlement;
mod source;
mod term;
mod watch;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use events_core::Responses;

pub(crate) use housekeeping::Keep;
pub use report::{Handled, ReceiverReport, ReceiverResult};

use self::executor::Executor;
use self::source::Source;
use crate::config::{ConsumerConfig, Order, RetryPolicy, UnknownTypes};
use crate::deadline;
use crate::throttle::throttled;
use crate::transport::{SharedTransport, TransportError};
use crate::worker::{Worker, catch};

/// Observer that is told of each delivery.
pub(crate) type Observer = Arc<dyn Fn(&Handled<'_>) + Send + Sync>;

/// State that the threads of a consumer share.
struct Shared {
    config: ConsumerConfig,
    retry: RetryPolicy,
    from_event_bus: bool,
    observer: Option<Observer>,
    #[cfg(feature = "tokio")]
    runtime: Option<tokio::runtime::Handle>,
}

impl Shared {
    fn is_observed(&self) -> bool {
        self.observer.is_some()
    }

    fn observe(&self, handled: &Handled<'_>) {
        if let Some(observer) = &self.observer
            && catch(|| observer(handled)).is_err()
        {
            throttled!(
                    error, target: "events_bus::consumer", "an observer of the consumer panicked");
        }
    }

    #[cfg(feature = "tokio")]
    fn enter_runtime(&self) -> Option<tokio::runtime::EnterGuard<'_>> {
        self.runtime.as_ref().map(tokio::runtime::Handle::enter)
    }

    #[cfg(not(feature = "tokio"))]
    #[expect(
        clippy::unused_self,
        clippy::unnecessary_wraps,
        reason = "there is something to enter only with the feature `tokio`"
    )]
    fn enter_runtime(&self) -> Option<()> {
        Some(())
    }

    /// Waits for receivers that run as tasks.
    #[cfg(feature = "tokio")]
    fn settle_tasks(&self, responses: Responses) -> Responses {
        let spawned = |responses: &Responses| {
            responses
                .iter()
                .any(|response| matches!(response.outcome(), events_core::Outcome::Spawned))
        };
        match &self.runtime {
            Some(runtime) if spawned(&responses) => runtime.block_on(responses.settled()),
            _ => responses,
        }
    }

    #[cfg(not(feature = "tokio"))]
    #[expect(
        clippy::unused_self,
        reason = "there are tasks only with the feature `tokio`"
    )]
    fn settle_tasks(&self, responses: Responses) -> Responses {
        responses
    }
}

/// Settings of a consumer.
pub(crate) struct Settings {
    pub(crate) config: ConsumerConfig,
    pub(crate) retry: RetryPolicy,
    pub(crate) keep: Keep,
    pub(crate) unknown_types: UnknownTypes,
    /// `true` if receivers are told that events came from an event bus.
    pub(crate) from_event_bus: bool,
    pub(crate) observer: Option<Observer>,
    #[cfg(feature = "tokio")]
    pub(crate) runtime: Option<tokio::runtime::Handle>,
}

/// A running consumer: it hands the events of its topics to receivers.
///
/// Dropping it stops it, without time to finish what runs.
#[must_use = "a consumer stops when it is dropped"]
pub struct Consumer {
    sources: Vec<Arc<Source>>,
    executor: Arc<Executor>,
    readers: Vec<Worker>,
    settlers: Vec<Worker>,
    housekeeper: Option<Worker>,
}

impl Consumer {
    /// Starts to read topics, by their full names, in a group.
    ///
    /// # Errors
    /// Returns an error if a thread cannot be started.
    pub(crate) fn start(
        transport: &SharedTransport,
        group: &str,
        topics: &[String],
        settings: Settings,
    ) -> Result<Self, std::io::Error> {
        let config = &settings.config;
        let is_led = config.order == Order::Key;
        let name = consumer_name();
        let sources: Vec<_> = topics
            .iter()
            .map(|topic| {
                let transport = Arc::clone(transport);
                let names = [topic, group, &name];
                let source = Source::new(transport, names, config, is_led, settings.unknown_types);
                Arc::new(source)
            })
            .collect();
        let keep = settings.keep;
        let shared = Arc::new(Shared {
            config: settings.config,
            retry: settings.retry,
            from_event_bus: settings.from_event_bus,
            observer: settings.observer,
            #[cfg(feature = "tokio")]
            runtime: settings.runtime,
        });
        let executor = Executor::start(Arc::clone(&shared))?;
        // From here on, dropping it ends what was started.
        let mut consumer = Self {
            sources,
            executor,
            readers: Vec::new(),
            settlers: Vec::new(),
            housekeeper: None,
        };
        for source in consumer.sources.clone() {
            let start = |name: &str, run: fn(&Arc<Source>, &Executor, &ConsumerConfig)| {
                let (source, executor, shared) = (
                    Arc::clone(&source),
                    Arc::clone(&consumer.executor),
                    Arc::clone(&shared),
                );
                Worker::start(name, move |_| run(&source, &executor, &shared.config))
            };
            let settler = start("events-settler", settlement::run)?;
            consumer.settlers.push(settler);
            let reader = start("events-reader", reader::run)?;
            consumer.readers.push(reader);
        }
        let (sources, executor) = (consumer.sources.clone(), Arc::clone(&consumer.executor));
        let housekeeper = Worker::start("events-keeper", move |stop| {
            housekeeping::run(&sources, &executor, &keep, stop);
        })?;
        consumer.housekeeper = Some(housekeeper);
        Ok(consumer)
    }

    /// Returns the name of the consumer within its group.
    pub fn name(&self) -> &str {
        self.sources.first().map_or("", |source| &*source.consumer)
    }

    /// Returns `true` if the consumer reads all of its topics: it leads its group on each, and not too many receivers hang.
    pub fn is_reading(&self) -> bool {
        !self.executor.is_stuck() && self.sources.iter().all(|source| source.is_reading())
    }

    /// Returns the number of entries and retries that were handed to this consumer and are not settled.
    pub fn in_flight(&self) -> usize {
        let terms = self.sources.iter().filter_map(|source| source.term());
        terms.map(|term| term.in_flight_count()).sum()
    }

    /// Returns the number of parked deliveries: receivers that wait for a retry, or for an earlier event of the same key.
    pub fn parked(&self) -> usize {
        let terms = self.sources.iter().filter_map(|source| source.term());
        let terms = terms.filter(|term| !term.is_over());
        terms.map(|term| term.retries.len()).sum()
    }

    /// Stops the consumer. It receives nothing more, finishes what it has received within the time, settles it and gives back the
    /// lead. The rest stays pending and is handed out again.
    ///
    /// Blocks for up to `timeout`.
    ///
    /// # Errors
    /// Returns an error if receivers still ran at the end of the time, or results could not be settled.
    pub fn stop(mut self, timeout: Duration) -> Result<(), StopError> {
        self.shut_down(deadline::after(timeout))
    }

    fn shut_down(&mut self, deadline: Instant) -> Result<(), StopError> {
        for source in &self.sources {
            source.stop(deadline);
        }
        let mut error = StopError::default();
        // A reader may be in a call of the transport, which ends by its own timeout.
        for mut reader in self.readers.drain(..) {
            error.threads += usize::from(reader.join(deadline).is_err());
        }
        error.running = !self.executor.stop(deadline);
        for source in &self.sources {
            source.close();
        }
        for mut settler in self.settlers.drain(..) {
            error.threads += usize::from(settler.join(deadline).is_err());
        }
        if let Some(mut housekeeper) = self.housekeeper.take() {
            let _ = housekeeper.join(deadline);
        }
        for source in &self.sources {
            // What never read has nothing to give back, and may not even have joined its group.
            let Some(term) = source.term() else { continue };
            if let Err(problem) = source.transport.release(term.member()) {
                error.transport = Some(problem);
            }
            term.end();
        }
        if error.running || error.threads > 0 || error.transport.is_some() {
            Err(error)
        } else {
            Ok(())
        }
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        if !self.readers.is_empty() || self.housekeeper.is_some() {
            // Whoever drops it does not ask for the result.
            let _ = self.shut_down(Instant::now());
        }
    }
}

impl fmt::Debug for Consumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.sources).finish()
    }
}

/// The consumer did not stop cleanly.
#[derive(Default)]
#[non_exhaustive]
pub struct StopError {
    /// `true` if receivers still ran at the end of the time. Their entries are handed out again.
    pub running: bool,
    /// Number of threads that were in a call of the transport, or in a receiver, at the end of the time.
    pub threads: usize,
    /// Last error of the transport.
    pub transport: Option<TransportError>,
}

/// Shows the text, because `main` and `unwrap` print this.
impl fmt::Debug for StopError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for StopError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the consumer did not stop cleanly:")?;
        if self.running {
            f.write_str(" receivers still ran at the end of the time;")?;
        }
        if self.threads > 0 {
            write!(f, " {} of its threads had not ended;", self.threads)?;
        }
        if let Some(error) = &self.transport {
            write!(f, " {error};")?;
        }
        f.write_str(" what is not settled is handed out again")
    }
}

impl std::error::Error for StopError {}

/// Returns a name such as `host-4711-9f3a1b2c`, which no other process and no other consumer of this one has.
fn consumer_name() -> String {
    let host = events_core::EventMetadata::new("").source_host().to_owned();
    let host: String = host
        .chars()
        .map(|char| if char.is_alphanumeric() { char } else { '-' })
        .take(60)
        .collect();
    format!("{host}-{}-{:08x}", std::process::id(), fastrand::u32(..))
}
