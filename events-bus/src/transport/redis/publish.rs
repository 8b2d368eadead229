//! Appending records.
//!
//! A call is one transaction in one round trip. For a [`Batch`] of an outbox, the connection *watches* the key that holds what was
//! published: a transaction of a former call, whose answer never came and which the server runs late, and a repetition of it cannot
//! both take place. The watch for the next call travels behind the transaction of this one, with a look at what the key holds.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use events_core::Uuid;
use redis::{Value, cmd};

use super::commands::{Commands, executed, next};
use super::connection::Conn;
use super::failure::{Failure, NAME};
use super::pool::Pool;
use super::replicas::{add_wait, check_wait};
use super::{answer, keys, publication};
use crate::record::Record;
use crate::transport::rules::{self, Publication};
use crate::transport::{Batch, EntryId, Receipt, TransportError, TransportErrorKind};

/// Time for which the server remembers what an incarnation published.
const REMEMBERED: Duration = Duration::from_hours(7 * 24);

/// Time after which the list of topics is told of a topic again.
const TOLD: Duration = Duration::from_mins(1);

/// Maximum number of attempts while another process publishes the same outbox.
const ATTEMPTS: u32 = 5;

/// Maximum number of connections that watch what incarnations published.
const KEPT: usize = 64;

/// Knowledge about outboxes and topics from one call to the next.
#[derive(Default)]
pub(super) struct Publishers {
    /// Connections by the keys that they watch.
    watches: Mutex<HashMap<String, Watch>>,
    /// Time at which the list of topics was told of a topic.
    told: Mutex<HashMap<Box<str>, Instant>>,
}

/// A connection that watches what an incarnation has published to a topic.
struct Watch {
    conn: Conn,
    /// The key that is watched.
    key: String,
    publication: Publication,
    /// `true` if the publication was read after the watch began, within this call.
    is_fresh: bool,
}

impl Publishers {
    pub(super) fn publish(
        &self,
        pool: &Pool,
        topic: &str,
        records: &[Record],
    ) -> Result<Vec<EntryId>, Failure> {
        if records.is_empty() {
            return Ok(Vec::new());
        }
        let result = pool.with(|conn| self.append(pool, conn, topic, records));
        self.forget_if_failed(topic, &result);
        result
    }

    fn append(
        &self,
        pool: &Pool,
        conn: &mut Conn,
        topic: &str,
        records: &[Record],
    ) -> Result<Vec<EntryId>, Failure> {
        let mut commands = Commands::new(records.len());
        let tells = self.tell(topic, &mut commands);
        if let [record] = records {
            commands.append(topic, true, record);
        } else {
            transaction(&mut commands, topic, true, records.iter(), |_| {});
        }
        add_wait(pool, conn, &mut commands)?;
        let mut answers = commands.ask(conn)?;
        self.told_if(topic, tells, &mut answers)?;
        let ids = if records.len() == 1 {
            vec![answer::id(&next(&mut answers)?)?]
        } else {
            let ids = executed(&mut answers, records.len())?.ok_or(Failure::Answer("a list"))?;
            ids.iter().map(answer::id).collect::<Result<_, _>>()?
        };
        check_wait(pool, conn, &mut answers)?;
        Ok(ids)
    }

    /// Passes over the records of the last batch that are known to be published.
    pub(super) fn publish_batch(
        &self,
        pool: &Pool,
        topic: &str,
        records: &[Record],
        batch: Batch<'_>,
    ) -> Result<Receipt, Failure> {
        let numbered = rules::numbered(records, batch.numbers).map_err(|message| {
            Failure::Own(TransportError::new(
                TransportErrorKind::Refused,
                NAME,
                message,
            ))
        })?;
        let key = keys::published(topic, batch.incarnation);
        // Whoever publishes the same outbox meanwhile gets a connection of its own.
        let known = self.watches().remove(&key);
        let known = known.and_then(|mut watch| {
            watch.is_fresh = false;
            pool.is_usable(&mut watch.conn).then_some(watch)
        });
        let mut watch = if let Some(watch) = known {
            watch
        } else {
            let mut watch = Watch {
                conn: pool.take()?,
                key,
                publication: Publication::default(),
                is_fresh: false,
            };
            if let Err(failure) = watch.begin(topic) {
                pool.forget(&failure);
                return Err(failure);
            }
            watch
        };
        let result = self.append_watched(pool, &mut watch, topic, records, batch, &numbered);
        if let Err(failure) = &result {
            // What is known may be wrong now: the next call asks anew.
            pool.forget(failure);
        } else {
            watch.conn.touch();
            let mut watches = self.watches();
            if watches.len() >= KEPT {
                watches.clear();
            }
            watches.insert(watch.key.clone(), watch);
        }
        self.forget_if_failed(topic, &result);
        result
    }

    fn append_watched(
        &self,
        pool: &Pool,
        watch: &mut Watch,
        topic: &str,
        records: &[Record],
        batch: Batch<'_>,
        numbered: &[(u64, Uuid)],
    ) -> Result<Receipt, Failure> {
        for _ in 0..ATTEMPTS {
            let judged = watch
                .publication
                .judge(batch.epoch, batch.acknowledged, numbered);
            let appends = match judged {
                Ok(appends) if watch.is_fresh || appends.contains(&true) => appends,
                Err(dispute) if watch.is_fresh => return Ok(Receipt::Disputed(dispute)),
                // No transaction would notice that this is out of date.
                _ => {
                    watch.begin(topic)?;
                    continue;
                }
            };
            let new = || {
                let pairs = records.iter().zip(&appends);
                pairs.filter_map(|(record, append)| append.then_some(record))
            };
            let count = new().count();
            let must_wait = pool.wait_replicas() > 0 && !records.is_empty();
            if count == 0 && watch.publication.epoch == Some(batch.epoch) && !must_wait {
                return Ok(Receipt::Published(vec![None; records.len()]));
            }
            let mut after = watch.publication.clone();
            after.record(batch.epoch, numbered, &appends);
            let value = publication::write(&after, fastrand::u64(..));

            let mut commands = Commands::new(count);
            let tells = count > 0 && self.tell(topic, &mut commands);
            // Where all is known, the mark is written again, so that replicas are waited for that have it.
            transaction(&mut commands, topic, true, new(), |commands| {
                commands.add(&set(&watch.key, &value));
            });
            add_wait(pool, &mut watch.conn, &mut commands)?;
            commands.add(cmd("WATCH").arg(&*watch.key)).add(
                cmd("GETRANGE")
                    .arg(&*watch.key)
                    .arg(0)
                    .arg(publication::HEAD),
            );
            let mut answers = commands.ask(&mut watch.conn)?;
            self.told_if(topic, tells, &mut answers)?;
            let executed = executed(&mut answers, count + 1)?;
            let waited = check_wait(pool, &mut watch.conn, &mut answers);
            answer::done(next(&mut answers)?)?;
            let head = answer::bytes(next(&mut answers)?)?.unwrap_or_default();
            let Some(executed) = executed else {
                // Something was published meanwhile.
                watch.begin(topic)?;
                continue;
            };
            let mut executed = executed.iter();
            let mut ids = Vec::with_capacity(records.len());
            for append in &appends {
                if !append {
                    ids.push(None);
                    continue;
                }
                match answer::id(executed.next().unwrap_or(&Value::Nil)) {
                    Ok(id) => ids.push(Some(id)),
                    Err(failure) => {
                        watch.take_back()?;
                        return Err(failure);
                    }
                }
            }
            waited?;
            watch.publication = after;
            watch.is_fresh = false;
            if publication::head(&head) != publication::head(&value) {
                // Somebody wrote between the transaction and the watch.
                watch.begin(topic)?;
            }
            return Ok(Receipt::Published(ids));
        }
        Err(Failure::Own(TransportError::new(
            TransportErrorKind::Unavailable,
            NAME,
            format!(
                "another process publishes incarnation {} of an outbox to topic `{topic}` at the same time; give each process an \
                 outbox of its own",
                batch.incarnation
            ),
        )))
    }

    /// Tells the list of topics, where it was not told lately.
    fn tell(&self, topic: &str, commands: &mut Commands) -> bool {
        let told = self.told().get(topic).copied();
        let tells = told.is_none_or(|told| told.elapsed() > TOLD);
        if tells {
            commands.add(cmd("SADD").arg(keys::TOPICS).arg(topic));
        }
        tells
    }

    fn told_if(
        &self,
        topic: &str,
        tells: bool,
        answers: &mut impl Iterator<Item = Value>,
    ) -> Result<(), Failure> {
        // A user may lack the permission. Publishing does not depend on it.
        if tells && !matches!(next(answers)?, Value::ServerError(_)) {
            self.told().insert(topic.into(), Instant::now());
        }
        Ok(())
    }

    fn forget_if_failed<T>(&self, topic: &str, result: &Result<T, Failure>) {
        if result.is_err() {
            // The server may have lost its data.
            self.told().remove(topic);
        }
    }

    fn watches(&self) -> MutexGuard<'_, HashMap<String, Watch>> {
        self.watches.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn told(&self) -> MutexGuard<'_, HashMap<Box<str>, Instant>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch {
    /// Watches the key from now on, and reads it. The topic has to be a stream, or nothing yet: a transaction writes its mark even
    /// if what it appends is refused.
    fn begin(&mut self, topic: &str) -> Result<(), Failure> {
        let mut commands = Commands::new(0);
        commands
            .add(&cmd("UNWATCH"))
            .add(cmd("WATCH").arg(&*self.key))
            .add(cmd("XLEN").arg(topic))
            .add(cmd("GET").arg(&*self.key));
        let mut answers = commands.ask(&mut self.conn)?;
        for _ in 0..3 {
            answer::done(next(&mut answers)?)?;
        }
        self.publication = match answer::bytes(next(&mut answers)?)? {
            None => Publication::default(),
            Some(value) => publication::read(&value).ok_or_else(|| {
                Failure::Own(TransportError::new(
                    TransportErrorKind::Corrupt,
                    NAME,
                    format!(
                        "cannot read what an outbox published: key `{}` is damaged, or another version wrote it; remove the key",
                        self.key
                    ),
                ))
            })?,
        };
        self.is_fresh = true;
        Ok(())
    }

    /// Restores the mark: a transaction takes place even if the server refuses a part of it, and nothing was appended.
    fn take_back(&mut self) -> Result<(), Failure> {
        let value = publication::write(&self.publication, fastrand::u64(..));
        let mut commands = Commands::new(0);
        commands
            .add(&cmd("MULTI"))
            .add(&set(&self.key, &value))
            .add(&cmd("EXEC"));
        executed(&mut commands.ask(&mut self.conn)?, 1).map(drop)
    }
}

fn set(key: &str, value: &[u8]) -> redis::Cmd {
    let mut set = cmd("SET");
    set.arg(key).arg(value).arg("EX").arg(REMEMBERED.as_secs());
    set
}

/// Requeues records. Returns `true` if the queue exists.
pub(super) fn requeue(
    conn: &mut Conn,
    redelivery: &str,
    records: &[Record],
) -> Result<bool, Failure> {
    let mut commands = Commands::new(records.len());
    transaction(&mut commands, redelivery, false, records.iter(), |_| {});
    let mut answers = commands.ask(conn)?;
    let answers = executed(&mut answers, records.len())?.ok_or(Failure::Answer("a list"))?;
    let mut is_there = true;
    for answer in answers {
        is_there &= answer::done(answer)? != Value::Nil;
    }
    Ok(is_there)
}

/// Adds a transaction that appends records, and does something else at its end.
fn transaction<'a>(
    commands: &mut Commands,
    stream: &str,
    makes: bool,
    records: impl Iterator<Item = &'a Record>,
    rest: impl FnOnce(&mut Commands),
) {
    commands.add(&cmd("MULTI"));
    for record in records {
        commands.append(stream, makes, record);
    }
    rest(commands);
    commands.add(&cmd("EXEC"));
}
