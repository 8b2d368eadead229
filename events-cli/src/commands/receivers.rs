//! `events receivers`.

use serde::Serialize;

use super::Facts;
use crate::args::ReceiversArgs;
use crate::facts::ReceiverFacts;
use crate::names::{self, Unknown};
use crate::text::{Page, Table, count};
use crate::world::{World, plugin_of};

/// The receivers that were asked for, in the order in which they run.
#[derive(Debug, Serialize)]
pub(crate) struct Receivers {
    receivers: Vec<ReceiverFacts>,
    /// How many there are without the filters.
    total: usize,
}

/// Gathers the receivers.
pub(crate) fn receivers(world: &World, args: &ReceiversArgs) -> Result<Receivers, Unknown> {
    let signals = match &args.signal {
        None => None,
        Some(name) => {
            let signals = names::signals(world, name);
            if signals.is_empty() {
                return Err(Unknown::signal(world, name));
            }
            Some(signals)
        }
    };
    let plugin = match &args.plugin {
        None => None,
        Some(name) => Some(plugin(world, name)?),
    };
    let wanted = world.receivers.iter().filter(|receiver| {
        let by_signal = signals.as_ref().is_none_or(|wanted| {
            let of = world.signals_of(receiver);
            wanted
                .iter()
                .any(|signal| of.iter().any(|other| other.info == signal.info))
        });
        by_signal && (plugin.is_none() || plugin_of(receiver) == plugin)
    });
    Ok(Receivers {
        receivers: wanted
            .map(|receiver| ReceiverFacts::new(world, receiver))
            .collect(),
        total: world.receivers.len(),
    })
}

/// The crate of this name: a plugin that states itself, or one that does not but has receivers.
fn plugin(world: &World, name: &str) -> Result<&'static str, Unknown> {
    let crate_name = name.replace('-', "_");
    let stated = world.plugins.iter().map(|plugin| plugin.name);
    let mut crates: Vec<_> = stated
        .chain(world.receivers.iter().filter_map(plugin_of))
        .collect();
    crates.sort_unstable();
    crates.dedup();
    let found = crates.iter().find(|plugin| **plugin == crate_name).copied();
    found.ok_or_else(|| Unknown::plugin(name, crates.into_iter()))
}

impl Facts for Receivers {
    fn lay_out(&self, page: &mut Page) {
        let mut table = Table::default()
            .right("PRIORITY")
            .left("RECEIVER")
            .left("KIND");
        for receiver in &self.receivers {
            table.row(
                [
                    receiver.priority.to_string(),
                    receiver.id.clone(),
                    receiver.traits(),
                ],
                details(receiver),
            );
        }
        if !self.receivers.is_empty() {
            table.print(page, 0);
            page.blank();
        }
        let shown = self.receivers.len();
        page.line(&if shown == self.total {
            format!(
                "{}, in the order in which they run",
                count(shown, "receiver")
            )
        } else {
            format!(
                "{shown} of {}, in the order in which they run",
                count(self.total, "receiver")
            )
        });
    }
}

/// What stands below the receiver's id.
fn details(receiver: &ReceiverFacts) -> Vec<String> {
    let mut details = vec![
        format!("on    {}", receiver.signal_names()),
        format!("from  {}", receiver.origin()),
    ];
    if !receiver.aliases.is_empty() {
        details.push(format!("also  {}", receiver.aliases.join(", ")));
    }
    details
}
