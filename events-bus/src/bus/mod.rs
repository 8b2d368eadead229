//! The bus: what is sent through routed signals is published, and the events of subscribed topics are handed to receivers.

mod durable;
mod error;
mod open;
mod start;

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
use crate::producer::outbox::Outbox;
use crate::producer::publisher::Publisher;
use crate::producer::{ProducerStats, Reports};
use crate::transaction::Relay;
use crate::transport::SharedTransport;

/// A bus that runs.
///
/// While it is there, an event that is sent through a signal with a route is published; the subscriptions of its configuration are
/// consumed; and the work of durable receivers is kept, and done in the background. Dropping it stops all of that at once: call
/// [`shutdown`](Self::shutdown) to let it finish what it has.
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
    /// The first to be dropped: a relay must know that the bus ends before the taps do.
    relays: Vec<Relay>,
    transport: Option<SharedTransport>,
    outbox: Option<Arc<Outbox>>,
    reports: Reports,
    taps: Vec<Connection>,
    publishers: Vec<Publisher>,
    consumers: Vec<Consumer>,
    durable: Option<DurableStoreGuard>,
    /// Whether what waits in the outbox is lost with the process.
    outbox_is_memory: bool,
}

impl Bus {
    /// Starts a bus. Nothing of it runs when this fails.
    ///
    /// # Errors
    /// With everything that is wrong: with the registry, with the configuration, with the transport.
    pub fn start(config: BusConfig) -> Result<Self, StartError> {
        BusBuilder::new(config).start()
    }

    /// A bus with more to say than its configuration has.
    pub fn builder(config: BusConfig) -> BusBuilder {
        BusBuilder::new(config)
    }

    /// The transport; none of a bus whose configuration says `none`.
    pub fn transport(&self) -> Option<&SharedTransport> {
        self.transport.as_ref()
    }

    /// The consumers: one for each subscription, and one for the durable receivers where there are any.
    pub fn consumers(&self) -> &[Consumer] {
        &self.consumers
    }

    /// The relays: one for each outbox of a database, see [`BusBuilder::relay`].
    pub fn relays(&self) -> &[Relay] {
        &self.relays
    }

    /// What was published since the bus was started.
    pub fn producer_stats(&self) -> ProducerStats {
        self.reports.stats()
    }

    /// How many events wait to be published.
    pub fn waiting(&self) -> u64 {
        let waiting = self.publishers.iter();
        waiting.map(|publisher| publisher.waiting.count()).sum()
    }

    /// Waits until everything that was sent is published.
    ///
    /// # Errors
    /// When something still waits at the end of the time.
    pub fn flush(&self, timeout: Duration) -> Result<(), FlushError> {
        let deadline = deadline::after(timeout);
        let waiting = self.publishers.iter();
        let left: u64 = waiting
            .map(|publisher| publisher.waiting.drained(deadline))
            .sum();
        if left == 0 {
            Ok(())
        } else {
            Err(FlushError { waiting: left })
        }
    }

    /// Stops in order, within the time: relays send what is committed, consumers finish what is under way, then what was sent is
    /// published. Signals are cut off from the bus when consumers have stopped; so receivers that send while they finish are heard.
    ///
    /// # Errors
    /// When something was left at the end of the time: it says what, and whether it is lost.
    pub fn shutdown(mut self, timeout: Duration) -> Result<(), ShutdownError> {
        let deadline = deadline::after(timeout);
        let left = || deadline.saturating_duration_since(Instant::now());
        // What they have not sent is in their databases, and is sent later: they get half of the time.
        self.relays.iter().for_each(Relay::drain);
        let halfway = deadline::after(timeout / 2);
        let relays = self.relays.iter_mut();
        let relaying = relays
            .map(|relay| usize::from(!relay.stop(halfway)))
            .sum::<usize>();
        let mut consumers: Vec<StopError> = Vec::new();
        for consumer in self.consumers.drain(..) {
            consumers.extend(consumer.stop(left()).err());
        }
        self.durable = None;
        self.taps.clear();
        let waiting = match self.flush(left()) {
            Ok(()) => 0,
            Err(error) => error.waiting,
        };
        let publishers = self.publishers.iter_mut();
        let running = publishers
            .map(|publisher| usize::from(!publisher.stop(deadline)))
            .sum();
        if consumers.is_empty() && waiting == 0 && running == 0 && relaying == 0 {
            return Ok(());
        }
        Err(ShutdownError {
            consumers,
            waiting,
            lost: self.outbox_is_memory && waiting > 0,
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
