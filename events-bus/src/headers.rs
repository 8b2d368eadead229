//! Records as named texts: what a broker that knows only fields and bytes keeps.
//!
//! The seven headers `type, id, source, time, minorversion, sourcehost, sourcelib` are those of the reference's Redis
//! producer, in its order. What it does not know follows, and it passes over it:
//!
//! | header | what |
//! | --- | --- |
//! | `key` | the key of the event |
//! | `traceparent`, `tracestate` | W3C trace context |
//! | `receivers` | the ids of the receivers that it is for, separated by line breaks |
//! | `from_event_bus` | `1` where the event had come from an event bus before it was put here |
//! | `again`, `again_from` | why and from where it is handled once more |
//!
//! Reading is as lenient as the reference (`edx-event-bus-redis` 1.0.0): a header that is missing or empty stands for the
//! default, and only `type` has to be there. Of Python's `int`, underscores between digits, spaces and signs are read,
//! and the decimal digits of other scripts are not: they are an error, as everything else is that is no integer.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use events_core::{EventMetadata, SourceLib, Timestamp};

use crate::record::{Record, Requeued};
use crate::trace::TraceContext;

/// The name under which brokers keep the body, as the reference's Redis producer has it.
pub const BODY: &str = "event_data";

/// The headers of a record, in their order, without the body.
pub fn write<'a>(record: &'a Record, mut header: impl FnMut(&'static str, Cow<'a, str>)) {
    let metadata = &record.metadata;
    header("type", metadata.event_type().into());
    header("id", metadata.id().to_string().into());
    header("source", metadata.source().into());
    header("time", metadata.time().to_string().into());
    header("minorversion", metadata.minor_version().to_string().into());
    header("sourcehost", metadata.source_host().into());
    header("sourcelib", metadata.source_lib().to_string().into());
    if let Some(key) = &record.key {
        header("key", Cow::Borrowed(key));
    }
    if let Some(trace) = &record.trace {
        header("traceparent", trace.to_string().into());
        if let Some(state) = trace.state() {
            header("tracestate", state.to_owned().into());
        }
    }
    if !record.receivers.is_empty() {
        header("receivers", record.receivers.join("\n").into());
    }
    if record.from_event_bus {
        header("from_event_bus", Cow::Borrowed("1"));
    }
    if let Some(again) = &record.requeued {
        header("again", Cow::Borrowed(&again.reason));
        header("again_from", Cow::Borrowed(&again.from));
    }
}

/// Reason why headers do not make a record. It names the header, and never its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderError {
    header: &'static str,
    problem: &'static str,
}

impl fmt::Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "header `{}` {}", self.header, self.problem)
    }
}

impl std::error::Error for HeaderError {}

/// Gathers headers and becomes a record.
#[derive(Debug, Default)]
pub struct Headers<'a> {
    event_type: Option<&'a str>,
    id: Option<&'a str>,
    source: Option<&'a str>,
    time: Option<&'a str>,
    minor_version: Option<&'a str>,
    source_host: Option<&'a str>,
    source_lib: Option<&'a str>,
    key: Option<&'a str>,
    traceparent: Option<&'a str>,
    tracestate: Option<&'a str>,
    receivers: Option<&'a str>,
    from_event_bus: Option<&'a str>,
    again: Option<&'a str>,
    again_from: Option<&'a str>,
}

impl<'a> Headers<'a> {
    /// Notes a header; of one that comes twice, the last counts. Unknown ones are passed over, as are empty ones.
    ///
    /// # Errors
    /// When the value of a known header is not UTF-8.
    pub fn set(&mut self, name: &[u8], value: &'a [u8]) -> Result<(), HeaderError> {
        let (header, slot) = match name {
            b"type" => ("type", &mut self.event_type),
            b"id" => ("id", &mut self.id),
            b"source" => ("source", &mut self.source),
            b"time" => ("time", &mut self.time),
            b"minorversion" => ("minorversion", &mut self.minor_version),
            b"sourcehost" => ("sourcehost", &mut self.source_host),
            b"sourcelib" => ("sourcelib", &mut self.source_lib),
            b"key" => ("key", &mut self.key),
            b"traceparent" => ("traceparent", &mut self.traceparent),
            b"tracestate" => ("tracestate", &mut self.tracestate),
            b"receivers" => ("receivers", &mut self.receivers),
            b"from_event_bus" => ("from_event_bus", &mut self.from_event_bus),
            b"again" => ("again", &mut self.again),
            b"again_from" => ("again_from", &mut self.again_from),
            _ => return Ok(()),
        };
        let text = std::str::from_utf8(value).map_err(|_| HeaderError {
            header,
            problem: "is not UTF-8",
        })?;
        *slot = (!text.is_empty()).then_some(text);
        Ok(())
    }

    /// Metadata that events of one type and sender share.
    fn sender(&self) -> [Option<&'a str>; 4] {
        [
            self.event_type,
            self.source,
            self.source_host,
            self.source_lib,
        ]
    }

    /// The event type, where there is one: for what is said of a record that cannot be read.
    pub fn event_type(&self) -> Option<&'a str> {
        self.event_type
    }

    /// The record that the headers and the body make.
    ///
    /// # Errors
    /// When `type` is missing, and when one of the headers cannot be read.
    pub fn into_record(self, body: Arc<[u8]>) -> Result<Record, HeaderError> {
        self.into_record_after(body, &mut Senders::default())
    }

    /// The same, for one of many records that are read one after the other: those of one sender share what it says of itself.
    ///
    /// # Errors
    /// As [`into_record`](Self::into_record).
    pub fn into_record_after(
        self,
        body: Arc<[u8]>,
        senders: &mut Senders,
    ) -> Result<Record, HeaderError> {
        let metadata = self.metadata(senders)?;
        let receivers = match self.receivers {
            Some(receivers) => receivers
                .split('\n')
                .filter(|id| !id.is_empty())
                .map(Arc::from)
                .collect(),
            None => Vec::new(),
        };
        let again = self.again.map(|reason| {
            let from = self.again_from.unwrap_or_default();
            Arc::new(Requeued::new(reason, from))
        });
        Ok(Record {
            metadata,
            key: self.key.map(Arc::from),
            body,
            trace: self
                .traceparent
                .and_then(|parent| TraceContext::parse(parent, self.tracestate)),
            requeued: again,
            receivers,
            from_event_bus: self.from_event_bus.is_some(),
        })
    }

    fn metadata(&self, senders: &mut Senders) -> Result<EventMetadata, HeaderError> {
        let id = self
            .id
            .map(|id| EventMetadata::parse_id(id).ok_or_else(|| refuse("id", "is no UUID")));
        let time = self.time.map(|time| {
            time.parse::<Timestamp>()
                .map_err(|_| refuse("time", "is no time in UTC, in ISO 8601"))
        });
        let minor_version = self
            .minor_version
            .map(|version| integer(version).ok_or_else(|| refuse("minorversion", "is no integer")));
        let (id, time) = (id.transpose()?, time.transpose()?);
        let minor_version = minor_version.transpose()?.unwrap_or_default();
        let mut metadata = match &senders.last {
            // What is missing is made anew for each.
            Some(last) if last.is_of(self) && id.is_some() && time.is_some() => {
                last.metadata.clone()
            }
            _ => {
                let metadata = self.of_sender()?;
                senders.last = Some(Sender::new(self, &metadata));
                metadata
            }
        };
        if let Some(id) = id {
            metadata = metadata.with_id(id);
        }
        if let Some(time) = time {
            metadata = metadata.with_time(time);
        }
        Ok(metadata.with_minor_version(minor_version))
    }

    /// Metadata of an event that is sent now, from the sender that the headers name.
    fn of_sender(&self) -> Result<EventMetadata, HeaderError> {
        let event_type = self
            .event_type
            .ok_or_else(|| refuse("type", "is missing, and nothing can stand for it"))?;
        let mut metadata = EventMetadata::new(known_type(event_type));
        if let Some(source) = self.source {
            metadata = metadata.with_source(source.to_owned());
        }
        if let Some(host) = self.source_host {
            metadata = metadata.with_source_host(host.to_owned());
        }
        if let Some(version) = self.source_lib {
            let version: Option<SourceLib> = version.split('.').map(integer).collect();
            let version =
                version.ok_or_else(|| refuse("sourcelib", "is no version of integers and dots"))?;
            metadata = metadata.with_source_lib(version);
        }
        Ok(metadata)
    }
}

const fn refuse(header: &'static str, problem: &'static str) -> HeaderError {
    HeaderError { header, problem }
}

/// Senders of the records that were read, see [`Headers::into_record_after`].
#[derive(Debug, Default)]
pub struct Senders {
    /// The one before, which is nearly always the same.
    last: Option<Sender>,
}

#[derive(Debug)]
struct Sender {
    headers: [Option<Box<str>>; 4],
    metadata: EventMetadata,
}

impl Sender {
    fn new(headers: &Headers<'_>, metadata: &EventMetadata) -> Self {
        Self {
            headers: headers.sender().map(|header| header.map(Box::from)),
            metadata: metadata.clone(),
        }
    }

    fn is_of(&self, headers: &Headers<'_>) -> bool {
        let mut pairs = self.headers.iter().zip(headers.sender());
        pairs.all(|(known, given)| known.as_deref() == given)
    }
}

/// The event type, without a copy where an event of this binary has it.
fn known_type(event_type: &str) -> Cow<'static, str> {
    events_core::registry::find(event_type).map_or_else(
        || event_type.to_owned().into(),
        |signal| signal.event().event_type.into(),
    )
}

/// Reads ASCII as Python's `int` does, within 64 bits.
fn integer(text: &str) -> Option<i64> {
    // The usual spelling.
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let text = text.trim();
    let (sign, digits) = match text.strip_prefix(['+', '-']) {
        Some(digits) => (text.get(..1)?, digits),
        None => ("", text),
    };
    let well_formed = digits
        .split('_')
        .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    if !well_formed {
        return None;
    }
    format!("{sign}{}", digits.replace('_', "")).parse().ok()
}
