//! The bus publishes events that are sent through routed signals, and hands the events of subscribed topics to receivers.

mod durable;
mod error;
mod open;
mod start;
mod warnings;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use events_core::Connection;
use events_core::delivery::DurableStoreGuard;

pub use error::{FlushError, ShutdownError, StartError, StartProblem};
pub use open::open;
pub use start::BusBuilder;

use crate::config::BusConfig;
use crate::consumer::{Consumer, StopError};
use crate::deadline;
use crate::producer::outbox::{Left, Outbox};
use crate::producer::publisher::Publisher;
use crate::producer::{ProducerStats, Reports};
use crate::transaction::Relay;
use crate::transport::{SharedTransport, TransportError};
use crate::worker::Worker;

/// A running bus.
///
/// It publishes each event that is sent through a signal with a route, consumes the subscriptions of its configuration, and keeps
/// the work of durable receivers and does it in the background. Dropping it stops all of that at once. Call
/// [`shutdown`](Self::shutdown) to let it finish its work.
///
/// ```standalone_crate
/// use std::time::Duration;
///
/// use events_bus::config::BusConfig;
/// use events_bus::transport::Position;
/// use events_bus::Bus;
/// use events_core::event;
///
/// #[event(type = "org.example.shop.order.placed.v1", key = customer)]
/// pub struct OrderPlaced {
///     pub number: i64,
///     pub customer: String,
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let config = BusConfig::memory().with_route("org.example.shop.order.placed.v1", "orders");
/// let bus = Bus::start(config)?;
/// ORDER_PLACED.send_event(OrderPlaced { number: 17, customer: "ada".to_owned() });
/// bus.flush(Duration::from_secs(5))?;
/// let transport = bus.transport().expect("a bus in memory has a transport");
/// assert_eq!(transport.read("orders", Position::Oldest, 10)?.len(), 1);
/// bus.shutdown(Duration::from_secs(5))?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a bus stops when it is dropped"]
pub struct Bus {
    /// The first to be dropped: a relay must know that the bus ends before the subscribers do.
    relays: Vec<Relay>,
    transport: Option<SharedTransport>,
    outbox: Option<Arc<Outbox>>,
    reports: Reports,
    subscribers: Vec<Connection>,
    publishers: Vec<Publisher>,
    consumers: Vec<Consumer>,
    durable: Option<DurableStoreGuard>,
    /// Threads that renew leases and look for trouble after the start.
    helpers: Vec<Worker>,
    /// `true` if the events that wait in the outbox are lost with the process.
    outbox_is_memory: bool,
}

impl Bus {
    /// Starts a bus. If this fails, nothing of it runs.
    ///
    /// # Errors
    /// Returns every problem found in the registry, the configuration and the transport.
    pub fn start(config: BusConfig) -> Result<Self, StartError> {
        BusBuilder::new(config).start()
    }

    /// Returns a builder for settings that a configuration cannot express.
    pub fn builder(config: BusConfig) -> BusBuilder {
        BusBuilder::new(config)
    }

    /// Returns the transport, or `None` if the configuration says `transport = "none"`.
    pub fn transport(&self) -> Option<&SharedTransport> {
        self.transport.as_ref()
    }

    /// Returns the consumers: one for each subscription, and one for the durable receivers if there are any.
    pub fn consumers(&self) -> &[Consumer] {
        &self.consumers
    }

    /// Returns the relays: one for each outbox of a database, see [`BusBuilder::relay`].
    pub fn relays(&self) -> &[Relay] {
        &self.relays
    }

    /// Returns the statistics of the producer since the start of the bus.
    pub fn producer_stats(&self) -> ProducerStats {
        self.reports.stats()
    }

    /// Returns the number of events that wait to be published. With an outbox in a file, those of other processes count, too.
    ///
    /// # Errors
    /// Returns an error if the store of the outbox does not answer.
    pub fn waiting(&self) -> Result<u64, TransportError> {
        self.outbox
            .as_ref()
            .map_or(Ok(0), |outbox| outbox.waiting())
    }

    /// Waits until every event that waits now is published, at most for a time. With an outbox in a file, this includes the events
    /// that other processes have put there before the call, and no later ones.
    ///
    /// # Errors
    /// Returns an error if an event still waits at the end of the time, or if the store of the outbox cannot be asked.
    pub fn flush(&self, timeout: Duration) -> Result<(), FlushError> {
        let left = self.left(deadline::after(timeout));
        if left.waiting == 0 && left.unknown.is_none() {
            return Ok(());
        }
        Err(FlushError {
            waiting: left.waiting,
            unknown: left.unknown,
            failure: left.failure,
        })
    }

    fn left(&self, deadline: Instant) -> Left {
        let outbox = self.outbox.as_ref();
        outbox.map_or_else(Left::default, |outbox| outbox.flush(deadline))
    }

    /// Shuts down in order, within a time: relays send what is committed, consumers finish their running receivers, then the waiting
    /// events are published. Signals are disconnected from the bus after the consumers have stopped, so events that receivers send
    /// while they finish are published, too.
    ///
    /// # Errors
    /// Returns an error if something was left at the end of the time. It says what, and whether it is lost.
    pub fn shutdown(mut self, timeout: Duration) -> Result<(), ShutdownError> {
        let deadline = deadline::after(timeout);
        let left = || deadline.saturating_duration_since(Instant::now());
        // Rows that relays do not publish stay in their databases: they get half of the time.
        self.relays.iter().for_each(Relay::drain);
        let halfway = deadline::after(timeout / 2);
        self.relays.iter().for_each(|relay| relay.close(halfway));
        let mut consumers: Vec<StopError> = Vec::new();
        for consumer in self.consumers.drain(..) {
            consumers.extend(consumer.stop(left()).err());
        }
        // Rows whose receivers have finished by now leave their database.
        let relays = self.relays.iter_mut();
        let relaying: usize = relays.map(|relay| usize::from(!relay.stop(deadline))).sum();
        self.durable = None;
        self.subscribers.clear();
        let unpublished = self.left(deadline);
        let publishers = self.publishers.iter_mut();
        let running = publishers
            .map(|publisher| usize::from(publisher.stop(deadline).is_err()))
            .sum();
        let waits = unpublished.waiting > 0 || unpublished.unknown.is_some();
        if consumers.is_empty() && !waits && running == 0 && relaying == 0 {
            return Ok(());
        }
        Err(ShutdownError {
            consumers,
            waiting: unpublished.waiting,
            unknown: unpublished.unknown,
            failure: unpublished.failure,
            lost: self.outbox_is_memory && waits,
            publishers: running,
            relays: relaying,
        })
    }
}

impl fmt::Debug for Bus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bus")
            .field("transport", &self.transport)
            .field("outbox", &self.outbox)
            .field("consumers", &self.consumers)
            .finish_non_exhaustive()
    }
}
