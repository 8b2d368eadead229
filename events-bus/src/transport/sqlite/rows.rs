//! Records as rows.

use std::collections::HashMap;
use std::sync::Arc;

use events_core::{EventMetadata, SourceLib, SourceLibPart, Timestamp, Uuid, registry};
use rusqlite::types::ValueRef;
use rusqlite::{OptionalExtension, Row, Statement, Transaction, params};
use serde_json::{Map, Value, json};

use super::error::{Attempt, Fault};
use crate::record::{Record, Requeued};
use crate::trace::TraceContext;
use crate::transport::{Progress, ReceiverState};

/// The columns of a record, in the order in which they are written and read.
pub(super) const COLUMNS: &str = "at, event_id, event_type, time, minor, sender, key, extra, body";

/// Who sent: few rows, which many records name.
#[derive(Debug, Default)]
pub(super) struct Senders {
    ids: HashMap<(String, String, String), i64>,
    /// The one before, which is nearly always the same.
    last: Option<(String, String, SourceLib, i64)>,
}

impl Senders {
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    pub(super) fn id(
        &mut self,
        transaction: &Transaction<'_>,
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
        let id = match self.ids.get(&key) {
            Some(id) => *id,
            None => intern(transaction, &key)?,
        };
        self.last = Some((source.to_owned(), host.to_owned(), lib.clone(), id));
        self.ids.insert(key, id);
        Ok(id)
    }
}

fn intern(
    transaction: &Transaction<'_>,
    (source, host, lib): &(String, String, String),
) -> Attempt<i64> {
    transaction
        .prepare_cached("INSERT OR IGNORE INTO senders (source, host, lib) VALUES (?, ?, ?)")?
        .execute(params![source, host, lib])?;
    Ok(transaction
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

/// Binds a record, from this parameter on.
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

/// What few records have, as JSON.
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

/// Reads rows: what they name elsewhere is looked up once.
pub(super) struct RowReader<'a, 't> {
    transaction: &'a Transaction<'t>,
    senders: HashMap<i64, EventMetadata>,
}

impl<'a, 't> RowReader<'a, 't> {
    pub(super) fn new(transaction: &'a Transaction<'t>) -> Self {
        Self {
            transaction,
            senders: HashMap::new(),
        }
    }

    /// The record in a row, whose columns begin there; and when it was published.
    pub(super) fn record(&mut self, row: &Row<'_>, from: usize) -> Attempt<(Timestamp, Record)> {
        let text = |index: usize| -> Attempt<Option<&str>> {
            match row.get_ref(index)? {
                ValueRef::Null => Ok(None),
                value => value
                    .as_str()
                    .map(Some)
                    .map_err(|_| Fault::Damaged("a text is none")),
            }
        };
        let blob = |index: usize| -> Attempt<&[u8]> {
            row.get_ref(index)?
                .as_blob()
                .map_err(|_| Fault::Damaged("bytes are none"))
        };
        let time = |index: usize| -> Attempt<Timestamp> {
            Timestamp::from_micros(row.get(index)?).ok_or(Fault::Damaged("a time is none"))
        };
        let id = Uuid::from_slice(blob(from + 1)?)
            .map_err(|_| Fault::Damaged("the id of an event is none"))?;
        let event_type = text(from + 2)?.ok_or(Fault::Damaged("an event has no type"))?;
        let metadata = self
            .of_sender(row.get(from + 5)?, event_type)?
            .with_id(id)
            .with_time(time(from + 3)?)
            .with_minor_version(row.get(from + 4)?);
        let mut record = Record::new(metadata, blob(from + 8)?).with_key(text(from + 6)?);
        if let Some(extra) = text(from + 7)? {
            read_extra(&mut record, extra).ok_or(Fault::Damaged("what a record says besides"))?;
        }
        Ok((time(from)?, record))
    }

    /// Metadata of a sender and an event type, to be filled in. The last is shared by rows that follow each other.
    fn of_sender(&mut self, sender: i64, event_type: &str) -> Attempt<EventMetadata> {
        if let Some(metadata) = self.senders.get(&sender)
            && metadata.event_type() == event_type
        {
            return Ok(metadata.clone());
        }
        let found = self
            .transaction
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
        let lib = read_lib(&lib).ok_or(Fault::Damaged("the version of a sender is none"))?;
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

/// The progress of receivers, as JSON.
pub(super) fn write_progress(handled: &[Arc<str>], progress: &[Progress]) -> String {
    let handled = handled
        .iter()
        .map(|id| json!({ "receiver": &**id, "state": "handled" }));
    let others = progress.iter().map(|progress| {
        let receiver = &*progress.receiver;
        match &progress.state {
            ReceiverState::Handled => json!({ "receiver": receiver, "state": "handled" }),
            ReceiverState::Dead => json!({ "receiver": receiver, "state": "dead" }),
            ReceiverState::Failed {
                attempts,
                next_attempt,
                error,
            } => json!({
                "receiver": receiver,
                "state": "failed",
                "attempts": attempts,
                "next_attempt": next_attempt.as_micros(),
                "error": &**error,
            }),
        }
    });
    Value::Array(handled.chain(others).collect()).to_string()
}

pub(super) fn read_progress(text: &str) -> Option<Vec<Progress>> {
    let all: Vec<Value> = serde_json::from_str(text).ok()?;
    all.iter()
        .map(|one| {
            let receiver = one.get("receiver")?.as_str()?.into();
            let state = match one.get("state")?.as_str()? {
                "handled" => ReceiverState::Handled,
                "dead" => ReceiverState::Dead,
                _ => ReceiverState::Failed {
                    attempts: u32::try_from(one.get("attempts")?.as_u64()?).ok()?,
                    next_attempt: Timestamp::from_micros(one.get("next_attempt")?.as_i64()?)?,
                    error: one.get("error")?.as_str()?.into(),
                },
            };
            Some(Progress::new(receiver, state))
        })
        .collect()
}
