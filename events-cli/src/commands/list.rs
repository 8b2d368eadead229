//! `events list`.

use serde::Serialize;

use super::Facts;
use crate::args::ListArgs;
use crate::facts::SignalFacts;
use crate::text::{Page, Table, count};
use crate::world::World;

/// The signals that were asked for.
#[derive(Debug, Serialize)]
pub(crate) struct List {
    signals: Vec<SignalFacts>,
    /// How many there are without the filters.
    total: usize,
}

/// Gathers the signals.
pub(crate) fn list(world: &World, args: &ListArgs) -> List {
    let text = args.text.as_deref().unwrap_or_default().to_lowercase();
    let is_wanted = |signal: &SignalFacts| {
        args.subdomain
            .as_deref()
            .is_none_or(|subdomain| signal.subdomain == subdomain)
            && (signal.name.to_lowercase().contains(&text)
                || signal.event_type.to_lowercase().contains(&text))
    };
    List {
        signals: world
            .signals
            .iter()
            .map(SignalFacts::new)
            .filter(is_wanted)
            .collect(),
        total: world.signals.len(),
    }
}

impl Facts for List {
    fn lay_out(&self, page: &mut Page) {
        let mut catalogs: Vec<_> = self.signals.iter().map(|signal| signal.catalog).collect();
        catalogs.sort_unstable();
        catalogs.dedup();
        for catalog in catalogs {
            let signals = self
                .signals
                .iter()
                .filter(|signal| signal.catalog == catalog);
            page.line(&format!("Catalog {catalog}"));
            page.blank();
            table(signals).print(page, 0);
            page.blank();
        }
        let shown = self.signals.len();
        page.line(&if shown == self.total {
            count(shown, "signal")
        } else {
            format!("{shown} of {}", count(self.total, "signal"))
        });
    }
}

fn table<'a>(signals: impl Iterator<Item = &'a SignalFacts>) -> Table {
    let mut table = Table::default()
        .left("SIGNAL")
        .left("EVENT TYPE")
        .right("MINOR")
        .right("RECEIVERS");
    for signal in signals {
        let cells = [
            signal.name.to_owned(),
            signal.event_type.to_owned(),
            signal.minor_version.to_string(),
            signal.receivers.to_string(),
        ];
        table.row(cells, notes(signal));
    }
    table
}

fn notes(signal: &SignalFacts) -> Vec<String> {
    let mut notes = Vec::new();
    if !signal.enabled {
        notes.push(String::from("disabled: sending has no effect"));
    }
    if signal.not_connected > 0 {
        let receivers = count(signal.not_connected, "manual receiver");
        notes.push(format!("{receivers} not connected"));
    }
    notes
}
