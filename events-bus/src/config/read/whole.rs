//! Checks of keys that belong together.

use events_core::config::kit::{Section, list};
use events_core::config::{ConfigErrorKind as Kind, Origin};

use super::{Read, STORE, Store, without_effect};
use crate::config::problem::{BusConfigError, Path};
use crate::config::{BusConfig, OutboxStore, TransportConfig, WhenFull, check, transport};
use crate::transport::driver;

impl Read {
    /// Puts together what depends on several keys, and checks the whole.
    ///
    /// `url` replaces the address of the transport.
    pub(super) fn finish(mut self, section: &Section<'_>, url: Option<&str>) -> BusConfig {
        self.config.transport = match url {
            None => self.transport(section),
            Some(url) => self.transport_of_url(section, url),
        };
        self.config.outbox.store = self.outbox_store(section);
        self.config.outbox.is_chosen = self.store.is_some();
        let block = self.block_timeout.map(WhenFull::Block);
        self.config.outbox.when_full = match (self.refuses, block) {
            (true, _) => WhenFull::Refuse,
            (false, Some(block)) => block,
            (false, None) => self.config.outbox.when_full,
        };
        let config = match self.prefix {
            Some(prefix) => self.config.with_topic_prefix(prefix),
            None => self.config,
        };
        let store = self.store.map(|store| store.origin);
        for problem in check::problems(&config) {
            let special = match problem.key().as_str() {
                "bus.outbox.store" => store.clone(),
                _ => None,
            };
            report(section, problem, special);
        }
        config
    }

    fn transport(&mut self, section: &Section<'_>) -> TransportConfig {
        let Some(chosen) = &self.transport else {
            let names = list(transport::names(), "none");
            if section.is_there() {
                let message = format!(
                    "key `transport` is missing in `bus`, where it is required: it names the transport that keeps the events; \
                     add one of {names}, where `none` means no bus"
                );
                section.missing(&[&["transport"]], section.origin(), message);
            } else {
                let message = format!(
                    "no layer has the table `bus`, so nothing says what keeps the events; add it with a `transport`: one of \
                     {names}, where `none` means no bus"
                );
                section.missing(&[&[]], section.origin(), message);
            }
            return TransportConfig::none();
        };
        chosen
            .value
            .map_or_else(TransportConfig::none, |driver| self.take(driver.name()))
    }

    fn transport_of_url(&mut self, section: &Section<'_>, url: &str) -> TransportConfig {
        let set = driver::settings_of(url).and_then(|settings| {
            let mut transport = self.take(settings.driver().name());
            transport.set_url(url)?;
            Ok(transport)
        });
        set.unwrap_or_else(|problem| {
            let message = format!("the URL of the bus {problem}");
            section.problem(Kind::InvalidValue, section.origin(), message);
            TransportConfig::none()
        })
    }

    /// Takes the settings that the layers gave a transport.
    fn take(&mut self, name: &str) -> TransportConfig {
        let mut settings = self.settings.iter();
        let at = settings.position(|settings| settings.driver().name() == name);
        at.map_or_else(TransportConfig::none, |at| {
            self.settings.swap_remove(at).into()
        })
    }

    fn outbox_store(&self, section: &Section<'_>) -> OutboxStore {
        let file = OutboxStore::Sqlite(self.outbox.clone());
        let Some(store) = &self.store else {
            let Some(path) = section.origin_of(&["outbox", "path"]) else {
                return OutboxStore::Transport;
            };
            section.missing(
                &[&["outbox", "store"]],
                path,
                "`bus.outbox.path` is given without `store`, so nothing would be kept there; add `store = \"sqlite\"`, or remove \
                 the path",
            );
            return file;
        };
        if store.value != Store::Sqlite
            && let Some(origin) = &self.path_after_store
        {
            section.problem(
                Kind::Conflict,
                origin.clone(),
                without_effect("path", STORE),
            );
        }
        match store.value {
            Store::Memory => OutboxStore::Memory,
            Store::Transport => OutboxStore::Transport,
            Store::Sqlite => file,
        }
    }
}

/// Reports what the check of the whole found, at its place in the files. `place` is that place, if it is known already.
fn report(section: &Section<'_>, problem: BusConfigError, place: Option<Origin>) {
    let steps = |path: &Path| path.steps();
    let paths: Vec<_> = std::iter::once(&problem.path)
        .chain(&problem.also)
        .map(steps)
        .collect();
    let paths: Vec<Vec<&str>> = paths
        .iter()
        .map(|steps| steps.iter().map(String::as_str).collect())
        .collect();
    let place = place.or_else(|| paths.iter().find_map(|path| section.origin_of(path)));
    let path = paths.first().map(Vec::as_slice).unwrap_or_default();
    match place {
        None if problem.kind == Kind::MissingKey => {
            let paths: Vec<_> = paths.iter().map(Vec::as_slice).collect();
            let required_by = problem.required_by.as_ref().map(Path::steps);
            let required_by = required_by.and_then(|steps| {
                let steps: Vec<_> = steps.iter().map(String::as_str).collect();
                section.origin_of(&steps)
            });
            let origin = required_by.unwrap_or_else(|| section.origin_near(path));
            section.missing(&paths, origin, problem.message);
        }
        place => {
            let origin = place.unwrap_or_else(|| section.origin_near(path));
            // What could not be read is empty, and wrong for that reason only.
            if !section.is_told(&origin) {
                section.problem(problem.kind, origin, problem.message);
            }
        }
    }
}
