//! A configuration at work: the service's name, and the connections.

use core::fmt;
use std::sync::{Mutex, PoisonError};

use super::Config;
use super::check::Planned;
use super::error::{ConfigError, ConfigErrorKind, ConfigErrors};
use super::origin::Origin;
use crate::metadata::set_service_name;
use crate::receiver::{ReceiverInfo, ReceiverKind};
use crate::signal::{AnySignal, Connection};

impl Config {
    /// Checks the whole configuration, then names the service and connects its receivers, for good.
    ///
    /// It is all or nothing: with any problem, in any layer and for any service, nothing is connected. Call it once, at the
    /// start of `main`, before the first event is sent.
    ///
    /// Applying is idempotent. A receiver that is connected to its signal already, by an earlier `apply` or by
    /// [`connect_receiver`](crate::Signal::connect_receiver), is not connected again, and so never runs twice; nothing that
    /// an earlier configuration connected is disconnected.
    ///
    /// Within a [testing scope](crate::testing) the name and the connections are those of the scope, and end with it.
    ///
    /// # Errors
    /// With everything that [`check`](Self::check) finds; or with [`ConfigErrorKind::ServiceName`] when this process is
    /// known by another name already.
    pub fn apply(&self) -> Result<Applied, ConfigErrors> {
        let plan = self.plan()?;
        let running = self.running();
        if let Some(service) = running {
            set_service_name(&service.value).map_err(|error| {
                ConfigError::new(
                    ConfigErrorKind::ServiceName,
                    service.origin.clone(),
                    error.to_string(),
                )
            })?;
        }
        let service = running.map(|service| service.value.clone());
        let mine = plan
            .iter()
            .filter(|planned| service.as_deref() == Some(planned.service));
        let mut receivers = connect(mine)?;
        receivers.sort_by(|a, b| {
            let event_type = |applied: &AppliedReceiver| applied.signal.event().event_type;
            event_type(a)
                .cmp(event_type(b))
                .then_with(|| a.receiver.order(b.receiver))
        });
        Ok(Applied { service, receivers })
    }
}

/// Connects all, or none.
fn connect<'a>(
    planned: impl Iterator<Item = &'a Planned<'a>>,
) -> Result<Vec<AppliedReceiver>, ConfigErrors> {
    /// Two threads that apply at once must not both find a receiver unconnected. No receiver runs under it.
    static APPLYING: Mutex<()> = Mutex::new(());
    let applying = APPLYING.lock().unwrap_or_else(PoisonError::into_inner);
    let mut connections = Vec::new();
    let mut applied = Vec::new();
    for planned in planned {
        let id = &*planned.receiver.id;
        let connected = planned
            .signal
            .receivers()
            .iter()
            .any(|other| other.kind == ReceiverKind::Manual && other.id == id);
        if !connected {
            // Checked before: it is there. Were it not, what is connected so far is dropped.
            let connection = planned.signal.connect_receiver(id).map_err(|error| {
                let origin = planned.entry.origin.clone();
                ConfigError::new(ConfigErrorKind::UnknownReceiver, origin, error.to_string())
            })?;
            connections.push(connection);
        }
        applied.push(AppliedReceiver {
            receiver: planned.receiver,
            signal: planned.signal,
            dispatch_uid: planned
                .entry
                .dispatch_uid
                .as_ref()
                .map(|uid| uid.value.clone()),
            origin: planned.entry.origin.clone(),
            was_connected: connected,
        });
    }
    connections.into_iter().for_each(Connection::keep);
    drop(applying);
    Ok(applied)
}

/// What [`Config::apply`] did.
#[derive(Debug, Clone)]
pub struct Applied {
    service: Option<String>,
    receivers: Vec<AppliedReceiver>,
}

impl Applied {
    /// The running service, where the configuration names it.
    pub fn service(&self) -> Option<&str> {
        self.service.as_deref()
    }

    /// The configured receivers of the running service, all of them connected now: by event type, and for each in the
    /// order in which they run.
    pub fn receivers(&self) -> &[AppliedReceiver] {
        &self.receivers
    }
}

/// One line for each receiver.
impl fmt::Display for Applied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let service = self.service().unwrap_or("no service");
        let count = self.receivers.len();
        let plural = if count == 1 { "" } else { "s" };
        write!(f, "{service}: {count} receiver{plural} connected")?;
        for receiver in &self.receivers {
            write!(f, "\n- {receiver}")?;
        }
        Ok(())
    }
}

/// A receiver that a configuration connected.
#[derive(Debug, Clone)]
pub struct AppliedReceiver {
    receiver: &'static ReceiverInfo,
    signal: &'static dyn AnySignal,
    dispatch_uid: Option<String>,
    origin: Origin,
    was_connected: bool,
}

impl AppliedReceiver {
    /// The receiver.
    pub fn receiver(&self) -> &'static ReceiverInfo {
        self.receiver
    }

    /// The signal it is connected to.
    pub fn signal(&self) -> &'static dyn AnySignal {
        self.signal
    }

    /// The `dispatch_uid` of the entry.
    pub fn dispatch_uid(&self) -> Option<&str> {
        self.dispatch_uid.as_deref()
    }

    /// Where the entry stands.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Whether the receiver was connected before, and so was not connected again.
    pub fn was_connected(&self) -> bool {
        self.was_connected
    }
}

impl fmt::Display for AppliedReceiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            receiver,
            signal,
            origin,
            ..
        } = self;
        write!(
            f,
            "{} <- {} ({origin})",
            signal.event().event_type,
            receiver.id
        )
    }
}
