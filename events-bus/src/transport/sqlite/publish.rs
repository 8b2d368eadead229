//! Appending records. Threads that publish at the same time share one commit.

use events_core::{Timestamp, Uuid};
use rusqlite::{Connection, OptionalExtension};

use super::error::{Attempt, Fault, failed};
use super::group_commit::GroupCommit;
use super::rows::{self, Interned};
use super::writer::Writer;
use super::{Live, SqliteTransport, publications, schema};
use crate::record::Record;
use crate::transport::{Batch, EntryId, Epoch, Receipt, TransportError, TransportErrorKind};

const PUBLISH: &str = "publish";

/// Requests to publish that wait for the writer.
pub(super) type PublishQueue = GroupCommit<Request, Result<Receipt, TransportError>>;

/// A copy of a call, for the thread that commits it.
#[derive(Debug)]
pub(super) struct Request {
    topic: String,
    records: Vec<Record>,
    batch: Option<OwnedBatch>,
}

#[derive(Debug)]
struct OwnedBatch {
    incarnation: Uuid,
    epoch: Epoch,
    acknowledged: u64,
    numbers: Vec<u64>,
}

impl Request {
    fn new(topic: &str, records: &[Record], batch: Option<Batch<'_>>) -> Self {
        Self {
            topic: topic.to_owned(),
            records: records.to_vec(),
            batch: batch.map(|batch| OwnedBatch {
                incarnation: batch.incarnation,
                epoch: batch.epoch,
                acknowledged: batch.acknowledged,
                numbers: batch.numbers.to_vec(),
            }),
        }
    }

    fn batch(&self) -> Option<Batch<'_>> {
        self.batch.as_ref().map(|batch| Batch {
            incarnation: batch.incarnation,
            epoch: batch.epoch,
            acknowledged: batch.acknowledged,
            numbers: &batch.numbers,
        })
    }
}

impl SqliteTransport {
    /// Publishes, together with the threads that wait at this moment: the thread that gets the writer commits the requests of all.
    pub(super) fn publish_together(
        &self,
        topic: &str,
        records: &[Record],
        batch: Option<Batch<'_>>,
    ) -> Result<Receipt, TransportError> {
        let live = self.live(PUBLISH)?;
        // Nobody else writes, so nothing needs to be copied.
        if let Some(mut writer) = live.writer.try_lock() {
            return self.publish_alone(live, &mut writer, topic, records, batch);
        }
        let request = Request::new(topic, records, batch);
        live.queue
            .submit(request, &live.writer, |writer, requests| {
                self.commit(live, writer, requests)
            })
            .unwrap_or_else(|| Err(self.unanswered()))
    }

    /// Returns the error of a request without an answer: the thread that committed it panicked.
    pub(super) fn unanswered(&self) -> TransportError {
        TransportError::new(
            TransportErrorKind::Unavailable,
            "sqlite",
            format!(
                "cannot tell whether the records were published in `{}`: the thread that committed them panicked; publish them \
                 again, which may publish them twice",
                self.path.display()
            ),
        )
        .outcome_unknown()
    }

    fn publish_alone(
        &self,
        live: &Live,
        writer: &mut Writer,
        topic: &str,
        records: &[Record],
        batch: Option<Batch<'_>>,
    ) -> Result<Receipt, TransportError> {
        writer
            .transact(&live.file, self.options.sync, |transaction, interned| {
                publish(transaction, interned, topic, records, batch)
            })
            .map_err(|fault| failed(&self.path, PUBLISH, fault))
    }

    /// Commits all requests together. If that fails, commits each by itself, so that each has an answer of its own.
    fn commit(
        &self,
        live: &Live,
        writer: &mut Writer,
        requests: &[&Request],
    ) -> Vec<Result<Receipt, TransportError>> {
        let together = writer.transact(&live.file, self.options.sync, |transaction, interned| {
            requests
                .iter()
                .map(|request| {
                    publish(
                        transaction,
                        interned,
                        &request.topic,
                        &request.records,
                        request.batch(),
                    )
                })
                .collect::<Attempt<Vec<_>>>()
        });
        match together {
            Ok(receipts) => receipts.into_iter().map(Ok).collect(),
            // A busy file would make each wait for as long as all of them have. After a commit into a file that is gone, a
            // second attempt would not be the same call any more.
            Err(fault) if fault.is_busy() || matches!(fault, Fault::GoneAtCommit(_)) => {
                let error = failed(&self.path, PUBLISH, fault);
                requests.iter().map(|_| Err(error.for_another())).collect()
            }
            Err(_) => requests
                .iter()
                .map(|request| {
                    let Request { topic, records, .. } = request;
                    self.publish_alone(live, writer, topic, records, request.batch())
                })
                .collect(),
        }
    }
}

fn publish(
    connection: &Connection,
    interned: &mut Interned,
    topic: &str,
    records: &[Record],
    batch: Option<Batch<'_>>,
) -> Attempt<Receipt> {
    let topic = known_topic(connection, interned, topic)?;
    match batch {
        Some(batch) => publications::publish(connection, interned, topic, records, batch),
        None => append(connection, interned, topic, records).map(Receipt::Published),
    }
}

/// Appends records to a topic. Every id that it returns is `Some`.
pub(super) fn append<'a>(
    connection: &Connection,
    interned: &mut Interned,
    topic: i64,
    records: impl IntoIterator<Item = &'a Record>,
) -> Attempt<Vec<Option<EntryId>>> {
    let mut last = newest(connection, topic)?;
    let columns = rows::COLUMNS;
    let mut insert = connection.prepare_cached(&format!(
        "INSERT INTO entries_{topic} (id, {columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    ))?;
    let at = Timestamp::now();
    let records = records.into_iter();
    let mut ids = Vec::with_capacity(records.size_hint().0);
    for record in records {
        last += 1;
        let sender = interned.sender(connection, &record.metadata)?;
        insert.raw_bind_parameter(1, last)?;
        rows::bind(&mut insert, 2, at, record, sender)?;
        insert.raw_execute()?;
        ids.push(Some(entry_id(last)));
    }
    Ok(ids)
}

/// Returns the number of a topic, which it creates if it does not exist. Topics are never deleted, so a number stays valid.
fn known_topic(connection: &Connection, interned: &mut Interned, topic: &str) -> Attempt<i64> {
    if let Some(id) = interned.topic(topic) {
        return Ok(id);
    }
    let id = topic_id(connection, topic)?;
    interned.add_topic(topic, id);
    Ok(id)
}

/// Returns the number of a topic, which it creates if it does not exist.
pub(super) fn topic_id(connection: &Connection, topic: &str) -> Attempt<i64> {
    if let Some(id) = find_topic(connection, topic)? {
        return Ok(id);
    }
    connection
        .prepare_cached("INSERT INTO topics (name) VALUES (?)")?
        .execute([topic])?;
    let id = connection.last_insert_rowid();
    connection.execute_batch(&schema::entries(id))?;
    Ok(id)
}

pub(super) fn find_topic(connection: &Connection, topic: &str) -> Attempt<Option<i64>> {
    Ok(connection
        .prepare_cached("SELECT id FROM topics WHERE name = ?")?
        .query_row([topic], |row| row.get(0))
        .optional()?)
}

/// Returns the largest number that an entry of the topic has, or had before it was removed.
pub(super) fn newest(connection: &Connection, topic: i64) -> Attempt<i64> {
    Ok(connection
        .prepare_cached(&format!(
            "SELECT max(trimmed, ifnull((SELECT max(id) FROM entries_{topic}), 0)) FROM topics WHERE id = ?"
        ))?
        .query_row([topic], |row| row.get(0))?)
}

/// Appends records to the redelivery queue of one group.
pub(super) fn requeue(
    connection: &Connection,
    interned: &mut Interned,
    topic: &str,
    group: &str,
    records: &[Record],
) -> Attempt<()> {
    let group = super::groups::find(connection, topic, group)?.id;
    let columns = rows::COLUMNS;
    let mut insert = connection.prepare_cached(&format!(
        "INSERT INTO requeued (grp, {columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    ))?;
    let at = Timestamp::now();
    for record in records {
        let sender = interned.sender(connection, &record.metadata)?;
        insert.raw_bind_parameter(1, group)?;
        rows::bind(&mut insert, 2, at, record, sender)?;
        insert.raw_execute()?;
    }
    Ok(())
}

/// Returns the id of a row.
pub(super) fn entry_id(number: i64) -> EntryId {
    EntryId::new(u64::try_from(number).unwrap_or_default(), 0)
}

/// Returns the row of an id: one that cannot exist if the id is from another transport.
pub(super) fn row_number(id: EntryId) -> i64 {
    if id.minor() == 0 {
        i64::try_from(id.major()).unwrap_or(i64::MAX)
    } else {
        -1
    }
}

/// Returns the fault of a call for a group that does not exist.
pub(super) fn no_group(topic: &str, group: &str) -> Fault {
    Fault::Refused(format!(
        "topic `{topic}` has no group `{group}`; join it first"
    ))
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::thread;
    use std::time::Duration;

    use events_core::EventMetadata;

    use super::*;
    use crate::transport::sqlite::SqliteOptions;
    use crate::transport::{Log, Position};

    fn record(source: &'static str) -> Record {
        let metadata = EventMetadata::new("org.example.shop.order.placed.v1").with_source(source);
        Record::new(metadata, [7; 8])
    }

    fn open() -> (tempfile::TempDir, SqliteTransport) {
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
        let path = folder.path().join("events.db");
        let store = SqliteTransport::open(path, SqliteOptions::default());
        (folder, store.unwrap_or_else(|error| panic!("{error}")))
    }

    fn count(store: &SqliteTransport) -> usize {
        let entries = store.read("orders", Position::Oldest, 100);
        entries.unwrap_or_else(|error| panic!("{error}")).len()
    }

    /// A thread that commits for others panics: the callers hear that the outcome is unknown, and the store goes on.
    #[test]
    fn a_panic_while_committing_is_an_unknown_outcome() {
        let (_folder, store) = open();
        let live = store.live("test").unwrap_or_else(|error| panic!("{error}"));
        let held = live.writer.lock();
        thread::scope(|scope| {
            let panicking = scope.spawn(|| {
                let request = Request::new("orders", &[record("shop")], None);
                let result = catch_unwind(AssertUnwindSafe(|| {
                    live.queue
                        .submit(request, &live.writer, |_, _| panic!("out of luck"))
                }));
                assert!(result.is_err(), "it got the writer first");
            });
            // It is the first in line at the writer, and takes the requests of those behind it.
            thread::sleep(Duration::from_millis(100));
            let others: Vec<_> = (0..3)
                .map(|_| scope.spawn(|| store.publish("orders", &[record("shop")])))
                .collect();
            thread::sleep(Duration::from_millis(100));
            drop(held);
            assert!(panicking.join().is_ok());
            for other in others {
                let answer = other.join().unwrap_or_else(|_| panic!("it panicked too"));
                let Err(error) = answer else {
                    panic!("nothing was committed")
                };
                assert!(error.is_outcome_unknown(), "{error}");
            }
        });
        assert_eq!(count(&store), 0);
        assert!(store.publish("orders", &[record("shop")]).is_ok());
        assert_eq!(count(&store), 1);
    }

    /// A transaction that panics takes along the sender that it stored.
    #[test]
    fn a_panic_in_a_transaction_leaves_nothing() {
        let (_folder, store) = open();
        let result = catch_unwind(AssertUnwindSafe(|| {
            store.write("publish", |connection, interned| -> Attempt<()> {
                publish(connection, interned, "orders", &[record("new")], None)?;
                panic!("out of luck")
            })
        }));
        assert!(result.is_err());
        assert!(store.publish("orders", &[record("new")]).is_ok());
        assert_eq!(count(&store), 1);
    }
}
