//! What travels with an event besides its data: who sent it, when, and as which event.
//!
//! This is the reference's `EventsMetadata` under Rust's roof: the same seven values, the same JSON, the same
//! leniency in reading. Its one loss is repaired: `minorversion` survives (the reference's `from_json` drops it).

mod defaults;
mod id;
mod read;
mod source_lib;
mod write;

use std::borrow::Cow;

use uuid::Uuid;

use crate::clock;
use crate::time::Timestamp;

pub use self::defaults::{ServiceNameError, set_service_name};
pub use self::source_lib::{SourceLib, SourceLibPart};

/// The metadata of one sent event.
///
/// A sender rarely makes one: sending does, from the event's signal and this process's defaults. Make one by hand to
/// send an event again as it was first sent, or to test a receiver:
///
/// ```
/// use events_core::{EventMetadata, Timestamp};
///
/// let metadata = EventMetadata::new("org.openedx.learning.student.registration.completed.v1")
///     .with_source("openedx/lms/web")
///     .with_time(Timestamp::UNIX_EPOCH);
/// assert_eq!(metadata.source(), "openedx/lms/web");
/// assert_eq!(metadata.minor_version(), 0);
/// ```
///
/// With serde it is the JSON object of the reference's `EventsMetadata.to_json`: `event_type`, `id`, `minorversion`,
/// `source`, `sourcehost`, `time`, `sourcelib`, in this order. Reading accepts what `from_json` accepts:
///
/// - all of them are required but `minorversion`, and unknown ones are ignored; of a key given twice the last counts;
/// - `id` in any of Python's spellings (without hyphens, with hyphens anywhere, in braces, as a `urn:uuid:`);
/// - `source` and `sourcehost` may be `null`, which stands for this process's own;
/// - `time` as [`Timestamp`] reads it, `sourcelib` as [`SourceLib`] does.
///
/// It differs on purpose in three points. `minorversion` is kept; where it is no integer (or none that an `i64`
/// holds) it is 0, as the reference ignores the field altogether and the event must not be lost for it. A `sourcelib`
/// with anything but integers and strings in it is refused. And `id` has to be written in ASCII hexadecimal digits,
/// where Python's `int` would take underscores, signs and other scripts' digits as well.
///
/// The format has to be self-describing, as JSON is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EventMetadata {
    id: Uuid,
    event_type: Cow<'static, str>,
    minor_version: i64,
    source: Cow<'static, str>,
    source_host: Cow<'static, str>,
    time: Timestamp,
    source_lib: SourceLib,
}

impl EventMetadata {
    /// Metadata of an event that this process sends now: a fresh id, the current time, minor version 0, and as source
    /// this service, this host and this library.
    ///
    /// It uses the service's name, which is fixed from then on; see [`set_service_name`].
    pub fn new(event_type: impl Into<Cow<'static, str>>) -> Self {
        Self::fresh(event_type.into(), 0, clock::now())
    }

    /// Metadata of an event that is being sent: what [`new`](Self::new) makes, from a clock that was already read.
    ///
    /// This is on the path of every send. It does not allocate: all defaults are borrowed from the process.
    pub(crate) fn for_send(event_type: &'static str, minor_version: i64, time: Timestamp) -> Self {
        Self::fresh(Cow::Borrowed(event_type), minor_version, time)
    }

    fn fresh(event_type: Cow<'static, str>, minor_version: i64, time: Timestamp) -> Self {
        Self {
            id: id::new_id(time),
            event_type,
            minor_version,
            source: Cow::Borrowed(defaults::source()),
            source_host: Cow::Borrowed(defaults::source_host()),
            time,
            source_lib: SourceLib::default(),
        }
    }

    /// The event's id, by which duplicates are recognised. It is unique; nothing may be concluded from its bits, as
    /// the reference makes UUIDs of version 1 and this library of version 7.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// The event type, such as `org.openedx.learning.student.registration.completed.v1`.
    pub fn event_type(&self) -> &str {
        &self.event_type
    }

    /// The minor version of the event's schema, `minorversion` on the wire. The reference always sends 0.
    pub fn minor_version(&self) -> i64 {
        self.minor_version
    }

    /// The service that sent the event, such as `openedx/lms/web`.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The host that sent the event, `sourcehost` on the wire.
    pub fn source_host(&self) -> &str {
        &self.source_host
    }

    /// When the event was sent, by the sender's clock.
    pub fn time(&self) -> Timestamp {
        self.time
    }

    /// The version of the events library that the sender used, `sourcelib` on the wire.
    pub fn source_lib(&self) -> &SourceLib {
        &self.source_lib
    }

    /// With this id.
    #[must_use]
    pub fn with_id(mut self, id: Uuid) -> Self {
        self.id = id;
        self
    }

    /// With this minor version.
    #[must_use]
    pub fn with_minor_version(mut self, minor_version: i64) -> Self {
        self.minor_version = minor_version;
        self
    }

    /// With this source, such as `openedx/lms/web`.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Cow<'static, str>>) -> Self {
        self.source = source.into();
        self
    }

    /// With this source host.
    #[must_use]
    pub fn with_source_host(mut self, source_host: impl Into<Cow<'static, str>>) -> Self {
        self.source_host = source_host.into();
        self
    }

    /// With this time. The id stays as it is.
    #[must_use]
    pub fn with_time(mut self, time: Timestamp) -> Self {
        self.time = time;
        self
    }

    /// With this version of the sending library.
    #[must_use]
    pub fn with_source_lib(mut self, source_lib: impl Into<SourceLib>) -> Self {
        self.source_lib = source_lib.into();
        self
    }
}
