//! Consumers: entries of topics become events, and receivers run with them.
//!
//! For each topic there is a *reader*, which takes the lead of the group, then what is pending, then what is new; and a *settler*,
//! which tells the transport in batches what became of entries, and renews the lease. The *lanes* in between run the receivers:
//! events of one key are in one lane, in their order.
//!
//! ```text
//! transport ──► reader ──► lane 1 … lane n ──► settler ──► transport
//!                            │  ▲
//!                            ▼  │ due again
//!                        waiting room
//! ```
//!
//! An entry is finished when every receiver of its event has handled it, or has given it up: then there is a dead letter for that
//! receiver. Until then it is pending in its group, and whoever reads next gets it, with the progress of its receivers.

mod apply;
mod job;
mod lanes;
mod plan;
mod reader;
mod report;
mod retry;
mod run;
mod settler;
mod source;
mod waiting;

use std::fmt;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use events_core::{Responses, Timestamp};

pub use report::{Handled, ReceiverReport, ReceiverResult};

use self::lanes::Lanes;
use self::source::Source;
use crate::config::{ConsumerConfig, Order, RetryPolicy, TrimPolicy};
use crate::deadline;
use crate::transport::{SharedTransport, TransportError, names};

/// How often the consumer looks after its lanes; what waits longer than this is seen that much later.
const WATCH: Duration = Duration::from_millis(200);
/// How often topics are trimmed, and how often lag is measured.
const HOUSEKEEPING: Duration = Duration::from_secs(15);

/// What is told of each entry that was handled.
pub(crate) type Observer = Arc<dyn Fn(&Handled<'_>) + Send + Sync>;

/// What the threads of a consumer share.
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
        if let Some(observer) = &self.observer {
            // It is foreign, and a lane must not end with it.
            let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| observer(handled)));
            if told.is_err() {
                tracing::error!(target: "events_bus::consumer", "an observer of the consumer panicked");
            }
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
    #[expect(clippy::unused_self, reason = "see the other one")]
    fn settle_tasks(&self, responses: Responses) -> Responses {
        responses
    }
}

/// How a consumer is to be.
pub(crate) struct Settings {
    pub(crate) config: ConsumerConfig,
    pub(crate) retry: RetryPolicy,
    pub(crate) trim: Option<TrimPolicy>,
    /// Whether receivers are told that events came from an event bus.
    pub(crate) from_event_bus: bool,
    pub(crate) observer: Option<Observer>,
    #[cfg(feature = "tokio")]
    pub(crate) runtime: Option<tokio::runtime::Handle>,
}

/// A consumer that runs: receivers are handed the events of its topics, until it is stopped.
///
/// Dropping it stops it, without time to finish what is under way.
#[must_use = "a consumer stops when it is dropped"]
pub struct Consumer {
    sources: Vec<Arc<Source>>,
    lanes: Arc<Lanes>,
    readers: Vec<JoinHandle<()>>,
    settlers: Vec<JoinHandle<()>>,
    watcher: Option<(std::sync::mpsc::Sender<()>, JoinHandle<()>)>,
}

impl Consumer {
    /// Starts to read topics, by their full names, in a group.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub(crate) fn start(
        transport: &SharedTransport,
        group: &str,
        topics: &[String],
        settings: Settings,
    ) -> Result<Self, std::io::Error> {
        let led = settings.config.order == Order::Key;
        let name = consumer_name();
        let sources: Vec<_> = topics
            .iter()
            .map(|topic| {
                Arc::new(Source::new(
                    Arc::clone(transport),
                    topic,
                    group,
                    &name,
                    led,
                    settings.config.max_in_flight.max(1),
                ))
            })
            .collect();
        let trim = settings.trim;
        let shared = Arc::new(Shared {
            config: settings.config,
            retry: settings.retry,
            from_event_bus: settings.from_event_bus,
            observer: settings.observer,
            #[cfg(feature = "tokio")]
            runtime: settings.runtime,
        });
        let lanes = Lanes::start(Arc::clone(&shared))?;
        // From here on, dropping it ends what was started.
        let mut consumer = Self {
            sources,
            lanes,
            readers: Vec::new(),
            settlers: Vec::new(),
            watcher: None,
        };
        for source in consumer.sources.clone() {
            let spawn = |name: &str, run: fn(&Arc<Source>, &Lanes, &ConsumerConfig)| {
                let (source, lanes, shared) = (
                    Arc::clone(&source),
                    Arc::clone(&consumer.lanes),
                    Arc::clone(&shared),
                );
                thread::Builder::new()
                    .name(name.to_owned())
                    .spawn(move || run(&source, &lanes, &shared.config))
            };
            let reader = spawn("events-reader", reader::run)?;
            let settler = spawn("events-settler", settler::run)?;
            consumer.readers.push(reader);
            consumer.settlers.push(settler);
        }
        let (stop, stopped) = std::sync::mpsc::channel();
        let (sources, lanes) = (consumer.sources.clone(), Arc::clone(&consumer.lanes));
        let watcher = thread::Builder::new()
            .name("events-watcher".to_owned())
            .spawn(move || watch(&sources, &lanes, trim.as_ref(), &stopped))?;
        consumer.watcher = Some((stop, watcher));
        Ok(consumer)
    }

    /// The name of the consumer within its group.
    pub fn name(&self) -> &str {
        self.sources.first().map_or("", |source| &*source.consumer)
    }

    /// Whether the consumer reads all of its topics: it leads its group on each, and no receiver blocks it for good.
    pub fn is_reading(&self) -> bool {
        !self.lanes.are_stuck() && self.sources.iter().all(|source| source.is_reading())
    }

    /// How many entries were handed to this consumer and are not settled.
    pub fn in_flight(&self) -> usize {
        let entries = self.sources.iter().map(|source| source.in_flight_count());
        entries.sum()
    }

    /// How many entries wait for a receiver to be tried again.
    pub fn waiting(&self) -> usize {
        self.lanes.waiting()
    }

    /// Stops: nothing more is read, what was read is handled as far as the time allows, what was handled is settled, and the lead
    /// is given back. What is left stays pending, and is handed out again.
    ///
    /// # Errors
    /// When receivers were still running at the end of the time, or something could not be settled.
    pub fn stop(mut self, timeout: Duration) -> Result<(), StopError> {
        self.shut_down(deadline::after(timeout))
    }

    fn shut_down(&mut self, deadline: Instant) -> Result<(), StopError> {
        for source in &self.sources {
            source.stop(deadline);
        }
        let mut error = StopError::default();
        // A reader may be in a call of the transport, which ends by its own timeout.
        for reader in self.readers.drain(..) {
            error.threads += usize::from(!join(reader, deadline));
        }
        error.running = !self.lanes.stop(deadline);
        for source in &self.sources {
            source.close();
        }
        for settler in self.settlers.drain(..) {
            error.threads += usize::from(!join(settler, deadline));
        }
        if let Some((stop, watcher)) = self.watcher.take() {
            drop(stop);
            join(watcher, deadline);
        }
        // What never read has nothing to give back, and may not even have come to join its group.
        for source in self.sources.iter().filter(|source| source.reign() > 0) {
            if let Err(problem) = source.transport.leave(source.member()) {
                error.transport = Some(problem);
            }
            source.end();
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
        if !self.readers.is_empty() || self.watcher.is_some() {
            // Whoever drops it does not ask.
            let _ = self.shut_down(Instant::now());
        }
    }
}

impl fmt::Debug for Consumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.sources).finish()
    }
}

/// Waits for a thread, at most until the deadline and a moment longer: a call that is under way there has its own timeout.
fn join(thread: JoinHandle<()>, deadline: Instant) -> bool {
    let deadline = deadline.max(Instant::now() + Duration::from_millis(50));
    while !thread.is_finished() {
        if Instant::now() >= deadline {
            return false;
        }
        thread::sleep(Duration::from_millis(1));
    }
    // Its panic was shown by the panic hook.
    thread.join().is_ok()
}

/// A consumer did not stop as it should.
#[derive(Default)]
#[non_exhaustive]
pub struct StopError {
    /// Receivers were still running at the end of the time. Their entries are handed out again.
    pub running: bool,
    /// So many threads were in a call of the transport, or in a receiver, at the end of the time.
    pub threads: usize,
    /// What the transport said.
    pub transport: Option<TransportError>,
}

/// As text: it is what `main` and `unwrap` show of an error.
impl fmt::Debug for StopError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for StopError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the consumer did not stop in order:")?;
        if self.running {
            f.write_str(" receivers were still running at the end of the time")?;
        }
        if self.threads > 0 {
            write!(f, " {} of its threads had not ended", self.threads)?;
        }
        if let Some(error) = &self.transport {
            write!(f, " {error}")?;
        }
        f.write_str("; what is not settled is handed out again")
    }
}

impl std::error::Error for StopError {}

/// `host-4711-9f3a`: no other process, and no other consumer of this one, has it.
fn consumer_name() -> String {
    let host = events_core::EventMetadata::new("").source_host().to_owned();
    let host: String = host
        .chars()
        .map(|char| if char.is_alphanumeric() { char } else { '-' })
        .take(60)
        .collect();
    format!("{host}-{}-{:08x}", std::process::id(), fastrand::u32(..))
}

/// Looks after the lanes, trims, measures.
fn watch(
    sources: &[Arc<Source>],
    lanes: &Lanes,
    trim: Option<&TrimPolicy>,
    stopped: &std::sync::mpsc::Receiver<()>,
) {
    let mut last: Option<Instant> = None;
    while let Err(std::sync::mpsc::RecvTimeoutError::Timeout) = stopped.recv_timeout(WATCH) {
        lanes.supervise();
        if last.is_some_and(|last| last.elapsed() < HOUSEKEEPING) {
            continue;
        }
        last = Some(Instant::now());
        for source in sources.iter().filter(|source| source.is_reading()) {
            if let Err(error) = keep_house(source, lanes, trim) {
                tracing::warn!(target: "events_bus::consumer", topic = &*source.topic, %error, "housekeeping failed");
            }
        }
    }
}

fn keep_house(
    source: &Source,
    lanes: &Lanes,
    trim: Option<&TrimPolicy>,
) -> Result<(), TransportError> {
    if let Some(trim) = trim
        && !names::is_internal(&source.topic)
    {
        let trimmed = source.transport.trim(&source.topic, trim.retention())?;
        if trimmed.unread > 0 {
            tracing::warn!(
                target: "events_bus::consumer", topic = &*source.topic, entries = trimmed.unread,
                "entries were removed that a group had not handled, as `lose_unread_beyond` allows"
            );
        }
    }
    let status = source.transport.status(&source.topic)?;
    let group = status.as_ref().and_then(|topic| {
        topic
            .groups
            .iter()
            .find(|group| *group.group == *source.group)
    });
    if let Some(group) = group {
        let age = group.oldest_unfinished.map(|at| {
            let micros = Timestamp::now().as_micros().saturating_sub(at.as_micros());
            Duration::from_micros(micros.max(0).unsigned_abs())
        });
        source.metrics.standing(group.lag(), age, lanes.waiting());
    }
    Ok(())
}
