//! Appending records. Callers that come at the same time share one commit.

use std::sync::{Arc, Mutex, PoisonError, TryLockError};

use events_core::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};

use super::error::{Attempt, Fault, failed};
use super::rows::{self, Senders};
use super::{SqliteTransport, Writer, schema, transact};
use crate::record::Record;
use crate::transport::{EntryId, Sequence, TransportError};

type Ids = Vec<Option<EntryId>>;

/// What waits to be committed by whoever holds the writer.
#[derive(Debug, Default)]
pub(super) struct PublishQueue(Mutex<Vec<Arc<Request>>>);

#[derive(Debug)]
struct Request {
    topic: String,
    records: Vec<Record>,
    sequence: Option<(String, Vec<u64>)>,
    answer: Mutex<Option<Result<Ids, TransportError>>>,
}

impl Request {
    fn sequence(&self) -> Option<Sequence<'_>> {
        let (outbox, numbers) = self.sequence.as_ref()?;
        Some(Sequence { outbox, numbers })
    }

    fn answer(&self, answer: Result<Ids, TransportError>) {
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
    }

    fn take_answer(&self) -> Option<Result<Ids, TransportError>> {
        let mut answer = self.answer.lock().unwrap_or_else(PoisonError::into_inner);
        answer.take()
    }
}

impl SqliteTransport {
    /// Publishes, together with what other threads publish at this moment: whoever gets the writer commits what all of them have put
    /// into the queue.
    pub(super) fn publish_together(
        &self,
        topic: &str,
        records: &[Record],
        sequence: Option<Sequence<'_>>,
    ) -> Result<Ids, TransportError> {
        // Nobody else is there: nothing needs to be copied.
        match self.writer.try_lock() {
            Ok(mut writer) => return self.publish_alone(&mut writer, topic, records, sequence),
            Err(TryLockError::Poisoned(poisoned)) => {
                return self.publish_alone(&mut poisoned.into_inner(), topic, records, sequence);
            }
            Err(TryLockError::WouldBlock) => {}
        }
        let request = Arc::new(Request {
            topic: topic.to_owned(),
            records: records.to_vec(),
            sequence: sequence
                .map(|sequence| (sequence.outbox.to_owned(), sequence.numbers.to_vec())),
            answer: Mutex::new(None),
        });
        self.lock_queue().push(Arc::clone(&request));
        let mut writer = self.writer();
        if let Some(answer) = request.take_answer() {
            return answer;
        }
        let requests = std::mem::take(&mut *self.lock_queue());
        self.commit(&mut writer, &requests);
        drop(writer);
        // It was in the queue, and the queue was committed.
        request
            .take_answer()
            .unwrap_or_else(|| Ok(vec![None; records.len()]))
    }

    fn lock_queue(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Request>>> {
        self.queue.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn publish_alone(
        &self,
        writer: &mut Writer,
        topic: &str,
        records: &[Record],
        sequence: Option<Sequence<'_>>,
    ) -> Result<Ids, TransportError> {
        transact(writer, self.options.sync, |transaction, senders| {
            publish(transaction, senders, topic, records, sequence)
        })
        .map_err(|fault| failed(&self.path, "publish", fault))
    }

    /// Commits all requests together; if that fails, each by itself, so that each has an answer of its own.
    fn commit(&self, writer: &mut Writer, requests: &[Arc<Request>]) {
        let together = transact(writer, self.options.sync, |transaction, senders| {
            requests
                .iter()
                .map(|request| {
                    publish(
                        transaction,
                        senders,
                        &request.topic,
                        &request.records,
                        request.sequence(),
                    )
                })
                .collect::<Attempt<Vec<_>>>()
        });
        match together {
            Ok(answers) => {
                for (request, ids) in requests.iter().zip(answers) {
                    request.answer(Ok(ids));
                }
                return;
            }
            // Each would wait for as long as all of them have.
            Err(fault) if fault.is_busy() => {
                let error = failed(&self.path, "publish", fault);
                for request in requests {
                    request.answer(Err(error.for_another()));
                }
                return;
            }
            Err(_) => {}
        }
        for request in requests {
            let answer =
                self.publish_alone(writer, &request.topic, &request.records, request.sequence());
            request.answer(answer);
        }
    }
}

/// The number of a topic, which begins to be.
pub(super) fn topic_id(transaction: &Transaction<'_>, topic: &str) -> Attempt<i64> {
    if let Some(id) = find_topic(transaction, topic)? {
        return Ok(id);
    }
    transaction
        .prepare_cached("INSERT INTO topics (name) VALUES (?)")?
        .execute([topic])?;
    let id = transaction.last_insert_rowid();
    transaction.execute_batch(&schema::entries(id))?;
    Ok(id)
}

pub(super) fn find_topic(transaction: &Transaction<'_>, topic: &str) -> Attempt<Option<i64>> {
    Ok(transaction
        .prepare_cached("SELECT id FROM topics WHERE name = ?")?
        .query_row([topic], |row| row.get(0))
        .optional()?)
}

/// The largest number that an entry of the topic has, or has had before it was removed.
pub(super) fn newest(transaction: &Transaction<'_>, topic: i64) -> Attempt<i64> {
    Ok(transaction
        .prepare_cached(&format!(
            "SELECT max(trimmed, ifnull((SELECT max(id) FROM entries_{topic}), 0)) FROM topics WHERE id = ?"
        ))?
        .query_row([topic], |row| row.get(0))?)
}

fn publish(
    transaction: &Transaction<'_>,
    senders: &mut Senders,
    topic: &str,
    records: &[Record],
    sequence: Option<Sequence<'_>>,
) -> Attempt<Ids> {
    let topic = topic_id(transaction, topic)?;
    let published = match sequence {
        Some(sequence) => published(transaction, topic, sequence)?,
        None => 0,
    };
    let is_there = |index: usize| {
        sequence
            .and_then(|sequence| sequence.numbers.get(index).copied())
            .is_some_and(|number| number <= published)
    };
    let mut last = newest(transaction, topic)?;
    let mut ids = Vec::with_capacity(records.len());
    let columns = rows::COLUMNS;
    let mut insert = transaction.prepare_cached(&format!(
        "INSERT INTO entries_{topic} (id, {columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    ))?;
    let at = Timestamp::now();
    for (index, record) in records.iter().enumerate() {
        if is_there(index) {
            ids.push(None);
            continue;
        }
        last += 1;
        let sender = senders.id(transaction, &record.metadata)?;
        insert.raw_bind_parameter(1, last)?;
        rows::bind(&mut insert, 2, at, record, sender)?;
        insert.raw_execute()?;
        ids.push(Some(entry_id(last)));
    }
    if let Some(sequence) = sequence
        && let Some(newest) = sequence.numbers.last()
    {
        let newest = i64::try_from(published.max(*newest)).unwrap_or(i64::MAX);
        transaction
            .prepare_cached(
                "INSERT INTO outboxes (topic, name, last, at) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (topic, name) DO UPDATE SET last = ?3, at = ?4",
            )?
            .execute(params![topic, sequence.outbox, newest, at.as_micros()])?;
    }
    Ok(ids)
}

/// The largest number that was published for an outbox.
fn published(transaction: &Transaction<'_>, topic: i64, sequence: Sequence<'_>) -> Attempt<u64> {
    let last: Option<i64> = transaction
        .prepare_cached("SELECT last FROM outboxes WHERE topic = ? AND name = ?")?
        .query_row(params![topic, sequence.outbox], |row| row.get(0))
        .optional()?;
    Ok(last
        .and_then(|last| u64::try_from(last).ok())
        .unwrap_or_default())
}

/// Gives records to one group once more.
pub(super) fn requeue(
    transaction: &Transaction<'_>,
    senders: &mut Senders,
    topic: &str,
    group: &str,
    records: &[Record],
) -> Attempt<()> {
    let group = super::groups::find(transaction, topic, group)?.id;
    let columns = rows::COLUMNS;
    let mut insert = transaction.prepare_cached(&format!(
        "INSERT INTO again (grp, {columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    ))?;
    let at = Timestamp::now();
    for record in records {
        let sender = senders.id(transaction, &record.metadata)?;
        insert.raw_bind_parameter(1, group)?;
        rows::bind(&mut insert, 2, at, record, sender)?;
        insert.raw_execute()?;
    }
    Ok(())
}

/// The id of a row.
pub(super) fn entry_id(number: i64) -> EntryId {
    EntryId::new(u64::try_from(number).unwrap_or_default(), 0)
}

/// The row of an id; one that there cannot be, where it is none of ours.
pub(super) fn row_number(id: EntryId) -> i64 {
    if id.minor() == 0 {
        i64::try_from(id.major()).unwrap_or(i64::MAX)
    } else {
        -1
    }
}

/// What asks for something that is not there.
pub(super) fn no_group(topic: &str, group: &str) -> Fault {
    Fault::Refused(format!(
        "topic `{topic}` has no group `{group}`; join it first"
    ))
}
