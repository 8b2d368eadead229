//! What the macros emit reaches everything through this module, whatever names the caller has in scope. Not part of the
//! public surface: it changes without notice, together with `events-macros`, which is pinned to this version.

pub use core::clone::Clone;
pub use core::cmp::PartialEq;
pub use core::fmt::{self, Debug};
pub use core::option::Option::{self, None, Some};
pub use core::prelude::v1::derive;
pub use core::result::Result::{self, Err, Ok};
pub use core::{column, concat, env, file, include_bytes, line, module_path, unreachable};
pub use std::borrow::Cow;
pub use std::string::ToString;

pub use serde;

// Under names that no caller has in scope: what stands at a place of the caller's own is linted there, and a path to
// `Clone` would be an "unnecessary qualification".
pub use crate::EventData as DataOf;
pub use crate::EventKey as KeyOf;
pub use crate::IntoOutcome as OutcomeOf;
pub use core::clone::Clone as CloneOf;
pub use core::convert::{AsRef as AsText, Into as IntoOf};
pub use core::default::Default as EmptyOf;
pub use core::primitive::u8;

#[cfg(feature = "tokio")]
pub use crate::__async_receiver as async_receiver;
#[cfg(not(feature = "tokio"))]
pub use crate::__async_receiver_without_tokio as async_receiver;
pub use crate::__register_signal as register_signal;
pub use crate::__submit as submit;
pub use crate::data::EventKey;
pub use crate::data::Redacted;
pub use crate::data::instead::{
    DurationOnTheWire, ListOnTheWire, MapOnTheWire, RecordOnTheWire, TextOnTheWire, TimeOnTheWire,
    ValueOnTheWire,
};
pub use crate::data::support::{
    FromText, IntoText, TextDefault, next_key, read_open_variant, read_variant, skip_field,
};
#[cfg(feature = "tokio")]
pub use crate::dispatch::spawn;
pub use crate::dispatch::{BoxError, Delivery, IntoOutcome, IntoReceiverError};
pub use crate::receiver::{ReceiverInfo, ReceiverSignals, SourceLocation};
#[cfg(linkme_signals)]
pub use crate::registry::entries::SIGNALS;
pub use crate::registry::entries::{
    Attach, Attacher, ExpectedPlugin, PluginInfo, Registration, SignalElement, inventory, linkme,
};
pub use crate::schema::{
    Contract, EnumSchema, FieldSchema, KeptSchema, RecordSchema, Schema, StringFormat, Waiver, zero,
};
pub use crate::signal::SignalInfo;
pub use crate::{AnyEvent, AnySignal, Event, EventData, EventInfo, EventMetadata, Signal};

/// The first segment of a module path.
pub const fn crate_name(module_path: &'static str) -> &'static str {
    let bytes = module_path.as_bytes();
    let mut end = 0;
    while end < bytes.len() && bytes[end] != b':' {
        end += 1;
    }
    // `:` is ASCII, so this is a character boundary.
    match module_path.split_at_checked(end) {
        Some((name, _)) => name,
        None => module_path,
    }
}

/// What a receiver's parameters can name: the fields of the event, through `Deref`, and the reserved names.
///
/// A parameter whose name is nearly a reserved one is looked for here instead of in the event, so that the compiler
/// lists the reserved names, and suggests the one that was meant.
#[derive(Debug)]
pub struct Parameters<'a, E> {
    /// The whole event.
    pub event: (),
    /// Its metadata.
    pub metadata: (),
    /// The signal it was sent through.
    pub signal: (),
    /// Whether it came from an event bus.
    pub from_event_bus: (),
    fields: &'a E,
}

impl<'a, E> Parameters<'a, E> {
    /// Called by `#[receiver]`.
    pub const fn new(fields: &'a E) -> Self {
        Self {
            event: (),
            metadata: (),
            signal: (),
            from_event_bus: (),
            fields,
        }
    }
}

impl<E> core::ops::Deref for Parameters<'_, E> {
    type Target = E;

    fn deref(&self) -> &E {
        self.fields
    }
}

/// A value that a receiver's parameter of type `T` can take: one of the same type.
#[diagnostic::on_unimplemented(
    message = "the parameter has the type `{T}`, and what it asks for has the type `{Self}`",
    label = "expected `{Self}`",
    note = "by value, what a parameter asks for is cloned; by reference, it is lent"
)]
pub trait ParameterOf<T> {
    /// The value.
    fn pass(self) -> T;
}

impl<T> ParameterOf<T> for T {
    #[inline]
    fn pass(self) -> T {
        self
    }
}
