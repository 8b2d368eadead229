//! What several keys say together, and whether the whole can be.

use events_core::config::kit::{Located, Section, quoted};
use events_core::config::{ConfigErrorKind as Kind, Origin};

use super::{Engine, Read, STORE, Store, Url, without_effect};
use crate::config::problem::{BusConfigError, Path};
use crate::config::{BusConfig, OutboxStore, RedisConfig, TransportConfig, WhenFull, check};

impl Read {
    /// Puts together what depends on several keys, and checks the whole.
    pub(super) fn finish(
        mut self,
        section: &Section<'_>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> BusConfig {
        let url_origin = match &self.redis.url {
            Some(Url::Given(located) | Url::InVariable(located)) => Some(located.origin.clone()),
            None => None,
        };
        self.config.transport = self.transport(section, variable);
        self.config.outbox.store = self.outbox_store(section);
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
                "bus.redis.url" => url_origin.clone(),
                "bus.outbox.store" => store.clone(),
                _ => None,
            };
            report(section, problem, special);
        }
        config
    }

    fn transport(
        &self,
        section: &Section<'_>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> TransportConfig {
        let Some(engine) = &self.transport else {
            if section.is_there() {
                section.missing(
                    &[&["transport"]],
                    section.origin(),
                    "key `transport` is missing in `bus`, where it is required: it says what keeps the events; add `\"sqlite\"` \
                     (a file), `\"redis\"`, `\"memory\"` (for tests), or `\"none\"` for no bus",
                );
            } else {
                section.missing(
                    &[&[]],
                    section.origin(),
                    "no layer has the table `bus`, so nothing says what keeps the events; add it with a `transport`: \
                     `\"sqlite\"` (a file), `\"redis\"`, `\"memory\"` (for tests), or `\"none\"` for no bus",
                );
            }
            return TransportConfig::None;
        };
        match engine.value {
            Engine::None => TransportConfig::None,
            Engine::Memory => TransportConfig::Memory,
            Engine::Sqlite => self.file(section, engine),
            Engine::Redis => self.server(section, engine, variable),
        }
    }

    fn file(&self, section: &Section<'_>, engine: &Located<Engine>) -> TransportConfig {
        if let Some(path) = &self.sqlite.path {
            return TransportConfig::Sqlite(self.sqlite.config(path));
        }
        section.missing(
            &[&["sqlite", "path"]],
            engine.origin.clone(),
            "key `path` is missing in `bus.sqlite`, where `transport = \"sqlite\"` requires it; add it with the path of a file, \
             such as `\"events.db\"`",
        );
        TransportConfig::None
    }

    fn server(
        &self,
        section: &Section<'_>,
        engine: &Located<Engine>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> TransportConfig {
        let url = match &self.redis.url {
            Some(Url::Given(url)) => url.value.clone(),
            Some(Url::InVariable(name)) => {
                let Some(url) = variable(&name.value) else {
                    let message = format!(
                        "`bus.redis.url_env` is {}, and there is no such environment variable; set it to a URL such as \
                         `redis://localhost:6379/0`, or correct its name",
                        quoted(&name.value)
                    );
                    section.problem(Kind::InvalidValue, name.origin.clone(), message);
                    return TransportConfig::None;
                };
                let what = format!(
                    "environment variable {}, which `bus.redis.url_env` names,",
                    quoted(&name.value)
                );
                if let Some(message) = check::url_problem(&what, &url) {
                    section.problem(Kind::InvalidValue, name.origin.clone(), message);
                }
                url
            }
            None => {
                section.missing(
                    &[&["redis", "url"], &["redis", "url_env"]],
                    engine.origin.clone(),
                    "key `url` is missing in `bus.redis`, where `transport = \"redis\"` requires it; add it with a URL such as \
                     `\"redis://localhost:6379/0\"`, or `url_env` with the name of an environment variable that has it",
                );
                return TransportConfig::None;
            }
        };
        let mut redis = RedisConfig::new(url);
        redis.connect_timeout = self.redis.connect_timeout.unwrap_or(redis.connect_timeout);
        redis.response_timeout = self
            .redis
            .response_timeout
            .unwrap_or(redis.response_timeout);
        redis.root_certificates = self.redis.root_certificates.as_ref().map(Into::into);
        redis.client_certificate = self.redis.client_certificate.as_ref().map(Into::into);
        redis.client_key = self.redis.client_key.as_ref().map(Into::into);
        TransportConfig::Redis(redis)
    }

    fn outbox_store(&self, section: &Section<'_>) -> OutboxStore {
        let Some(store) = &self.store else {
            let Some(path) = &self.outbox.path else {
                return OutboxStore::Transport;
            };
            section.missing(
                &[&["outbox", "store"]],
                path.origin.clone(),
                "`bus.outbox.path` is given without `store`, so nothing would be kept there; add `store = \"sqlite\"`, or remove \
                 the path",
            );
            return OutboxStore::Sqlite(self.outbox.config(path));
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
        match (store.value, &self.outbox.path) {
            (Store::Memory, _) => OutboxStore::Memory,
            (Store::Transport, _) => OutboxStore::Transport,
            (Store::Sqlite, Some(path)) => OutboxStore::Sqlite(self.outbox.config(path)),
            (Store::Sqlite, None) => {
                section.missing(
                    &[&["outbox", "path"]],
                    store.origin.clone(),
                    "key `path` is missing in `bus.outbox`, where `store = \"sqlite\"` requires it; add it with the path of a \
                     file, such as `\"outbox.db\"`",
                );
                // No more is to be said of it.
                OutboxStore::Memory
            }
        }
    }
}

/// Reports what the check of the whole found, where it stands in the files. `place` is where, if that is known already.
fn report(section: &Section<'_>, problem: BusConfigError, place: Option<Origin>) {
    let paths = std::iter::once(&problem.path).chain(&problem.also);
    let paths: Vec<_> = paths.map(Path::steps).collect();
    let paths: Vec<Vec<&str>> = paths
        .iter()
        .map(|steps| steps.iter().map(String::as_str).collect())
        .collect();
    let place = place.or_else(|| paths.iter().find_map(|path| section.origin_of(path)));
    let path = paths.first().map(Vec::as_slice).unwrap_or_default();
    match place {
        None if problem.kind == Kind::MissingKey => {
            section.missing(&[path], section.origin_near(path), problem.message);
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
