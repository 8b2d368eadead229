//! The registry: what the linker collected.
//!
//! `#[event]`, `#[receiver]` and [`plugin!`](crate::plugin) leave entries in the binary; nobody wires them by hand. On
//! the first use of any signal the receivers are walked once, sorted by priority and id, and attached to their signals.
//! What a send costs after that does not depend on how many there are elsewhere.
//!
//! The linker drops a crate that nothing names, with all of its entries. [`verify`] finds out, and says what to do.

pub(crate) mod entries;
mod verify;

use std::sync::OnceLock;

use entries::{Attach, Attacher, Registration};
pub use entries::{ExpectedPlugin, PluginInfo};
pub use verify::{Problem, Problems, verify, verify_plugins};

use crate::receiver::ReceiverInfo;
use crate::signal::{AnyCall, AnySignal, Entry, ErasedCall, InfoRef};

/// Attaches the link-time receivers to their signals, once.
pub(crate) fn attach() {
    static ATTACHED: OnceLock<()> = OnceLock::new();
    ATTACHED.get_or_init(|| {
        for registration in sorted() {
            registration.attach();
        }
    });
}

/// All receivers that the linker found, in the declared order. Sorted once: the linker's order means nothing.
fn sorted() -> &'static [&'static Registration] {
    static SORTED: OnceLock<Vec<&'static Registration>> = OnceLock::new();
    SORTED.get_or_init(|| {
        let mut registrations: Vec<_> = entries::registrations().collect();
        // Two of one id are a problem that `verify` reports, and no reason to leave their order to the linker.
        registrations.sort_unstable_by(|a, b| {
            let (a, b) = (a.info(), b.info());
            a.order(b)
                .then_with(|| (a.module, a.location).cmp(&(b.module, b.location)))
        });
        registrations
    })
}

/// The signals of this binary, sorted by event type.
pub fn signals() -> &'static [&'static dyn AnySignal] {
    static SORTED: OnceLock<Vec<&'static dyn AnySignal>> = OnceLock::new();
    SORTED.get_or_init(|| {
        let mut signals: Vec<_> = entries::signals().collect();
        signals.sort_by_key(|signal| (signal.event().event_type, signal.info().location));
        signals
    })
}

/// The signal of an event type: `org.openedx.learning.student.registration.completed.v1`.
pub fn find(event_type: &str) -> Option<&'static dyn AnySignal> {
    let signals = signals();
    let index = signals
        .binary_search_by(|signal| signal.event().event_type.cmp(event_type))
        .ok()?;
    signals.get(index).copied()
}

/// The signals that a path means: an event type, the Rust path of the static, its bare name, or its dotted path in
/// the Python package, `openedx_events.learning.signals.STUDENT_REGISTRATION_COMPLETED`.
///
/// A Rust path may leave out modules, as the path of a re-export does: `events_catalog::learning::NAME` means the
/// static in `events_catalog::learning::signals`, unless there is one of exactly that path.
///
/// More than one when a bare name is used by several catalogs.
pub fn resolve(path: &str) -> Vec<&'static dyn AnySignal> {
    if let Some(signal) = find(path) {
        return vec![signal];
    }
    // `openedx_events.<subdomain>.signals.<NAME>`: the Python package has one module per subdomain, and the subdomain
    // is part of every event type (`org.openedx.<subdomain>.…`).
    if let Some((subdomain, name)) = path
        .strip_prefix("openedx_events.")
        .and_then(|rest| rest.split_once(".signals."))
    {
        let same = |signal: &&&'static dyn AnySignal| {
            let event = signal.event();
            signal.info().name == name
                && event.subdomain() == subdomain
                && event.event_type.starts_with("org.openedx.")
        };
        return signals().iter().filter(same).copied().collect();
    }
    let Some((module, name)) = path.rsplit_once("::") else {
        return named(path, |_| true);
    };
    let exact = named(name, |declared| declared == module);
    if exact.is_empty() {
        named(name, |declared| leaves_out_modules(module, declared))
    } else {
        exact
    }
}

/// The signals of a name whose module is accepted.
fn named(name: &str, accept: impl Fn(&str) -> bool) -> Vec<&'static dyn AnySignal> {
    let same = |signal: &&&'static dyn AnySignal| {
        let info = signal.info();
        info.name == name && accept(info.module)
    };
    signals().iter().filter(same).copied().collect()
}

/// Whether a path of modules is another one, of the same crate, with modules left out.
fn leaves_out_modules(short: &str, long: &str) -> bool {
    let mut long = long.split("::");
    let mut short = short.split("::");
    short.next() == long.next() && short.all(|module| long.any(|other| other == module))
}

/// The receivers that the linker found, manual ones included, in the order in which they would run.
pub fn receivers() -> impl Iterator<Item = &'static ReceiverInfo> {
    sorted().iter().map(|registration| registration.info())
}

/// The crates that stated themselves with [`plugin!`](crate::plugin), by name.
pub fn plugins() -> Vec<&'static PluginInfo> {
    let mut plugins: Vec<_> = entries::plugins().collect();
    plugins.sort_by_key(|plugin| plugin.name);
    plugins
}

/// The crates that the binary expects with [`plugins!`](crate::plugins), in the order of the source.
pub fn expected_plugins() -> Vec<&'static ExpectedPlugin> {
    let mut expected: Vec<_> = entries::expected_plugins().collect();
    expected.sort_by_key(|plugin| (plugin.location, plugin.name));
    expected
}

impl Registration {
    fn attach(&'static self) {
        match self.how() {
            Attach::Typed(attach) => attach(&mut Attacher::new(self.info())),
            Attach::Any(function) => {
                for signal in entries::signals() {
                    signal.__core().attach(Entry {
                        call: ErasedCall::Any(AnyCall::Function(*function)),
                        info: InfoRef::Linked(self.info()),
                    });
                }
            }
        }
    }
}
