//! The retry queue of a group: deliveries to one receiver each.
//!
//! Three hashes have the field `<entry>`, a line break, `<receiver>`: the state as JSON, the record as its packed fields, and the claim
//! on it, `<deliveries> <trials> <touched, in milliseconds> <consumer>`. A delivery that was not claimed since it was parked has none.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use redis::cmd;
use serde_json::{Value as Json, json};

use events_core::Timestamp;

use super::commands::{Commands, Lua, next};
use super::connection::Conn;
use super::failure::Failure;
use super::handled::Window;
use super::lead::millis;
use super::{answer, fence, fields, keys};
use crate::transport::{Entry, EntryId, Member, RetryId, RetryState};

/// Number of fields that the server lists in one step.
const PAGE: usize = 1000;

/// The script that claims deliveries of retry queues.
pub(super) struct Retries(Lua);

impl Retries {
    pub(super) fn new() -> Self {
        Self(Lua::new(include_str!("scripts/claim_retries.lua")))
    }

    pub(super) fn claim(
        &self,
        conn: &mut Conn,
        window: &Window,
        member: Member<'_>,
        retries: &[RetryId],
        idle: Duration,
        trial: bool,
    ) -> Result<Vec<Entry>, Failure> {
        let Member { topic, group, .. } = member;
        let mut call = self.0.call(4);
        call.arg(keys::epoch(topic, group))
            .arg(keys::retry(topic, group))
            .arg(keys::retry_records(topic, group))
            .arg(keys::retry_claims(topic, group))
            .arg(keys::epoch_argument(member))
            .arg(member.consumer)
            .arg(millis(idle))
            .arg(u8::from(trial));
        for (entry, receiver) in retries {
            call.arg(field(*entry, receiver));
        }
        let mut answers = answer::list(self.0.run(conn, &call)?)?.into_iter();
        window.note_time(next(&mut answers)?)?;
        let mut entries = Vec::new();
        for claimed in answer::list(next(&mut answers)?)? {
            let mut parts = answer::list(claimed)?.into_iter();
            let number = answer::number(next(&mut parts)?)?;
            let deliveries = answer::number(next(&mut parts)?)?;
            let trials = u32::try_from(answer::number(next(&mut parts)?)?).unwrap_or(u32::MAX);
            let state = answer::bytes(next(&mut parts)?)?.unwrap_or_default();
            let record = answer::bytes(next(&mut parts)?)?.unwrap_or_default();
            let index = usize::try_from(number).ok().and_then(|n| n.checked_sub(1));
            let (id, receiver) = index
                .and_then(|index| retries.get(index))
                .ok_or(Failure::Answer("a delivery that was asked for"))?;
            let Some(state) = read_state(receiver, &state) else {
                warn_unreadable(member, *id, receiver);
                continue;
            };
            let entry = Entry::new(
                *id,
                fields::published_at(*id),
                fields::unpack_record(&record),
            );
            entries.push(entry.delivered(deliveries).tried(trials).retried(state));
        }
        window.look_up(conn, member, &mut entries)?;
        Ok(entries)
    }
}

/// Lists a retry queue, in the order of the entries.
pub(super) fn list(
    conn: &mut Conn,
    member: Member<'_>,
) -> Result<Vec<(EntryId, RetryState)>, Failure> {
    let key = keys::retry(member.topic, member.group);
    // The server may list a field twice.
    let mut states = BTreeMap::new();
    let mut cursor = "0".to_owned();
    loop {
        let mut scan = cmd("HSCAN");
        scan.arg(&*key).arg(&*cursor).arg("COUNT").arg(PAGE);
        let mut answers = Commands::new(0).add(&scan).ask(conn)?;
        let mut parts = answer::list(next(&mut answers)?)?.into_iter();
        let last = std::mem::replace(&mut cursor, answer::text(next(&mut parts)?)?);
        if cursor == last && cursor != "0" {
            return Err(Failure::Answer("the next page"));
        }
        let mut pairs = answer::list(next(&mut parts)?)?.into_iter();
        while let (Some(name), Some(state)) = (pairs.next(), pairs.next()) {
            let name = answer::text(name)?;
            let state = answer::bytes(state)?.unwrap_or_default();
            let read = read_field(&name)
                .and_then(|(id, receiver)| Some((id, read_state(&receiver, &state)?)));
            if let Some((id, state)) = read {
                states.insert((id, Arc::clone(&state.receiver)), state);
            } else {
                tracing::warn!(
                    target: "events_bus::redis", topic = member.topic, group = member.group,
                    "the retry queue has a delivery that cannot be read; remove its field from the hash `{key}`"
                );
            }
        }
        if cursor == "0" {
            break;
        }
    }
    // The epoch may have ended while the queue was listed.
    fence::check(conn, member)?;
    Ok(states
        .into_iter()
        .map(|((id, _), state)| (id, state))
        .collect())
}

fn warn_unreadable(member: Member<'_>, id: EntryId, receiver: &str) {
    tracing::warn!(
        target: "events_bus::redis", topic = member.topic, group = member.group, entry = %id, receiver,
        "the delivery of the retry queue cannot be read; remove its field from the hashes of the retry queue"
    );
}

/// Returns the field of a delivery.
pub(super) fn field(entry: EntryId, receiver: &str) -> String {
    format!("{entry}\n{receiver}")
}

fn read_field(field: &str) -> Option<RetryId> {
    let (entry, receiver) = field.split_once('\n')?;
    Some((entry.parse().ok()?, Arc::from(receiver)))
}

/// Writes the state of a delivery. Its receiver is in the field.
pub(super) fn write_state(state: &RetryState) -> String {
    json!({
        "key": state.key.as_deref(),
        "attempts": state.attempts,
        "error": &*state.error,
        "due_us": state.due.as_micros(),
        "delay_s": state.delay.as_secs(),
        "delay_ns": state.delay.subsec_nanos(),
    })
    .to_string()
}

fn read_state(receiver: &Arc<str>, text: &[u8]) -> Option<RetryState> {
    let state: Json = serde_json::from_slice(text).ok()?;
    Some(RetryState {
        receiver: Arc::clone(receiver),
        key: match &state["key"] {
            Json::Null => None,
            key => Some(Arc::from(key.as_str()?)),
        },
        attempts: u32::try_from(state["attempts"].as_u64()?).ok()?,
        error: state["error"].as_str()?.into(),
        due: Timestamp::from_micros(state["due_us"].as_i64()?)?,
        delay: Duration::from_secs(state["delay_s"].as_u64()?)
            .checked_add(Duration::from_nanos(state["delay_ns"].as_u64()?))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_that_is_written_is_read() {
        for (key, delay) in [
            (None, Duration::ZERO),
            (Some("k\n\u{1F980}"), Duration::MAX),
        ] {
            let state = RetryState {
                receiver: Arc::from("shop.mail"),
                key: key.map(Arc::from),
                attempts: u32::MAX,
                error: "it \"rains\"\n\u{0}".into(),
                due: Timestamp::MAX,
                delay,
            };
            let text = write_state(&state);
            let read = read_state(&state.receiver, text.as_bytes());
            assert_eq!(read, Some(state));
        }
        let id = EntryId::new(7, 1).in_redelivery();
        let known = (id, Arc::from("a receiver\nof two lines"));
        assert_eq!(read_field(&field(id, &known.1)), Some(known));
        for garbage in ["", "1-0", "x\ny", "{}", "[]", r#"{"attempts":-1}"#] {
            assert_eq!(read_field(garbage), None);
            assert_eq!(read_state(&Arc::from("r"), garbage.as_bytes()), None);
        }
    }
}
