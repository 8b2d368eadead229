//! What the macros emit reaches everything through this module, whatever names the caller has in scope. Not part of the
//! public surface: it changes without notice, together with `events-macros`, which is pinned to this version.

pub use core::clone::Clone;
pub use core::cmp::PartialEq;
pub use core::fmt::{self, Debug};
pub use core::option::Option::{self, None, Some};
pub use core::prelude::v1::derive;
pub use core::result::Result::{self, Err, Ok};
pub use core::{column, concat, file, line, module_path, unreachable};
pub use std::borrow::Cow;
pub use std::string::ToString;

pub use serde;

#[cfg(feature = "tokio")]
pub use crate::__async_receiver as async_receiver;
#[cfg(not(feature = "tokio"))]
pub use crate::__async_receiver_without_tokio as async_receiver;
pub use crate::__register_signal as register_signal;
pub use crate::data::support::{display, next_key, read_string, read_variant, skip_field};
pub use crate::data::{EnumSchema, EventKey, FieldSchema, RecordSchema, Schema, StringFormat};
#[cfg(feature = "tokio")]
pub use crate::dispatch::spawn;
pub use crate::dispatch::{BoxError, Delivery, IntoOutcome};
pub use crate::receiver::{ReceiverInfo, ReceiverSignals, SourceLocation};
pub use crate::registry::entries::{
    Attach, Attacher, ExpectedPlugin, PluginInfo, Registration, SIGNALS, SignalElement, inventory,
    linkme,
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
