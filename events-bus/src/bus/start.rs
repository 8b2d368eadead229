//! Starts a bus.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use events_core::{delivery, registry};

use super::durable::{self, DurableWork};
use super::warnings::Warnings;
use super::{Bus, StartError, StartProblem, open};
use crate::config::{BusConfig, UnknownTypes, WhenFull};
use crate::consumer::{Consumer, Handled, Keep, Observer, Settings};
use crate::producer::backlog::{Backlog, Capacity};
use crate::producer::lease::Leases;
use crate::producer::outbox::{Outbox, Store, Way};
use crate::producer::publisher::{Publisher, Work};
use crate::producer::subscriber::{self, AskTrace};
use crate::producer::{OnPublished, Published, Reports};
use crate::record;
use crate::trace::TraceContext;
use crate::transaction::{self, Local, OutboxSource, Publishing, Relay, Routing};
use crate::transport::{SharedTransport, names};

/// A builder of a bus.
#[must_use = "a bus has to be started"]
pub struct BusBuilder {
    config: BusConfig,
    on_published: Option<OnPublished>,
    on_handled: Option<Observer>,
    ask_trace: Option<AskTrace>,
    transport: Option<SharedTransport>,
    outbox: Option<SharedTransport>,
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
            outbox: None,
            relays: Vec::new(),
            #[cfg(feature = "tokio")]
            runtime: None,
        }
    }

    /// Registers a callback for every attempt to publish a record, successful or not. The threads that publish call it; without an
    /// outbox, the threads that send.
    pub fn on_published(
        mut self,
        observer: impl Fn(&Published<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.on_published = Some(Arc::new(observer));
        self
    }

    /// Registers a callback for every entry that receivers were run with. The threads that run receivers call it.
    pub fn on_handled(mut self, observer: impl Fn(&Handled<'_>) + Send + Sync + 'static) -> Self {
        self.on_handled = Some(Arc::new(observer));
        self
    }

    /// Asks a program's own tracer for the trace context of each event that is sent. Without a tracer or a context, an event
    /// continues the trace of the event that is being handled on the same thread.
    pub fn trace_with(
        mut self,
        ask: impl Fn() -> Option<TraceContext> + Send + Sync + 'static,
    ) -> Self {
        self.ask_trace = Some(Arc::new(ask));
        self
    }

    /// Uses this transport instead of the configured one: a transport of another crate, or one that a test looks into.
    pub fn transport(mut self, transport: SharedTransport) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Keeps waiting events in this store instead of the configured one. Several processes may share a store; one of them publishes
    /// at a time.
    pub fn outbox(mut self, store: SharedTransport) -> Self {
        self.outbox = Some(store);
        self
    }

    /// Publishes the events that transactions write to this outbox and commit, see [`send_in`](crate::transaction::send_in). It may
    /// be called for several outboxes.
    pub fn relay(mut self, source: impl OutboxSource + 'static) -> Self {
        self.relays.push(Box::new(source));
        self
    }

    /// Runs `async fn` receivers on this runtime. Defaults to the runtime in which the bus is started.
    #[cfg(feature = "tokio")]
    pub fn runtime(mut self, runtime: tokio::runtime::Handle) -> Self {
        self.runtime = Some(runtime);
        self
    }

    /// Starts the bus. If this fails, nothing of it runs.
    ///
    /// # Errors
    /// Returns every problem found in the registry, the configuration and the transport, and an error if the store of the outbox does
    /// not answer.
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
        record::set_max_event_bytes(self.config.max_event_bytes);
        let transport = match &self.transport {
            Some(transport) => Some(Arc::clone(transport)),
            None => open(&self.config)?,
        };
        let Some(transport) = transport else {
            let mut bus = Bus {
                transport: None,
                outbox: None,
                reports: Reports::default(),
                subscribers: Vec::new(),
                publishers: Vec::new(),
                consumers: Vec::new(),
                durable: None,
                relays: Vec::new(),
                helpers: Vec::new(),
                outbox_is_memory: false,
            };
            // The receivers of this service get the events of transactions, with a bus and without.
            self.start_relays(&mut bus, None)?;
            return Ok(bus);
        };
        self.start_on(&transport)
    }

    fn start_on(mut self, transport: &SharedTransport) -> Result<Bus, StartError> {
        let reports = Reports::new(self.on_published.clone());
        let store = match self.outbox.take() {
            Some(store) => Some(Store::Kept(store)),
            None => open::outbox(&self.config.outbox)?,
        };
        let mut bus = Bus {
            outbox_is_memory: matches!(store, Some(Store::Memory)),
            transport: Some(Arc::clone(transport)),
            outbox: None,
            reports: reports.clone(),
            subscribers: Vec::new(),
            publishers: Vec::new(),
            consumers: Vec::new(),
            durable: None,
            relays: Vec::new(),
            helpers: Vec::new(),
        };
        let way = match &store {
            None => Way::Direct {
                transport: Arc::clone(transport),
                reports,
            },
            Some(store) => self.start_publishers(&mut bus, store, transport, &reports)?,
        };
        let outbox = Arc::new(Outbox {
            max_event_bytes: self.config.max_event_bytes,
            way,
        });
        bus.outbox = Some(Arc::clone(&outbox));
        // Where the outbox is a file, durable work does not need a broker.
        let kept = match &store {
            Some(Store::Kept(store)) => Some(store),
            _ => None,
        };
        let local = kept.unwrap_or(transport);
        let durable_topic = durable::topic();
        if durable::exist() {
            self.start_durable(&mut bus, local, &durable_topic)?;
        }
        for signal in registry::signals() {
            let routes = self.config.routes.for_event(signal.event().event_type);
            let enabled: Vec<_> = routes
                .iter()
                .filter(|route| route.enabled)
                .cloned()
                .collect();
            if !enabled.is_empty() {
                let subscriber = subscriber::connect(
                    *signal,
                    enabled,
                    Arc::clone(&outbox),
                    self.ask_trace.clone(),
                );
                bus.subscribers.push(subscriber);
            }
        }
        self.start_relays(&mut bus, store.as_ref())?;
        // Last, since receivers may send at once.
        for subscription in &self.config.subscriptions {
            let topics: Vec<_> = subscription
                .topics
                .iter()
                .map(|topic| self.config.full_topic(topic))
                .collect();
            let mut settings = self.settings(true);
            settings.unknown_types = subscription.unknown_types;
            let consumer = Consumer::start(transport, &subscription.group, &topics, settings)
                .map_err(StartProblem::Thread)?;
            bus.consumers.push(consumer);
        }
        let warnings = Warnings {
            transports: std::iter::once(transport).chain(kept).cloned().collect(),
            durable: Arc::clone(local),
            own_topic: durable_topic,
        };
        bus.helpers
            .push(warnings.start().map_err(StartProblem::Thread)?);
        Ok(bus)
    }

    /// Starts the relays, with a consumer for the receivers of this service. Relay rows never wait in an outbox in memory.
    fn start_relays(&mut self, bus: &mut Bus, store: Option<&Store>) -> Result<(), StartError> {
        let durable = match store {
            Some(Store::Kept(store)) => Some(store),
            _ => None,
        };
        let log = durable.or(bus.transport.as_ref()).cloned();
        let topic = names::relay(&durable::service());
        for (index, source) in std::mem::take(&mut self.relays).into_iter().enumerate() {
            let local = match &log {
                Some(log) => Local::kept(Arc::clone(log), topic.clone()),
                None => Local::in_memory(open::local(&self.config)?, topic.clone())
                    .map_err(StartProblem::Transport)?,
            };
            // Relays share the topic if it outlasts the process.
            if index == 0 || log.is_none() {
                let mut settings = self.settings(false);
                settings.config.start = crate::config::StartAt::Beginning;
                let topics = std::slice::from_ref(&topic);
                let consumer =
                    Consumer::start(&local.transport, transaction::GROUP, topics, settings)
                        .map_err(StartProblem::Thread)?;
                bus.consumers.push(consumer);
            }
            let publishing = Publishing {
                routing: Routing {
                    routes: self.config.routes.clone(),
                    log: log.clone(),
                    outbox_capacity: durable.map(|_| self.config.outbox.capacity as u64),
                },
                local,
                reports: bus.reports.clone(),
                lease: self.config.outbox.lease,
            };
            let relay = Relay::start(source, publishing).map_err(StartProblem::Thread)?;
            bus.relays.push(relay);
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
            keep: Keep {
                trim: Some(self.config.trim.clone()),
                dead_letters: self.config.dead_letters.limits(),
            },
            unknown_types: UnknownTypes::DeadLetter,
            from_event_bus,
            observer: self.on_handled.clone(),
            #[cfg(feature = "tokio")]
            runtime: self.current_runtime(),
        }
    }

    /// Returns the full names of the topics that events are routed to.
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

    fn start_publishers(
        &self,
        bus: &mut Bus,
        store: &Store,
        transport: &SharedTransport,
        reports: &Reports,
    ) -> Result<Way, StartError> {
        let mut topics = self.topics();
        let outbox = &self.config.outbox;
        let leases = Leases::default();
        if let Store::Kept(store) = store {
            // Events of routes that an earlier configuration had may still wait.
            let kept = store.topics().map_err(StartProblem::Transport)?;
            let left_over = kept
                .iter()
                .filter_map(|status| names::of_outbox(&status.topic).map(str::to_owned));
            topics.extend(left_over);
            let helper = leases.start(outbox.lease);
            bus.helpers.push(helper.map_err(StartProblem::Thread)?);
        }
        topics.sort();
        topics.dedup();
        let mut backlogs = BTreeMap::new();
        for topic in topics {
            let backlog = Arc::new(Backlog::new(&topic));
            if let Store::Kept(store) = store {
                // The room for more is right from the first send on.
                backlog.recount(store).map_err(StartProblem::Transport)?;
            }
            let work = Work {
                store: store.clone(),
                transport: Arc::clone(transport),
                backlog: Arc::clone(&backlog),
                leases: leases.clone(),
                lease: outbox.lease,
                max_batch: outbox.max_batch,
                reports: reports.clone(),
            };
            bus.publishers
                .push(Publisher::start(work).map_err(StartProblem::Thread)?);
            backlogs.insert(topic, backlog);
        }
        Ok(Way::Stored {
            store: store.clone(),
            capacity: Capacity {
                events: outbox.capacity as u64,
                wait: match outbox.when_full {
                    WhenFull::Block(wait) => wait,
                    WhenFull::Refuse => Duration::ZERO,
                },
            },
            backlogs,
        })
    }

    fn start_durable(
        &self,
        bus: &mut Bus,
        transport: &SharedTransport,
        topic: &str,
    ) -> Result<(), StartError> {
        let mut settings = self.settings(false);
        settings.config.start = crate::config::StartAt::Beginning;
        let topics = [topic.to_owned()];
        // The store comes first: its work is there for the consumer whenever that begins.
        let store = DurableWork {
            transport: Arc::clone(transport),
            topic: topic.to_owned(),
            max_event_bytes: self.config.max_event_bytes,
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

impl fmt::Debug for BusBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BusBuilder")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
