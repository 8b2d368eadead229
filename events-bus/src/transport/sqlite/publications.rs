//! Batches of outboxes: the memory of what each incarnation has published.

use events_core::{Timestamp, Uuid};
use rusqlite::{Connection, OptionalExtension, params};

use super::error::{Attempt, Fault};
use super::publish::append;
use super::rows::Interned;
use crate::record::Record;
use crate::transport::rules::Publication;
use crate::transport::{Batch, Epoch, Receipt, rules};

/// Appends a batch to a topic as far as the rule of publication says.
pub(super) fn publish(
    connection: &Connection,
    interned: &mut Interned,
    topic: i64,
    records: &[Record],
    batch: Batch<'_>,
) -> Attempt<Receipt> {
    let numbered = rules::numbered(records, batch.numbers).map_err(Fault::Refused)?;
    let incarnation = &batch.incarnation.as_bytes()[..];
    let mut publication = load(connection, topic, incarnation)?;
    let appends = match publication.judge(batch.epoch, batch.acknowledged, &numbered) {
        Ok(appends) => appends,
        Err(dispute) => return Ok(Receipt::Disputed(dispute)),
    };
    let new = records
        .iter()
        .zip(&appends)
        .filter_map(|(record, append)| append.then_some(record));
    let mut new = append(connection, interned, topic, new)?.into_iter();
    // A batch that changes nothing writes nothing.
    if appends.contains(&true) || publication.epoch != Some(batch.epoch) {
        publication.record(batch.epoch, &numbered, &appends);
        store(connection, topic, incarnation, &publication)?;
    }
    let entries = appends
        .iter()
        .map(|append| if *append { new.next().flatten() } else { None });
    Ok(Receipt::Published(entries.collect()))
}

fn load(connection: &Connection, topic: i64, incarnation: &[u8]) -> Attempt<Publication> {
    let found = connection
        .prepare_cached(
            "SELECT epoch, holder, last, ids FROM outboxes WHERE topic = ? AND incarnation = ?",
        )?
        .query_row(params![topic, incarnation], |row| {
            let number = |index: usize| row.get::<_, i64>(index).map(i64::cast_unsigned);
            Ok((
                number(0)?,
                number(1)?,
                number(2)?,
                row.get::<_, Vec<u8>>(3)?,
            ))
        })
        .optional()?;
    let Some((counter, holder, last, ids)) = found else {
        return Ok(Publication::default());
    };
    let (ids, rest) = ids.as_chunks::<16>();
    if !rest.is_empty() {
        return Err(Fault::Damaged("the ids of the last batch cannot be read"));
    }
    Ok(Publication {
        epoch: Some(Epoch::new(counter, holder)),
        last,
        ids: ids.iter().map(|id| Uuid::from_bytes(*id)).collect(),
    })
}

fn store(
    connection: &Connection,
    topic: i64,
    incarnation: &[u8],
    publication: &Publication,
) -> Attempt<()> {
    let Some(epoch) = publication.epoch else {
        return Ok(());
    };
    let ids: Vec<u8> = publication
        .ids
        .iter()
        .flat_map(|id| *id.as_bytes())
        .collect();
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO outboxes (topic, incarnation, epoch, holder, last, ids, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            topic,
            incarnation,
            epoch.counter().cast_signed(),
            epoch.holder().cast_signed(),
            publication.last.cast_signed(),
            ids,
            Timestamp::now().as_micros()
        ])?;
    Ok(())
}
