//! A transport as another crate would bring it: topics in the memory of the process, in stores that have names.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, Once};
use std::time::Duration;

use events_bus::transport::driver::{
    Check, ConfigErrorKind, Driver, OpenOptions, Settings, Table, Variables,
};
use events_bus::transport::memory::MemoryTransport;
use events_bus::transport::{SharedTransport, TransportError, register};

static STORES: Mutex<BTreeMap<String, SharedTransport>> = Mutex::new(BTreeMap::new());

/// Registers the driver, however often it is called.
pub(crate) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| register(&Test).unwrap());
}

#[derive(Debug)]
pub(crate) struct Test;

impl Driver for Test {
    fn name(&self) -> &'static str {
        "test"
    }

    fn urls(&self) -> &'static [&'static str] {
        &["test:STORE", "test+remote:STORE"]
    }

    fn settings(&self) -> Box<dyn Settings> {
        Box::new(TestConfig::default())
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct TestConfig {
    pub(crate) store: String,
    pub(crate) remote: bool,
    pub(crate) pause: Duration,
    pub(crate) certificate: Option<String>,
}

impl Settings for TestConfig {
    fn driver(&self) -> &'static dyn Driver {
        &Test
    }

    fn layer(&mut self, table: &mut Table<'_>, variables: &Variables<'_>) {
        let variable = table.text("store_env", "TEST_STORE");
        let store = variable.and_then(|variable| variables(&variable.value));
        if let Some(store) = table.text("store", "one").map(|text| text.value).or(store) {
            self.store = store;
        }
        if let Some(remote) = table.boolean("remote") {
            self.remote = remote.value;
        }
        if let Some(pause) = table.duration("pause", Duration::ZERO..=Duration::from_secs(1)) {
            self.pause = pause.value;
        }
        table.table("tls", |table| {
            if let Some(certificate) = table.text("certificate", "service.pem") {
                self.certificate = Some(certificate.value);
            }
        });
    }

    fn set_url(&mut self, url: &str) -> Result<(), String> {
        let (scheme, store) = url.split_once(':').unwrap_or((url, ""));
        if store.is_empty() {
            return Err("has no store, expected `test:STORE`; add the name of a store".to_owned());
        }
        store.clone_into(&mut self.store);
        self.remote = scheme == "test+remote";
        Ok(())
    }

    fn check(&self, check: &mut Check<'_>) {
        if self.store.is_empty() {
            check.missing(&["store", "store_env"], "add it with the name of a store");
        } else if self.store.contains(' ') {
            let message = format!(
                "{} has a space, expected a name such as `one`; write one",
                check.name("store")
            );
            check.problem(
                ConfigErrorKind::InvalidValue,
                &["store", "store_env"],
                message,
            );
        }
        let limits = Duration::ZERO..=Duration::from_secs(1);
        check.duration("pause", self.pause, &limits);
        if self.certificate.is_some() && !self.remote {
            let message = format!(
                "{} is for remote stores; set {}, or remove the key",
                check.name("tls.certificate"),
                check.name("remote")
            );
            check.problem(
                ConfigErrorKind::Conflict,
                &["tls.certificate", "remote"],
                message,
            );
        }
    }

    fn open(&self, options: &OpenOptions) -> Result<SharedTransport, TransportError> {
        let new = MemoryTransport::new().with_duplicate_window(options.duplicate_window);
        let mut stores = STORES.lock().unwrap();
        let store = stores.entry(self.store.clone());
        Ok(Arc::clone(store.or_insert_with(|| Arc::new(new))))
    }

    fn is_remote(&self) -> bool {
        self.remote
    }

    fn check_exists(&self) -> Result<(), String> {
        if STORES.lock().unwrap().contains_key(&self.store) {
            return Ok(());
        }
        Err(format!("there is no store `{}`", self.store))
    }
}
