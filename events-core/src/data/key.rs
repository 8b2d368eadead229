//! The field by which events are partitioned.

use std::borrow::Cow;

use uuid::Uuid;

/// A value that can be an event's key: the text by which a bus keeps events of one thing in order.
///
/// `#[event(key = user.pii.username)]` names a field of such a type. A type with `#[event_data(string)]` is one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the key of an event",
    label = "this field's type is not a key",
    note = "a key is a `String`, an `i64`, a `Uuid` or a type with `#[event_data(string)]`; name such a field of the record, for instance `key = user.pii.username`",
    note = "what may be missing cannot be a key: events without one would have no order among themselves"
)]
pub trait EventKey {
    /// The key's text.
    fn event_key(&self) -> Cow<'_, str>;
}

impl EventKey for String {
    fn event_key(&self) -> Cow<'_, str> {
        Cow::Borrowed(self)
    }
}

impl EventKey for i64 {
    fn event_key(&self) -> Cow<'_, str> {
        Cow::Owned(self.to_string())
    }
}

impl EventKey for Uuid {
    fn event_key(&self) -> Cow<'_, str> {
        Cow::Owned(self.to_string())
    }
}
