//! A configuration against the registry.

use std::collections::BTreeMap;

use super::Config;
use super::error::{ConfigError, ConfigErrorKind, ConfigErrors, Report};
use super::layer::{ReceiverEntry, ServiceTable};
use super::origin::{Located, Origin};
use super::resolve::Plugin;
use super::words::{did_you_mean, list, nearest, quoted};
use crate::receiver::ReceiverInfo;
use crate::signal::AnySignal;

/// The services of Open edX that configure plugins.
const PLATFORM: [&str; 2] = ["lms", "cms"];

/// A receiver that is configured and can be connected.
pub(super) struct Planned<'a> {
    /// The service that it is configured for.
    pub(super) service: &'a str,
    pub(super) receiver: &'static ReceiverInfo,
    pub(super) signal: &'static dyn AnySignal,
    pub(super) entry: &'a ReceiverEntry,
}

impl Config {
    /// Checks the whole configuration, those parts included that are for other services.
    ///
    /// Receivers and signals are looked up in the registry of this binary. Of a plugin that only other services
    /// configure, and that is not linked here, no more than the form can be checked.
    ///
    /// # Errors
    /// With every problem there is, of all layers: in reading them, in their form, and with what they name.
    pub fn check(&self) -> Result<(), ConfigErrors> {
        self.plan().map(drop)
    }

    pub(super) fn plan(&self) -> Result<Vec<Planned<'_>>, ConfigErrors> {
        let mut checker = Checker {
            services: Services::new(self),
            report: Report::default(),
            planned: Vec::new(),
            plugins: BTreeMap::new(),
            uids: BTreeMap::new(),
            connected: BTreeMap::new(),
        };
        for error in self.layers.iter().flat_map(|layer| &layer.errors) {
            checker.report.add(error.clone());
        }
        checker.service(self);
        for table in self.layers.iter().flat_map(|layer| &layer.tables) {
            checker.table(table);
        }
        checker.report.finish(&self.layers)?;
        Ok(checker.planned)
    }
}

/// Which services there are.
struct Services<'a> {
    running: Option<&'a Located<String>>,
    known: Vec<&'a str>,
    /// Something that may name a service could not be read.
    incomplete: bool,
}

impl<'a> Services<'a> {
    fn new(config: &'a Config) -> Self {
        let running = config.running();
        let mut known = PLATFORM.to_vec();
        let listed = config.layers.iter().flat_map(|layer| &layer.services);
        for service in listed.chain(running) {
            if !known.contains(&service.value.as_str()) {
                known.push(&service.value);
            }
        }
        Self {
            running,
            known,
            incomplete: config.layers.iter().any(|layer| layer.incomplete),
        }
    }

    fn is_running(&self, name: &str) -> bool {
        self.running.is_some_and(|running| running.value == name)
    }

    fn is_known(&self, name: &str) -> bool {
        self.incomplete || self.known.contains(&name)
    }
}

struct Checker<'a> {
    services: Services<'a>,
    report: Report,
    planned: Vec<Planned<'a>>,
    /// Each plugin that was looked up, by the name of its crate, and whether its absence was reported.
    plugins: BTreeMap<String, (Plugin, bool)>,
    /// Where a uid was given, by service, signal and uid.
    uids: BTreeMap<(&'a str, String, &'a str), &'a Origin>,
    /// Where a receiver is connected, by service, signal and the receiver's id.
    connected: BTreeMap<(&'a str, String, &'static str), &'a Origin>,
}

impl<'a> Checker<'a> {
    /// Whether there is a service to connect for, and whether it is meant.
    fn service(&self, config: &'a Config) {
        if self.services.incomplete {
            return;
        }
        let tables = || config.layers.iter().flat_map(|layer| &layer.tables);
        let Some(running) = self.services.running else {
            if let Some(table) = tables().next() {
                let error = ConfigError::new(
                    ConfigErrorKind::NoService,
                    table.service.origin.clone(),
                    "receivers are configured, but no layer says which service is running, so none of them would be \
                     connected; add `service`, such as `\"lms\"`, at the top, or a layer `Config::for_service(\"lms\")`",
                );
                self.report.add(error);
            }
            return;
        };
        let name = running.value.as_str();
        let listed = |name: &str| {
            let mut listed = config.layers.iter().flat_map(|layer| &layer.services);
            PLATFORM.contains(&name) || listed.any(|service| service.value == name)
        };
        if listed(name) || tables().any(|table| table.service_name() == name) {
            return;
        }
        // Nothing is configured for this service, but something is for one whose name is nearly the same.
        let configured = tables()
            .map(ServiceTable::service_name)
            .filter(|other| self.services.is_known(other));
        if let Some(near) = nearest(name, configured) {
            let error = ConfigError::new(
                ConfigErrorKind::UnknownService,
                running.origin.clone(),
                format!(
                    "service {0} has nothing configured, but {1} has; did you mean {1}? if {0} is a service of its own, \
                     list it in `services`",
                    quoted(name),
                    quoted(near),
                ),
            );
            self.report.add(error);
        }
    }

    fn table(&mut self, table: &'a ServiceTable) {
        let service = table.service_name();
        let known = self.services.is_known(service);
        if !known {
            let error = self.unknown_service(table);
            self.report.add(error);
        }
        let (plugin, reported) = self
            .plugins
            .entry(table.crate_name())
            .or_insert_with_key(|name| (Plugin::find(name), false));
        // A slip in the service must not hide one in the plugin.
        if (self.services.is_running(service) || !known)
            && !*reported
            && let Some(message) = plugin.missing()
        {
            *reported = true;
            let origin = table.plugin.origin.clone();
            let error = ConfigError::new(ConfigErrorKind::MissingPlugin, origin, message);
            self.report.add(error);
        }
        let plugin = plugin.clone();
        let module = match &table.relative_path {
            Some(path) if plugin.has_receivers() => match plugin.module(&path.value) {
                Ok(module) => Some(module),
                Err(message) => {
                    let origin = path.origin.clone();
                    let error = ConfigError::new(ConfigErrorKind::UnknownModule, origin, message);
                    self.report.add(error);
                    None
                }
            },
            _ => None,
        };
        for entry in &table.receivers {
            self.entry(service, &plugin, module.as_deref(), entry);
        }
    }

    fn entry(
        &mut self,
        service: &'a str,
        plugin: &Plugin,
        module: Option<&str>,
        entry: &'a ReceiverEntry,
    ) {
        let mut receiver = None;
        let mut signal = None;
        // What a plugin brings along that is not linked, its catalog of events included, cannot be known.
        if plugin.is_linked() {
            if let Some(function) = &entry.function {
                receiver = self.found(function, plugin.receiver(&function.value, module));
            }
            if let Some(path) = &entry.signal {
                signal = self.found(path, super::resolve::signal(&path.value));
            }
        }
        let mut received = true;
        if let (Some(receiver), Some(signal), Some(path)) = (receiver, signal, &entry.signal) {
            received = self
                .found(path, super::resolve::receives(receiver, signal))
                .is_some();
        }
        let target = match (signal, &entry.signal) {
            (Some(signal), _) => signal.info().path(),
            (None, Some(path)) => path.value.clone(),
            (None, None) => return,
        };
        let twice = receiver.is_some_and(|receiver| self.twice(service, &target, receiver, entry));
        if !twice {
            self.uid(service, &target, entry);
        }
        if let (Some(receiver), Some(signal), true) = (receiver, signal, received) {
            self.planned.push(Planned {
                service,
                receiver,
                signal,
                entry,
            });
        }
    }

    /// What was found, or the report of why it was not.
    fn found<T>(
        &self,
        given: &Located<String>,
        found: Result<T, (ConfigErrorKind, String)>,
    ) -> Option<T> {
        match found {
            Ok(found) => Some(found),
            Err((kind, message)) => {
                let error = ConfigError::new(kind, given.origin.clone(), message);
                self.report.add(error);
                None
            }
        }
    }

    /// Whether the receiver is connected to the signal already.
    fn twice(
        &mut self,
        service: &'a str,
        target: &str,
        receiver: &'static ReceiverInfo,
        entry: &'a ReceiverEntry,
    ) -> bool {
        let key = (service, target.to_owned(), &*receiver.id);
        let Some(first) = self.connected.get(&key) else {
            self.connected.insert(key, &entry.origin);
            return false;
        };
        let message = format!(
            "receiver {} is connected to {} twice, first at {first}; remove one of the two entries",
            quoted(&receiver.id),
            quoted(target),
        );
        let error = ConfigError::new(
            ConfigErrorKind::DuplicateReceiver,
            entry.origin.clone(),
            message,
        );
        self.report.add(error);
        true
    }

    fn uid(&mut self, service: &'a str, target: &str, entry: &'a ReceiverEntry) {
        let Some(uid) = &entry.dispatch_uid else {
            return;
        };
        let key = (service, target.to_owned(), uid.value.as_str());
        let Some(first) = self.uids.get(&key) else {
            self.uids.insert(key, &uid.origin);
            return;
        };
        let message = format!(
            "`dispatch_uid` {} is given to another connection of {} at {first}, expected one that the signal does not have \
             yet; change one of the two",
            quoted(&uid.value),
            quoted(target),
        );
        let error = ConfigError::new(
            ConfigErrorKind::DuplicateDispatchUid,
            uid.origin.clone(),
            message,
        );
        self.report.add(error);
    }

    fn unknown_service(&self, table: &ServiceTable) -> ConfigError {
        let key = &table.service.value;
        let known = &self.services.known;
        // In the form in which the key was given, with its ending or without.
        let forms = known.iter().map(|name| (*name).to_owned());
        let long = known.iter().map(|name| format!("{name}.djangoapp"));
        let candidates: Vec<_> = if key.contains('.') {
            long.chain(forms).collect()
        } else {
            forms.chain(long).collect()
        };
        let message = format!(
            "service {} of `signals_config` is not known, so nothing would be connected{} the services are {}, each also \
             with `.djangoapp` at its end; correct the key, or list a further service in `services`",
            quoted(key),
            did_you_mean(key, &candidates),
            list(known, "none"),
        );
        ConfigError::new(
            ConfigErrorKind::UnknownService,
            table.service.origin.clone(),
            message,
        )
    }
}
