//! What the macros leave in the binary, and how the linker collects it. The only file that knows the mechanisms.
//!
//! Receivers and plugins go through `inventory`, which runs a constructor per entry before `main` and works wherever
//! it runs at all, Miri included. Signals go through `linkme`: a contiguous slice that exists without any code having
//! run. Where `linkme` does not work (Miri, and targets it does not list) the signals go through `inventory`, too.

use core::fmt;
use std::sync::Arc;

pub use {::inventory, ::linkme};

use crate::event::Event;
use crate::receiver::{ReceiverInfo, SourceLocation};
use crate::signal::{AnyFunction, AnySignal, Entry, ErasedCall, Function, InfoRef, Signal};

/// A receiver that the linker found.
#[derive(Debug)]
pub struct Registration {
    info: ReceiverInfo,
    how: Attach,
}

/// How a receiver is attached to its signals.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "written by the macros only")]
pub enum Attach {
    /// By a function that knows the types of the events.
    Typed(fn(&mut Attacher)),
    /// To every signal there is.
    Any(AnyFunction),
}

impl Registration {
    /// Called by `#[receiver]`.
    pub const fn new(info: ReceiverInfo, how: Attach) -> Self {
        Self { info, how }
    }

    pub(super) fn info(&self) -> &ReceiverInfo {
        &self.info
    }

    pub(super) fn how(&self) -> &Attach {
        &self.how
    }
}

/// Attaches one receiver to its signals: what [`Attach::Typed`] works with.
pub struct Attacher {
    info: &'static ReceiverInfo,
}

impl Attacher {
    pub(super) fn new(info: &'static ReceiverInfo) -> Self {
        Self { info }
    }

    /// Attaches the receiver to a signal. The compiler learns the type of the event from the signal.
    #[expect(
        clippy::needless_pass_by_ref_mut,
        reason = "to attach is to change, whoever holds the state"
    )]
    pub fn attach<E: Event>(&mut self, signal: &'static Signal<E>, function: Function<E>) {
        signal.core().attach(Entry {
            call: ErasedCall::Function(Arc::new(function)),
            info: InfoRef::Linked(self.info),
        });
    }
}

impl fmt::Debug for Attacher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Attacher({})", self.info.id)
    }
}

/// A plugin crate, as it states itself with [`plugin!`](crate::plugin).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PluginInfo {
    /// The name of the crate, as Rust code writes it.
    pub name: &'static str,
    /// The version of its package.
    pub version: &'static str,
    /// Where it states itself.
    pub location: SourceLocation,
}

impl PluginInfo {
    /// Called by `plugin!`.
    #[doc(hidden)]
    pub const fn new(name: &'static str, version: &'static str, location: SourceLocation) -> Self {
        Self {
            name,
            version,
            location,
        }
    }
}

/// A plugin crate that a binary expects, with [`plugins!`](crate::plugins).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExpectedPlugin {
    /// The name of the crate, as Rust code writes it.
    pub name: &'static str,
    /// Where the expectation stands.
    pub location: SourceLocation,
}

impl ExpectedPlugin {
    /// Called by `plugins!`.
    #[doc(hidden)]
    pub const fn new(name: &'static str, location: SourceLocation) -> Self {
        Self { name, location }
    }
}

/// A signal, where signals go through `inventory`.
#[derive(Debug)]
pub struct SignalElement(&'static dyn AnySignal);

impl SignalElement {
    /// Called by `#[event]`.
    pub const fn new(signal: &'static dyn AnySignal) -> Self {
        Self(signal)
    }
}

::inventory::collect!(Registration);
::inventory::collect!(PluginInfo);
::inventory::collect!(ExpectedPlugin);
::inventory::collect!(SignalElement);

/// Leaves an entry in the binary.
#[doc(hidden)]
#[macro_export]
macro_rules! __submit {
    ($entry:expr) => {
        $crate::__private::inventory::submit! { $entry }
    };
}

/// The signals, where they go through `linkme`.
#[cfg(linkme_signals)]
#[::linkme::distributed_slice]
pub static SIGNALS: [&'static dyn AnySignal];

/// Leaves a signal in the binary. Which way it goes is decided here, not in the crate that declares the event.
#[cfg(linkme_signals)]
#[doc(hidden)]
#[macro_export]
macro_rules! __register_signal {
    ($signal:ident) => {
        #[$crate::__private::linkme::distributed_slice($crate::__private::SIGNALS)]
        #[linkme(crate = $crate::__private::linkme)]
        static ELEMENT: &'static dyn $crate::AnySignal = &$signal;
    };
}

/// Leaves a signal in the binary. Which way it goes is decided here, not in the crate that declares the event.
#[cfg(not(linkme_signals))]
#[doc(hidden)]
#[macro_export]
macro_rules! __register_signal {
    ($signal:ident) => {
        $crate::__private::inventory::submit! { $crate::__private::SignalElement::new(&$signal) }
    };
}

pub(super) fn registrations() -> impl Iterator<Item = &'static Registration> {
    ::inventory::iter::<Registration>.into_iter()
}

pub(super) fn plugins() -> impl Iterator<Item = &'static PluginInfo> {
    ::inventory::iter::<PluginInfo>.into_iter()
}

pub(super) fn expected_plugins() -> impl Iterator<Item = &'static ExpectedPlugin> {
    ::inventory::iter::<ExpectedPlugin>.into_iter()
}

pub(super) fn signals() -> impl Iterator<Item = &'static dyn AnySignal> {
    let collected = ::inventory::iter::<SignalElement>
        .into_iter()
        .map(|element| element.0);
    linked_signals().iter().copied().chain(collected)
}

#[cfg(linkme_signals)]
fn linked_signals() -> &'static [&'static dyn AnySignal] {
    &SIGNALS
}

#[cfg(not(linkme_signals))]
fn linked_signals() -> &'static [&'static dyn AnySignal] {
    &[]
}
