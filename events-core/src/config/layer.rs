//! One source of configuration, as far as it can be understood.

use std::collections::BTreeSet;

use super::error::ConfigError;
use super::origin::{Located, Origin, Source};
use super::tree::Entry;

/// One source of configuration, as far as it can be understood.
#[derive(Debug, Clone)]
pub(super) struct Layer {
    pub(super) source: Source,
    pub(super) service: Option<Located<String>>,
    pub(super) services: Vec<Located<String>>,
    pub(super) tables: Vec<ServiceTable>,
    /// Tables that other crates read, each under its key.
    pub(super) sections: Vec<Entry>,
    pub(super) errors: Vec<ConfigError>,
    /// The keys that something was a misspelling of.
    pub(super) misspelt: BTreeSet<String>,
    /// Nothing may be concluded from a service that is not named: it may be named in what is wrong.
    pub(super) incomplete: bool,
    /// Nothing at all may be concluded from what is not there.
    pub(super) unread: bool,
}

impl Layer {
    pub(super) fn new(source: Source) -> Self {
        Self {
            source,
            service: None,
            services: Vec::new(),
            tables: Vec::new(),
            sections: Vec::new(),
            errors: Vec::new(),
            misspelt: BTreeSet::new(),
            incomplete: false,
            unread: false,
        }
    }

    /// A layer of which nothing could be read.
    pub(super) fn unreadable(source: Source, errors: Vec<ConfigError>) -> Self {
        Self {
            incomplete: true,
            unread: true,
            errors,
            ..Self::new(source)
        }
    }

    pub(super) fn section(&self, key: &str) -> Option<&Entry> {
        self.sections.iter().find(|entry| entry.key == key)
    }
}

/// What one plugin configures for one service.
#[derive(Debug, Clone)]
pub(super) struct ServiceTable {
    /// As written.
    pub(super) plugin: Located<String>,
    /// As written: `lms` or `lms.djangoapp`.
    pub(super) service: Located<String>,
    pub(super) relative_path: Option<Located<String>>,
    pub(super) receivers: Vec<ReceiverEntry>,
}

/// One receiver to connect. What is missing was reported.
#[derive(Debug, Clone)]
pub(super) struct ReceiverEntry {
    pub(super) origin: Origin,
    pub(super) function: Option<Located<String>>,
    pub(super) signal: Option<Located<String>>,
    pub(super) dispatch_uid: Option<Located<String>>,
}

impl ServiceTable {
    /// The name of the service, without the `djangoapp`.
    pub(super) fn service_name(&self) -> &str {
        let key = self.service.value.as_str();
        key.strip_suffix(".djangoapp").unwrap_or(key)
    }

    /// The name of the crate, as Rust code writes it.
    pub(super) fn crate_name(&self) -> String {
        self.plugin.value.replace('-', "_")
    }
}
