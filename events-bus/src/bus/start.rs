//! Starts a bus.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use events_core::{EventMetadata, Uuid, delivery, registry};

use super::durable::{self, DurableWork};
use super::{Bus, StartError, StartProblem, open};
use crate::config::{BusConfig, WhenFull};
use crate::consumer::{Consumer, Handled, Observer, Settings};
use crate::producer::outbox::{Limit, Outbox, Store, Waiting};
use crate::producer::publisher::{Publisher, Work};
use crate::producer::tap::{self, AskTrace};
use crate::producer::{OnPublished, Published, Reports};
use crate::record::Record;
use crate::trace::TraceContext;
use crate::transaction::{OutboxSource, Relay};
use crate::transport::{Position, SharedTransport, TransportError, names};

/// The topic in which a store keeps its own identity.
const IDENTITY: &str = "events:identity";

/// A bus to be started.
#[must_use = "a bus has to be started"]
pub struct BusBuilder {
    config: BusConfig,
    on_published: Option<OnPublished>,
    on_handled: Option<Observer>,
    ask_trace: Option<AskTrace>,
    transport: Option<SharedTransport>,
    relays: Vec<Box<dyn OutboxSource>>,
    #[cfg(feature = "tokio")]
    runtime: Option<tokio::runtime::Handle>,
}

impl BusBuilder {
    pub(super) fn new(config: BusConfig) -> Self {
        Self {
            config,
            on_published: None,
            on_handled: None,
            ask_trace: None,
            transport: None,
            relays: Vec::new(),
            #[cfg(feature = "tokio")]
            runtime: None,
        }
    }

    /// Calls this with each record that was published, or that an attempt to publish failed for. It is called by the threads that
    /// publish, or, where there is no outbox in between, by those that send.
    pub fn on_published(
        mut self,
        observer: impl Fn(&Published<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.on_published = Some(Arc::new(observer));
        self
    }

    /// Calls this whenever receivers were run with an entry. It is called by the threads that run receivers.
    pub fn on_handled(mut self, observer: impl Fn(&Handled<'_>) + Send + Sync + 'static) -> Self {
        self.on_handled = Some(Arc::new(observer));
        self
    }

    /// Asks a program's own tracer for the trace context of what is sent. Without it, or where it has none, an event continues the
    /// trace of the event that is being handled on the same thread.
    pub fn trace_with(
        mut self,
        ask: impl Fn() -> Option<TraceContext> + Send + Sync + 'static,
    ) -> Self {
        self.ask_trace = Some(Arc::new(ask));
        self
    }

    /// Uses this transport, whatever the configuration says: one of a crate of its own, or one that a test looks into.
    pub fn transport(mut self, transport: SharedTransport) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Sends what transactions have written to this outbox and committed, see [`send_in`](crate::transaction::send_in). It may be called
    /// for several.
    pub fn relay(mut self, source: impl OutboxSource + 'static) -> Self {
        self.relays.push(Box::new(source));
        self
    }

    /// Runs `async fn` receivers on this runtime. Without it, it is the one that the bus is started in.
    #[cfg(feature = "tokio")]
    pub fn runtime(mut self, runtime: tokio::runtime::Handle) -> Self {
        self.runtime = Some(runtime);
        self
    }

    /// Starts it. Nothing of it runs when this fails.
    ///
    /// # Errors
    /// With everything that is wrong: with the registry, with the configuration, with the transport.
    pub fn start(mut self) -> Result<Bus, StartError> {
        let mut problems = Vec::new();
        problems.extend(registry::verify().err().map(StartProblem::Registry));
        problems.extend(self.config.check().err().map(StartProblem::Config));
        for relay in &mut self.relays {
            let refused = relay.check().err();
            problems.extend(refused.map(|cause| StartProblem::Outbox(relay.name(), cause)));
        }
        if !problems.is_empty() {
            return Err(StartError(problems));
        }
        let transport = match &self.transport {
            Some(transport) => Some(Arc::clone(transport)),
            None => open(&self.config)?,
        };
        let Some(transport) = transport else {
            let mut bus = Bus {
                transport: None,
                outbox: None,
                reports: Reports::default(),
                taps: Vec::new(),
                publishers: Vec::new(),
                consumers: Vec::new(),
                durable: None,
                relays: Vec::new(),
                outbox_is_memory: false,
            };
            // The receivers of this process get what transactions send, with a bus and without.
            self.start_relays(&mut bus)?;
            return Ok(bus);
        };
        self.start_on(&transport)
    }

    fn start_on(mut self, transport: &SharedTransport) -> Result<Bus, StartError> {
        let reports = Reports::new(self.on_published.clone());
        let store = open::outbox(&self.config.outbox)?;
        let mut bus = Bus {
            outbox_is_memory: matches!(store, Some(Store::Memory)),
            transport: Some(Arc::clone(transport)),
            outbox: None,
            reports: reports.clone(),
            taps: Vec::new(),
            publishers: Vec::new(),
            consumers: Vec::new(),
            durable: None,
            relays: Vec::new(),
        };
        let outbox = match &store {
            None => Outbox::Direct {
                transport: Arc::clone(transport),
                reports,
            },
            Some(store) => self.between(&mut bus, store, transport, &reports)?,
        };
        let outbox = Arc::new(outbox);
        bus.outbox = Some(Arc::clone(&outbox));
        if durable::are_there() {
            // Where the outbox is a file, durable work does not need a broker.
            let local = match &store {
                Some(Store::Kept(store)) => store,
                _ => transport,
            };
            self.start_durable(&mut bus, local)?;
        }
        for signal in registry::signals() {
            let routes = self.config.routes.for_event(signal.event().event_type);
            let enabled: Vec<_> = routes
                .iter()
                .filter(|route| route.enabled)
                .cloned()
                .collect();
            if !enabled.is_empty() {
                let tap = tap::connect(
                    *signal,
                    enabled,
                    Arc::clone(&outbox),
                    self.ask_trace.clone(),
                );
                bus.taps.push(tap);
            }
        }
        self.start_relays(&mut bus)?;
        // Last, since receivers may send at once.
        for subscription in &self.config.subscriptions {
            let topics: Vec<_> = subscription
                .topics
                .iter()
                .map(|topic| self.config.full_topic(topic))
                .collect();
            let consumer =
                Consumer::start(transport, &subscription.group, &topics, self.settings(true))
                    .map_err(StartProblem::Thread)?;
            bus.consumers.push(consumer);
        }
        Ok(bus)
    }

    fn start_relays(&mut self, bus: &mut Bus) -> Result<(), StartProblem> {
        for source in std::mem::take(&mut self.relays) {
            let relay = Relay::start(
                source,
                #[cfg(feature = "tokio")]
                self.current_runtime(),
            );
            bus.relays.push(relay.map_err(StartProblem::Thread)?);
        }
        Ok(())
    }

    #[cfg(feature = "tokio")]
    fn current_runtime(&self) -> Option<tokio::runtime::Handle> {
        let given = self.runtime.clone();
        given.or_else(|| tokio::runtime::Handle::try_current().ok())
    }

    fn settings(&self, from_event_bus: bool) -> Settings {
        Settings {
            config: self.config.consumer.clone(),
            retry: self.config.retry.clone(),
            trim: Some(self.config.trim.clone()),
            from_event_bus,
            observer: self.on_handled.clone(),
            #[cfg(feature = "tokio")]
            runtime: self.current_runtime(),
        }
    }

    /// The full names of the topics that something is routed to.
    fn topics(&self) -> Vec<String> {
        let mut topics: Vec<_> = registry::signals()
            .iter()
            .flat_map(|signal| self.config.routes.for_event(signal.event().event_type))
            .filter(|route| route.enabled)
            .map(|route| route.topic.clone())
            .collect();
        topics.sort();
        topics.dedup();
        topics
    }

    fn between(
        &self,
        bus: &mut Bus,
        store: &Store,
        transport: &SharedTransport,
        reports: &Reports,
    ) -> Result<Outbox, StartError> {
        let mut topics = self.topics();
        let identity = match store {
            Store::Memory => EventMetadata::new(IDENTITY).id().to_string(),
            Store::Kept(store) => {
                // What an earlier configuration routed may still wait.
                let kept = store.topics().map_err(StartProblem::Transport)?;
                let left_over = kept
                    .iter()
                    .filter_map(|status| names::of_outbox(&status.topic).map(str::to_owned));
                topics.extend(left_over);
                identity(store).map_err(StartProblem::Transport)?
            }
        };
        topics.sort();
        topics.dedup();
        let outbox = &self.config.outbox;
        let mut all = BTreeMap::new();
        for topic in topics {
            let waiting = Waiting::new(&topic);
            let work = Work {
                store: store.clone(),
                transport: Arc::clone(transport),
                waiting: Arc::clone(&waiting),
                outbox_id: format!("{identity}:{topic}"),
                max_batch: outbox.max_batch,
                reports: reports.clone(),
            };
            bus.publishers
                .push(Publisher::start(work).map_err(StartProblem::Thread)?);
            all.insert(topic, waiting);
        }
        Ok(Outbox::Between {
            store: store.clone(),
            limit: Limit {
                capacity: outbox.capacity as u64,
                wait: match outbox.when_full {
                    WhenFull::Block(wait) => wait,
                    WhenFull::Refuse => Duration::ZERO,
                },
            },
            waiting: all,
        })
    }

    fn start_durable(&self, bus: &mut Bus, transport: &SharedTransport) -> Result<(), StartError> {
        let source = EventMetadata::new("").source().to_owned();
        let service: String = source
            .chars()
            .map(|char| if char.is_alphanumeric() { char } else { '-' })
            .collect();
        let topic = names::durable(&service);
        let mut settings = self.settings(false);
        settings.config.start = crate::config::StartAt::Beginning;
        let topics = [topic.clone()];
        // The store comes first: what it keeps is there for the consumer whenever that begins.
        let store = DurableWork {
            transport: Arc::clone(transport),
            topic,
        };
        let guard = delivery::set_durable_store(Arc::new(store))
            .map_err(|error| StartProblem::Build(error.to_string()))?;
        bus.durable = Some(guard);
        let consumer = Consumer::start(transport, durable::GROUP, &topics, settings)
            .map_err(StartProblem::Thread)?;
        bus.consumers.push(consumer);
        Ok(())
    }
}

/// The identity of a store, which lasts as long as the store: made by whoever opens it first.
fn identity(store: &SharedTransport) -> Result<String, TransportError> {
    let first = |store: &SharedTransport| -> Result<Option<Uuid>, TransportError> {
        let entries = store.read(IDENTITY, Position::Oldest, 1)?;
        let record = entries.first().and_then(|entry| entry.record.as_ref().ok());
        Ok(record.map(|record| record.metadata.id()))
    };
    if let Some(id) = first(store)? {
        return Ok(id.to_string());
    }
    let own = Record::new(EventMetadata::new(IDENTITY), Vec::new());
    store.publish(IDENTITY, std::slice::from_ref(&own), None)?;
    // Another process may have been quicker; the oldest counts.
    Ok(first(store)?
        .unwrap_or_else(|| own.metadata.id())
        .to_string())
}

impl fmt::Debug for BusBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BusBuilder")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
