//! Rows become records: which topics they go to, and which receivers of this service run.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use events_core::AnySignal;

use super::super::OutboxRow;
use crate::config::{KeyPath, Routes};
use crate::producer::subscriber;
use crate::record::{Record, check_size};
use crate::transport::{SharedTransport, names};

/// The topics that events are routed to.
pub(crate) struct Routing {
    pub(crate) routes: Routes,
    /// The transport, or the durable outbox in front of it. `None` if there is no bus.
    pub(crate) log: Option<SharedTransport>,
    /// Maximum number of events that wait in the durable outbox of a topic. `None` if rows go to the transport itself.
    pub(crate) outbox_capacity: Option<u64>,
}

impl Routing {
    /// Returns the topic of the log that stands for a topic of the bus.
    fn topic(&self, topic: &str) -> String {
        if self.outbox_capacity.is_some() {
            names::outbox(topic)
        } else {
            topic.to_owned()
        }
    }
}

impl fmt::Debug for Routing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Routing")
            .field("routes", &self.routes)
            .finish_non_exhaustive()
    }
}

/// A topic that an event type goes to.
struct Way {
    topic: Arc<str>,
    /// The key of the route. `None` if it is the key of the event.
    key: Option<KeyPath>,
}

/// The destinations of an event type.
struct Plan {
    is_enabled: bool,
    /// The receivers of this service.
    receivers: Vec<Arc<str>>,
    ways: Vec<Way>,
}

/// Plans of event types. Receivers come and go, so a plan is made anew for each read.
#[derive(Default)]
pub(super) struct Plans(HashMap<&'static str, Plan>);

/// Records of a row by the topics that they go to. A row without any is done.
pub(super) type Records = Vec<(Arc<str>, Record)>;

/// Maximum number of topics of one event type: a row notes in 64 bits which of them are done.
const TOPICS: usize = 64;

impl Plans {
    /// Returns the records of a row, always in the same order.
    ///
    /// # Errors
    /// Returns the reason to quarantine the row if it cannot be read.
    pub(super) fn records(
        &mut self,
        row: &OutboxRow,
        routing: &Routing,
        local_topic: &Arc<str>,
    ) -> Result<Records, String> {
        let (signal, event, metadata) = row.decode()?;
        let plan = self
            .0
            .entry(signal.event().event_type)
            .or_insert_with(|| Plan::of(signal, routing));
        if !plan.is_enabled {
            return Ok(Records::new());
        }
        let event = event.get();
        let own_key = event.key().map(|key| Arc::<str>::from(&*key));
        let record = Record::new(metadata, &*row.body).with_trace(row.trace_context());
        let mut records = Records::with_capacity(plan.ways.len() + 1);
        // The local work is always there, so that the others keep their places while receivers come and go.
        let local = record
            .clone()
            .with_key(own_key.clone())
            .for_receivers(plan.receivers.iter().cloned());
        records.push((Arc::clone(local_topic), local));
        for way in &plan.ways {
            let key = match &way.key {
                Some(path) => path.of(event).map(Arc::from),
                None => own_key.clone(),
            };
            records.push((Arc::clone(&way.topic), record.clone().with_key(key)));
        }
        for (_, record) in &records {
            check_size(record.metadata.event_type(), record.size())
                .map_err(|error| error.to_string())?;
        }
        Ok(records)
    }
}

impl Plan {
    fn of(signal: &'static dyn AnySignal, routing: &Routing) -> Self {
        let routes = routing.routes.for_event(signal.event().event_type);
        let enabled = routes
            .iter()
            .filter(|route| route.enabled && routing.log.is_some());
        Self {
            is_enabled: signal.is_enabled(),
            receivers: signal
                .receivers()
                .iter()
                .filter(|receiver| receiver.id != subscriber::ID)
                .map(|receiver| Arc::from(&*receiver.id))
                .collect(),
            ways: enabled
                .take(TOPICS - 1)
                .map(|route| Way {
                    topic: Arc::from(routing.topic(&route.topic)),
                    key: route.key.clone(),
                })
                .collect(),
        }
    }
}
