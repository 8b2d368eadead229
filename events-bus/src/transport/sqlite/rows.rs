//! Records as rows.

use std::collections::HashMap;
use std::sync::Arc;

use events_core::{EventMetadata, SourceLib, SourceLibPart, Timestamp, Uuid, registry};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row, Statement, params};
use serde_json::{Map, Value, json};

use super::error::{Attempt, Fault};
use crate::record::{Record, Requeued};
use crate::trace::TraceContext;
use crate::transport::{Entry, EntryId};

/// Columns of a record, in the order in which they are written and read.
pub(super) const COLUMNS: &str = "at, event_id, event_type, time, minor, sender, key, extra, body";

/// Numbers of rows that many records name: senders and topics.
#[derive(Debug, Default)]
pub(super) struct Interned {
    senders: HashMap<(String, String, String), i64>,
    /// The sender of the last record, which is nearly always the same.
    last: Option<(String, String, SourceLib, i64)>,
    topics: HashMap<String, i64>,
}

impl Interned {
    /// Returns the number of a topic that is known to exist.
    pub(super) fn topic(&self, name: &str) -> Option<i64> {
        self.topics.get(name).copied()
    }

    pub(super) fn add_topic(&mut self, name: &str, id: i64) {
        self.topics.insert(name.to_owned(), id);
    }

    /// Returns the number of the sender of a record, whose row it creates if it does not exist.
    pub(super) fn sender(
        &mut self,
        connection: &Connection,
        metadata: &EventMetadata,
    ) -> Attempt<i64> {
        let (source, host, lib) = (
            metadata.source(),
            metadata.source_host(),
            metadata.source_lib(),
        );
        if let Some((last_source, last_host, last_lib, id)) = &self.last
            && last_source == source
            && last_host == host
            && last_lib == lib
        {
            return Ok(*id);
        }
        let key = (source.to_owned(), host.to_owned(), write_lib(lib));
        let id = match self.senders.get(&key) {
            Some(id) => *id,
            None => intern(connection, &key)?,
        };
        self.last = Some((source.to_owned(), host.to_owned(), lib.clone(), id));
        self.senders.insert(key, id);
        Ok(id)
    }
}

fn intern(connection: &Connection, (source, host, lib): &(String, String, String)) -> Attempt<i64> {
    connection
        .prepare_cached("INSERT OR IGNORE INTO senders (source, host, lib) VALUES (?, ?, ?)")?
        .execute(params![source, host, lib])?;
    Ok(connection
        .prepare_cached("SELECT id FROM senders WHERE source = ? AND host = ? AND lib = ?")?
        .query_row(params![source, host, lib], |row| row.get(0))?)
}

fn write_lib(lib: &SourceLib) -> String {
    let parts: Vec<Value> = lib
        .parts()
        .iter()
        .map(|part| match part {
            SourceLibPart::Number(number) => json!(number),
            SourceLibPart::Text(text) => json!(text),
            _ => Value::Null,
        })
        .collect();
    Value::Array(parts).to_string()
}

fn read_lib(text: &str) -> Option<SourceLib> {
    let parts: Vec<Value> = serde_json::from_str(text).ok()?;
    parts
        .into_iter()
        .map(|part| match part {
            Value::Number(number) => number.as_i64().map(SourceLibPart::Number),
            Value::String(text) => Some(SourceLibPart::Text(text.into())),
            _ => None,
        })
        .collect()
}

/// Binds a record from a parameter on.
pub(super) fn bind(
    statement: &mut Statement<'_>,
    from: usize,
    at: Timestamp,
    record: &Record,
    sender: i64,
) -> Attempt<()> {
    let metadata = &record.metadata;
    statement.raw_bind_parameter(from, at.as_micros())?;
    statement.raw_bind_parameter(from + 1, &metadata.id().as_bytes()[..])?;
    statement.raw_bind_parameter(from + 2, metadata.event_type())?;
    statement.raw_bind_parameter(from + 3, metadata.time().as_micros())?;
    statement.raw_bind_parameter(from + 4, metadata.minor_version())?;
    statement.raw_bind_parameter(from + 5, sender)?;
    statement.raw_bind_parameter(from + 6, record.key.as_deref())?;
    statement.raw_bind_parameter(from + 7, extra(record))?;
    statement.raw_bind_parameter(from + 8, &*record.body)?;
    Ok(())
}

/// Returns the fields that few records have, as JSON.
fn extra(record: &Record) -> Option<String> {
    let is_plain = record.trace.is_none() && record.requeued.is_none() && !record.from_event_bus;
    if is_plain && record.receivers.is_empty() {
        return None;
    }
    let mut extra = Map::new();
    if let Some(trace) = &record.trace {
        extra.insert("traceparent".to_owned(), json!(trace.to_string()));
        if let Some(state) = trace.state() {
            extra.insert("tracestate".to_owned(), json!(state));
        }
    }
    if record.from_event_bus {
        extra.insert("from_event_bus".to_owned(), json!(true));
    }
    if let Some(again) = &record.requeued {
        extra.insert("again".to_owned(), json!([again.reason, again.from]));
    }
    if !record.receivers.is_empty() {
        let receivers: Vec<&str> = record.receivers.iter().map(|id| &**id).collect();
        extra.insert("receivers".to_owned(), json!(receivers));
    }
    Some(Value::Object(extra).to_string())
}

/// Reader of rows, which looks up each sender once.
pub(super) struct RowReader<'a> {
    connection: &'a Connection,
    senders: HashMap<i64, EventMetadata>,
}

impl<'a> RowReader<'a> {
    pub(super) fn new(connection: &'a Connection) -> Self {
        Self {
            connection,
            senders: HashMap::new(),
        }
    }

    /// Reads an entry from a row whose columns of a record begin at an index.
    pub(super) fn entry(&mut self, id: EntryId, row: &Row<'_>, from: usize) -> Attempt<Entry> {
        let (at, record) = self.record(row, from)?;
        Ok(Entry::new(id, at, Ok(record)))
    }

    /// Reads the time of publication and the record from a row whose columns begin at an index.
    pub(super) fn record(&mut self, row: &Row<'_>, from: usize) -> Attempt<(Timestamp, Record)> {
        let text = |index: usize| -> Attempt<Option<&str>> {
            match row.get_ref(index)? {
                ValueRef::Null => Ok(None),
                value => value
                    .as_str()
                    .map(Some)
                    .map_err(|_| Fault::Damaged("a text is not text")),
            }
        };
        let blob = |index: usize| -> Attempt<&[u8]> {
            row.get_ref(index)?
                .as_blob()
                .map_err(|_| Fault::Damaged("bytes are not bytes"))
        };
        let time = |index: usize| -> Attempt<Timestamp> {
            Timestamp::from_micros(row.get(index)?).ok_or(Fault::Damaged("a time is out of range"))
        };
        let id = Uuid::from_slice(blob(from + 1)?)
            .map_err(|_| Fault::Damaged("the id of an event cannot be read"))?;
        let event_type = text(from + 2)?.ok_or(Fault::Damaged("an event has no type"))?;
        let metadata = self
            .of_sender(row.get(from + 5)?, event_type)?
            .with_id(id)
            .with_time(time(from + 3)?)
            .with_minor_version(row.get(from + 4)?);
        let mut record = Record::new(metadata, blob(from + 8)?).with_key(text(from + 6)?);
        if let Some(extra) = text(from + 7)? {
            read_extra(&mut record, extra).ok_or(Fault::Damaged(
                "the further fields of a record cannot be read",
            ))?;
        }
        Ok((time(from)?, record))
    }

    /// Returns metadata with a sender and an event type. Rows that follow each other share it.
    fn of_sender(&mut self, sender: i64, event_type: &str) -> Attempt<EventMetadata> {
        if let Some(metadata) = self.senders.get(&sender)
            && metadata.event_type() == event_type
        {
            return Ok(metadata.clone());
        }
        let found = self
            .connection
            .prepare_cached("SELECT source, host, lib FROM senders WHERE id = ?")?
            .query_row([sender], |row| {
                Ok((
                    row.get::<_, String>(0)?,
                    row.get::<_, String>(1)?,
                    row.get::<_, String>(2)?,
                ))
            })
            .optional()?;
        let (source, host, lib) = found.ok_or(Fault::Damaged("a sender is missing"))?;
        let lib = read_lib(&lib).ok_or(Fault::Damaged("the version of a sender cannot be read"))?;
        let known = registry::find(event_type).map(|signal| signal.event().event_type);
        let metadata = match known {
            Some(event_type) => EventMetadata::new(event_type),
            None => EventMetadata::new(event_type.to_owned()),
        };
        let metadata = metadata
            .with_source(source)
            .with_source_host(host)
            .with_source_lib(lib);
        self.senders.insert(sender, metadata.clone());
        Ok(metadata)
    }
}

fn read_extra(record: &mut Record, text: &str) -> Option<()> {
    let extra: Map<String, Value> = serde_json::from_str(text).ok()?;
    let of = |name: &str| extra.get(name).and_then(Value::as_str);
    record.trace =
        of("traceparent").and_then(|parent| TraceContext::parse(parent, of("tracestate")));
    record.from_event_bus = extra.contains_key("from_event_bus");
    if let Some(again) = extra.get("again") {
        let reason = again.get(0)?.as_str()?;
        let from = again.get(1)?.as_str()?;
        record.requeued = Some(Arc::new(Requeued::new(reason, from)));
    }
    if let Some(receivers) = extra.get("receivers") {
        record.receivers = receivers
            .as_array()?
            .iter()
            .map(|id| id.as_str().map(Arc::from))
            .collect::<Option<_>>()?;
    }
    Some(())
}
