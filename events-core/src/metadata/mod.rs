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
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use uuid::Uuid;

use crate::clock;
use crate::time::Timestamp;

#[cfg(feature = "testing")]
pub(crate) use self::defaults::unfixed_source;
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
#[derive(Clone)]
pub struct EventMetadata {
    id: Uuid,
    time: Timestamp,
    minor_version: i64,
    sender: Sender,
}

/// What is the same for every event of one type and sender. The time and the id are all that a send makes anew.
#[derive(Clone)]
enum Sender {
    /// An event of this type, sent by this process: the rest is the process's own, and looked up when it is read.
    Here(&'static str),
    Elsewhere(Arc<Parts>),
}

#[derive(Clone)]
struct Parts {
    event_type: Cow<'static, str>,
    source: Cow<'static, str>,
    source_host: Cow<'static, str>,
    source_lib: SourceLib,
}

impl EventMetadata {
    /// Metadata of an event that this process sends now: a fresh id, the current time, minor version 0, and as source
    /// this service, this host and this library.
    ///
    /// The service's name is fixed as soon as it is read; see [`set_service_name`].
    ///
    /// Within a scope of the feature `testing` the time, the id and the source are those of the scope.
    pub fn new(event_type: impl Into<Cow<'static, str>>) -> Self {
        #[cfg(feature = "testing")]
        if let Some(scope) = crate::testing::current() {
            return scope.metadata(event_type.into(), 0);
        }
        let time = clock::now();
        let sender = match event_type.into() {
            Cow::Borrowed(event_type) => Sender::Here(event_type),
            Cow::Owned(event_type) => {
                Sender::Elsewhere(Arc::new(Parts::here(Cow::Owned(event_type))))
            }
        };
        Self {
            id: id::new_id(time),
            time,
            minor_version: 0,
            sender,
        }
    }

    /// Metadata of an event that is being sent: what [`new`](Self::new) makes, from a clock that was already read.
    ///
    /// This is on the path of every send whose receivers read it, and does not allocate.
    #[inline]
    pub(crate) fn for_send(event_type: &'static str, minor_version: i64, time: Timestamp) -> Self {
        Self {
            id: id::new_id(time),
            time,
            minor_version,
            sender: Sender::Here(event_type),
        }
    }

    /// Metadata of an event in a testing scope, which does not touch what the process says about itself.
    #[cfg(feature = "testing")]
    pub(crate) fn in_scope(
        event_type: Cow<'static, str>,
        minor_version: i64,
        time: Timestamp,
        source: String,
    ) -> Self {
        let parts = Parts {
            event_type,
            source: Cow::Owned(source),
            source_host: Cow::Borrowed(defaults::source_host()),
            source_lib: SourceLib::default(),
        };
        Self {
            id: id::new_id(time),
            time,
            minor_version,
            sender: Sender::Elsewhere(Arc::new(parts)),
        }
    }

    /// The event's id, by which duplicates are recognised. It is unique; nothing may be concluded from its bits, as
    /// the reference makes UUIDs of version 1 and this library of version 7.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// The event type, such as `org.openedx.learning.student.registration.completed.v1`.
    pub fn event_type(&self) -> &str {
        match &self.sender {
            Sender::Here(event_type) => event_type,
            Sender::Elsewhere(parts) => &parts.event_type,
        }
    }

    /// The minor version of the event's schema, `minorversion` on the wire. The reference always sends 0.
    pub fn minor_version(&self) -> i64 {
        self.minor_version
    }

    /// The service that sent the event, such as `openedx/lms/web`.
    pub fn source(&self) -> &str {
        match &self.sender {
            Sender::Here(_) => defaults::source(),
            Sender::Elsewhere(parts) => &parts.source,
        }
    }

    /// The host that sent the event, `sourcehost` on the wire.
    pub fn source_host(&self) -> &str {
        match &self.sender {
            Sender::Here(_) => defaults::source_host(),
            Sender::Elsewhere(parts) => &parts.source_host,
        }
    }

    /// When the event was sent, by the sender's clock.
    pub fn time(&self) -> Timestamp {
        self.time
    }

    /// The version of the events library that the sender used, `sourcelib` on the wire.
    pub fn source_lib(&self) -> &SourceLib {
        match &self.sender {
            Sender::Here(_) => &source_lib::OWN,
            Sender::Elsewhere(parts) => &parts.source_lib,
        }
    }

    /// Reads an id in any spelling that the reference reads: with hyphens or without, in braces, as a `urn:uuid:`. `None` for
    /// everything else.
    pub fn parse_id(text: &str) -> Option<Uuid> {
        id::parse_id(text)
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
        self.parts().source = source.into();
        self
    }

    /// With this source host.
    #[must_use]
    pub fn with_source_host(mut self, source_host: impl Into<Cow<'static, str>>) -> Self {
        self.parts().source_host = source_host.into();
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
        self.parts().source_lib = source_lib.into();
        self
    }

    /// What is to be changed, for this metadata alone.
    fn parts(&mut self) -> &mut Parts {
        if let Sender::Here(event_type) = self.sender {
            self.sender = Sender::Elsewhere(Arc::new(Parts::here(Cow::Borrowed(event_type))));
        }
        match &mut self.sender {
            Sender::Elsewhere(parts) => Arc::make_mut(parts),
            Sender::Here(_) => unreachable!("the sender was written out above"),
        }
    }

    /// All that there is to compare, hash and show.
    fn values(&self) -> (&str, Uuid, i64, &str, &str, Timestamp, &SourceLib) {
        (
            self.event_type(),
            self.id,
            self.minor_version,
            self.source(),
            self.source_host(),
            self.time,
            self.source_lib(),
        )
    }
}

impl Parts {
    fn here(event_type: Cow<'static, str>) -> Self {
        Self {
            event_type,
            source: Cow::Borrowed(defaults::source()),
            source_host: Cow::Borrowed(defaults::source_host()),
            source_lib: SourceLib::default(),
        }
    }
}

impl PartialEq for EventMetadata {
    fn eq(&self, other: &Self) -> bool {
        self.values() == other.values()
    }
}

impl Eq for EventMetadata {}

impl Hash for EventMetadata {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.values().hash(state);
    }
}

#[expect(
    clippy::missing_fields_in_debug,
    reason = "all values are there, wherever they are kept"
)]
impl fmt::Debug for EventMetadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventMetadata")
            .field("event_type", &self.event_type())
            .field("id", &self.id)
            .field("minor_version", &self.minor_version)
            .field("source", &self.source())
            .field("source_host", &self.source_host())
            .field("time", &self.time)
            .field("source_lib", self.source_lib())
            .finish()
    }
}
