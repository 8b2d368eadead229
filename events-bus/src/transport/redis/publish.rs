//! Appending records.
//!
//! A call is one transaction in one round trip. With a [`Sequence`], the connection *watches* the key that holds the largest
//! number published: a transaction of a former call, whose answer never came and which the server runs late, and a repetition of
//! it cannot both take place. The watch for the next call travels behind the transaction of this one, so that the outbox's
//! connection asks nothing beforehand as long as all goes well.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use redis::{Value, cmd};

use super::commands::{Commands, executed, next};
use super::connection::{Conn, Pool};
use super::failure::{Failure, NAME};
use super::{answer, keys};
use crate::record::Record;
use crate::transport::{EntryId, Sequence, TransportError, TransportErrorKind};

/// The largest number published is kept for a week.
const REMEMBERED: Duration = Duration::from_hours(7 * 24);

/// The list of topics is told so often that there is this one.
const TOLD: Duration = Duration::from_mins(1);

/// Two publishers of one outbox get in each other's way; after so many attempts it is an error.
const ATTEMPTS: u32 = 5;

/// What is known about outboxes and topics from one call to the next.
#[derive(Default)]
pub(super) struct Publishers {
    outboxes: Mutex<HashMap<Box<str>, Watch>>,
    /// When the list of topics was told of a topic.
    told: Mutex<HashMap<Box<str>, Instant>>,
}

/// A connection of an outbox's own, which watches what it has published to a topic.
struct Watch {
    conn: Conn,
    /// The key that is watched.
    key: String,
    /// The largest number published.
    last: u64,
}

impl Watch {
    /// Itself, if the connection still works.
    fn alive(mut self) -> Option<Self> {
        self.conn.is_alive().then_some(self)
    }
}

impl Publishers {
    pub(super) fn publish(
        &self,
        pool: &Pool,
        topic: &str,
        records: &[Record],
        sequence: Option<Sequence<'_>>,
    ) -> Result<Vec<Option<EntryId>>, Failure> {
        if records.is_empty() {
            return Ok(Vec::new());
        }
        let result = match sequence {
            None => pool.with(|conn| self.append(conn, topic, records)),
            Some(sequence) => self.append_once(pool, topic, records, sequence),
        };
        if result.is_err() {
            // Perhaps the server lost what it had.
            self.told().remove(topic);
        }
        result
    }

    fn append(
        &self,
        conn: &mut Conn,
        topic: &str,
        records: &[Record],
    ) -> Result<Vec<Option<EntryId>>, Failure> {
        let mut commands = Commands::new(records.len());
        let tells = self.tell(topic, &mut commands);
        if let [record] = records {
            commands.append(topic, true, record);
            let mut answers = commands.ask(conn)?;
            self.told_if(topic, tells, &mut answers)?;
            return Ok(vec![Some(answer::id(&next(&mut answers)?)?)]);
        }
        transaction(&mut commands, topic, true, records.iter(), |_| {});
        let mut answers = commands.ask(conn)?;
        self.told_if(topic, tells, &mut answers)?;
        let ids = executed(&mut answers, records.len())?.ok_or(Failure::Answer("a list"))?;
        ids.iter().map(|id| answer::id(id).map(Some)).collect()
    }

    /// What is known to be published is passed over.
    fn append_once(
        &self,
        pool: &Pool,
        topic: &str,
        records: &[Record],
        sequence: Sequence<'_>,
    ) -> Result<Vec<Option<EntryId>>, Failure> {
        let key = keys::published(topic, sequence.outbox);
        // Whoever publishes the same outbox meanwhile gets a connection of its own.
        let known = self.outboxes().remove(sequence.outbox);
        let mut watch = match known.and_then(Watch::alive) {
            Some(watch) => watch,
            None => Watch {
                conn: pool.take()?,
                key: String::new(),
                last: 0,
            },
        };
        let append = || {
            if watch.key != key {
                watch.last = begin_watch(&mut watch.conn, topic, &key)?;
                watch.key = key;
            }
            self.append_watched(&mut watch, topic, records, sequence)
        };
        let result = append();
        if let Err(failure) = &result {
            // What is known may be wrong now: the next call asks anew.
            pool.forget(failure);
        } else {
            watch.conn.touch();
            self.outboxes().insert(sequence.outbox.into(), watch);
        }
        result
    }

    fn append_watched(
        &self,
        watch: &mut Watch,
        topic: &str,
        records: &[Record],
        sequence: Sequence<'_>,
    ) -> Result<Vec<Option<EntryId>>, Failure> {
        for _ in 0..ATTEMPTS {
            let is_new = |index: &usize| {
                let number = sequence.numbers.get(*index);
                number.is_none_or(|number| *number > watch.last)
            };
            let new: Vec<usize> = (0..records.len()).filter(is_new).collect();
            let mut ids = vec![None; records.len()];
            if new.is_empty() {
                return Ok(ids);
            }
            let largest = sequence.numbers.last().copied().unwrap_or_default();
            let largest = largest.max(watch.last);
            let mut commands = Commands::new(new.len());
            let tells = self.tell(topic, &mut commands);
            let new_records = new.iter().filter_map(|index| records.get(*index));
            transaction(&mut commands, topic, true, new_records, |commands| {
                let mut note = cmd("SET");
                note.arg(&*watch.key).arg(largest);
                commands.add(note.arg("EX").arg(REMEMBERED.as_secs()));
            });
            commands.add(cmd("WATCH").arg(&*watch.key));
            let mut answers = commands.ask(&mut watch.conn)?;
            self.told_if(topic, tells, &mut answers)?;
            let executed = executed(&mut answers, new.len() + 1)?;
            answer::done(next(&mut answers)?)?;
            let Some(executed) = executed else {
                // Something was published under these numbers meanwhile.
                watch.last = begin_watch(&mut watch.conn, topic, &watch.key)?;
                continue;
            };
            for (index, id) in new.into_iter().zip(&executed) {
                match answer::id(id) {
                    Ok(id) => ids[index] = Some(id),
                    Err(failure) => {
                        take_back(watch)?;
                        return Err(failure);
                    }
                }
            }
            watch.last = largest;
            return Ok(ids);
        }
        Err(Failure::Own(TransportError::new(
            TransportErrorKind::Unavailable,
            NAME,
            format!(
                "outbox `{}` is published by somebody else at the same time; give each process an outbox of its own",
                sequence.outbox
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

    fn outboxes(&self) -> MutexGuard<'_, HashMap<Box<str>, Watch>> {
        self.outboxes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn told(&self) -> MutexGuard<'_, HashMap<Box<str>, Instant>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Watches the key from now on, and says which number is in it. The topic has to be a stream, or nothing yet: a transaction notes
/// its number even if what it appends is refused.
fn begin_watch(conn: &mut Conn, topic: &str, key: &str) -> Result<u64, Failure> {
    let mut commands = Commands::new(0);
    commands
        .add(&cmd("UNWATCH"))
        .add(cmd("WATCH").arg(key))
        .add(cmd("XLEN").arg(topic))
        .add(cmd("GET").arg(key));
    let mut answers = commands.ask(conn)?;
    for _ in 0..3 {
        answer::done(next(&mut answers)?)?;
    }
    match next(&mut answers)? {
        Value::Nil => Ok(0),
        number => answer::number(number),
    }
}

/// The number stands for what was not appended: a transaction takes place even if the server refuses a part of it.
fn take_back(watch: &mut Watch) -> Result<(), Failure> {
    let mut commands = Commands::new(0);
    let mut set = cmd("SET");
    set.arg(&*watch.key).arg(watch.last);
    commands
        .add(&cmd("MULTI"))
        .add(set.arg("EX").arg(REMEMBERED.as_secs()))
        .add(&cmd("EXEC"));
    executed(&mut commands.ask(&mut watch.conn)?, 1).map(drop)
}

/// Gives records to a group once more, and says whether its queue is there.
pub(super) fn requeue(conn: &mut Conn, again: &str, records: &[Record]) -> Result<bool, Failure> {
    let mut commands = Commands::new(records.len());
    transaction(&mut commands, again, false, records.iter(), |_| {});
    let mut answers = commands.ask(conn)?;
    let answers = executed(&mut answers, records.len())?.ok_or(Failure::Answer("a list"))?;
    let mut is_there = true;
    for answer in answers {
        is_there &= answer::done(answer)? != Value::Nil;
    }
    Ok(is_there)
}

/// A transaction that appends records, and does something else at its end.
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
