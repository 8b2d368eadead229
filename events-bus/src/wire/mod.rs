//! What events look like outside of the process: Avro binary, without a container and without a schema.
//!
//! Source of the format: the Avro specification 1.12, *Data Serialization*, *Binary Encoding*. Bodies are byte for byte
//! what the Python reference (`openedx-events`, which writes with `fastavro`) writes for the same event.
//!
//! | Rust | bytes |
//! | --- | --- |
//! | `bool` | one byte, 0 or 1 |
//! | `i64` | zigzag, then seven bits a byte, the lowest first: -1 is `01`, 64 is `80 01` |
//! | `f64` | eight bytes, the lowest first |
//! | `String`, enums, keys, date-times, UUIDs | the length in bytes as a number, then UTF-8 |
//! | `Bytes` | the length as a number, then the bytes |
//! | `Option<T>` | `00` for none; `02`, then the value |
//! | `Vec<T>` | the count as a number, the items, `00`; `00` alone where it is empty |
//! | `BTreeMap<String, T>` | the same with a key before each value, in ascending order of the keys' bytes |
//! | struct | its fields in their order, and nothing else |
//!
//! # Which layout a body has
//!
//! A body does not say how it is laid out, and the values of another layout can look like values of this one. So
//! [`decode`] takes none on trust:
//!
//! 1. A body must be read to its last byte. A layout that leaves bytes over is not its layout.
//! 2. Known are the layout of the struct and those of the event's schema files: the newest minor version first, each
//!    before its former layouts. Layouts that are the same on the wire count once.
//! 3. Where the metadata name a minor version above 0 that is known, its layouts are tried, and if one of them fits, no
//!    others are.
//! 4. Otherwise all layouts are tried. So it is with minor version 0, too: it is also what stands there when a minor
//!    version was lost on the way. (The reference drops it where metadata pass through JSON.)
//! 5. One layout fits: the body is read by it, and resolved to the struct by Avro's rules: fields go by name, what is
//!    unknown is passed over, what is missing becomes the default.
//! 6. Several fit: the body is read by each. If all give the same event, that is the event. If not, the body is refused
//!    as [ambiguous](DecodeErrorKind::Ambiguous).
//! 7. None fits: the body is refused, with the place at which each layout failed.
//!
//! What remains: a service that is newer than this one may have renamed fields or changed their order, and nothing
//! else, so that its bodies are as long as ours. Such a change raises the minor version and needs the consent of
//! `#[event]`; readers are upgraded before writers.
//!
//! An event with one known layout, which is nearly every event, takes none of these steps: it is read at once.
//!
//! # Bytes from outside
//!
//! Nothing that a body holds makes reading it panic. Lengths and counts are bounded by the bytes that are left before
//! anything is allocated for them, numbers by ten bytes and 64 bits, nesting by 128 levels, and items without bytes
//! (records without fields) by 1024. Lists and maps in several blocks, with or without their sizes, are read as the
//! specification asks for. Where a map has one key twice, the last value counts, as for `fastavro`.
//!
//! Errors name the path and the byte, what was expected, and never a value: what a type says of a text that it refuses
//! is dropped, since it may repeat the text.

mod defaults;
mod encode;
mod encode_error;
mod error;
mod fault;
mod from_json;
mod input;
mod layouts;
mod path;
mod positional;
mod put;
mod resolved;
mod target;
mod to_json;
mod walk;

use events_core::codec::{WriteError, Writer};
use events_core::delivery::OwnedEvent;
use events_core::{AnyEvent, AnySignal, Event, EventData};
use serde::Serialize;

use self::encode::Body;
use self::target::{Target, Typed};

pub use encode_error::EncodeError;
pub use error::{Attempt, DecodeError, DecodeErrorKind, Failure};
pub use fault::Fault;
pub use from_json::{JsonError, JsonProblem, from_json};
pub use layouts::{Layout, Layouts};
pub use to_json::to_json;

/// Writes an event, or what an event carries.
///
/// Takes `&E` of an event, `&T` of any [`EventData`] and `&AnyEvent`.
///
/// # Errors
/// Only for types that are no [`EventData`], see [`EncodeError`].
///
/// ```
/// use events_bus::wire;
/// use events_core::event;
///
/// #[event(type = "org.example.shop.order.shipped.v1")]
/// struct OrderShipped {
///     order_id: i64,
///     carrier: String,
/// }
///
/// let body = wire::encode(&OrderShipped { order_id: 17, carrier: "dhl".into() })?;
/// assert_eq!(body, [34, 6, b'd', b'h', b'l']);
/// # Ok::<(), events_bus::wire::EncodeError>(())
/// ```
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, EncodeError> {
    let mut out = Vec::new();
    encode_into(&mut out, value)?;
    Ok(out)
}

/// Writes to the end of a `Vec`, as [`encode`] does. After an error, the `Vec` is as it was before.
///
/// # Errors
/// Those of [`encode`].
#[inline]
pub fn encode_into<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) -> Result<(), EncodeError> {
    written(out, |body| value.serialize(Writer::new(body)))
}

#[inline]
fn written(
    out: &mut Vec<u8>,
    write: impl FnOnce(&mut Body<'_>) -> Result<(), WriteError>,
) -> Result<(), EncodeError> {
    let start = out.len();
    match write(&mut Body::new(out)) {
        Ok(()) => Ok(()),
        Err(error) => {
            out.truncate(start);
            Err(error.into())
        }
    }
}

/// Writes an event whose type is known at run time only: as [`encode_into`] does, with the same bytes.
///
/// # Errors
/// Those of [`encode`].
pub fn encode_any_into(out: &mut Vec<u8>, event: AnyEvent<'_>) -> Result<(), EncodeError> {
    written(out, |body| event.write(body))
}

/// Reads an event. `minor_version` is that of the [metadata](events_core::EventMetadata::minor_version) that came with
/// the body; 0 where there is none. How the body's layout is found is [described above](self#which-layout-a-body-has).
///
/// # Errors
/// When the body has no known layout, when it has several and is another event by each, and when a type refuses a value.
///
/// ```
/// use events_bus::wire;
/// use events_core::event;
///
/// #[event(type = "org.example.shop.order.returned.v1")]
/// #[derive(Eq)]
/// struct OrderReturned {
///     order_id: i64,
///     note: String,
/// }
///
/// let event: OrderReturned = wire::decode(&[34, 4, b'o', b'k'], 0)?;
/// assert_eq!(event, OrderReturned { order_id: 17, note: "ok".into() });
///
/// let error = wire::decode::<OrderReturned>(&[34, 40, b'o', b'k'], 0).expect_err("too short");
/// assert_eq!(
///     error.to_string(),
///     "cannot read org.example.shop.order.returned.v1 by the struct (minor version 0): `note` at byte 1 of 4: \
///      expected string, and the length goes beyond the end of the body"
/// );
/// # Ok::<(), events_bus::wire::DecodeError>(())
/// ```
#[inline]
pub fn decode<E: Event>(body: &[u8], minor_version: i64) -> Result<E, DecodeError> {
    layouts::decode(body, minor_version)
}

/// Reads what an event carries, by the layout of its type and no other.
///
/// # Errors
/// When the body has another layout, and when a type refuses a value.
#[inline]
pub fn decode_data<T: EventData>(body: &[u8]) -> Result<T, DecodeError> {
    let target = Typed::<T>::new();
    target
        .read_current(body)
        .map_err(|fault| DecodeError::of_value(target.explain(body, fault)))
}

/// Reads an event whose type is known at run time only: as [`decode`] does, with the same answers.
///
/// ```
/// use events_bus::wire;
/// use events_core::{event, registry};
///
/// #[event(type = "org.example.shop.order.resent.v1")]
/// struct OrderResent {
///     order_id: i64,
/// }
///
/// let signal = registry::find("org.example.shop.order.resent.v1").expect("it is declared above");
/// let event = wire::decode_any(signal, &[34], 0)?;
/// assert_eq!(event.downcast::<OrderResent>().map(|event| event.order_id).ok(), Some(17));
/// # Ok::<(), events_bus::wire::DecodeError>(())
/// ```
///
/// # Errors
/// Those of [`decode`].
pub fn decode_any(
    signal: &'static dyn AnySignal,
    body: &[u8],
    minor_version: i64,
) -> Result<OwnedEvent, DecodeError> {
    layouts::decode_any(signal, body, minor_version)
}
