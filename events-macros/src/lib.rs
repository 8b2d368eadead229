//! The proc macros of `events-core`, where they are documented and from where they are used.
//!
//! Each macro has the same stages, one file each: `parse` turns tokens into an AST of our own and collects every mistake,
//! `check` (where rules span several parts) adds what contradicts, `expand` writes code and never meets bad input. After
//! a mistake the item is still emitted, with stand-ins for what was wrong, so that one mistake gives one message.

mod attr;
mod errors;
mod event;
mod event_data;
mod receiver;

use proc_macro::TokenStream;

#[expect(missing_docs, reason = "documented at the re-export in events-core")]
#[proc_macro_attribute]
pub fn event(args: TokenStream, item: TokenStream) -> TokenStream {
    event::event(args.into(), &item.into()).into()
}

#[expect(missing_docs, reason = "documented at the re-export in events-core")]
// `serde` is there to be refused with a reason.
#[proc_macro_derive(EventData, attributes(event_data, serde))]
pub fn event_data(item: TokenStream) -> TokenStream {
    event_data::event_data(item.into()).into()
}

#[expect(missing_docs, reason = "documented at the re-export in events-core")]
#[proc_macro_attribute]
pub fn receiver(args: TokenStream, item: TokenStream) -> TokenStream {
    receiver::receiver(args.into(), &item.into()).into()
}
