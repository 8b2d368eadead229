//! Handing out new entries.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::connection::{ClientName, Conn};
use super::failure::Failure;
use super::fence::{self, Fence, Fences};
use super::group::Joins;
use super::handled::Window;
use super::pool::Pool;
use super::position::Positions;
use super::read::{self, Few};
use super::share::{choose, half, requeued};
use super::sizes::Sizes;
use super::surplus::Surpluses;
use crate::transport::{Claim, Claimed, Entry, Epoch, Limit, Member};

/// Number of entries that are read together with what is known of their events, by a script. For more entries, a second question
/// costs less than a script that looks at them.
const FEW: usize = 16;

/// Maximum number of attempts to read from a group that does not exist and is created.
const ATTEMPTS: u32 = 3;

/// Knowledge about consumers from one call to the next.
pub(super) struct Receivers {
    few: Few,
    positions: Positions,
    sizes: Sizes,
    /// `true` if the last call without an epoch found some entries.
    found_some: AtomicBool,
    /// Entries that were read beyond the limit of a call, in order. They are pending, as all that was read.
    surplus: Surpluses,
    /// Connections that broke during a read.
    broken: Mutex<Vec<ClientName>>,
}

/// Arguments of one call.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) pool: &'a Pool,
    pub(super) joins: &'a Joins,
    pub(super) window: &'a Window,
    pub(super) member: Member<'a>,
    pub(super) limit: Limit,
}

/// Entries that were read.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) entries: Vec<Entry>,
    /// `true` if it is to be looked up who has handled their events.
    pub(super) is_doubtful: bool,
}

/// The connection of one call.
enum Source<'a> {
    /// Under an epoch.
    Fenced(&'a mut Fence, Epoch),
    /// Without an epoch.
    Free(&'a mut Conn),
}

impl Source<'_> {
    fn conn(&mut self) -> &mut Conn {
        match self {
            Self::Fenced(fence, _) => &mut fence.conn,
            Self::Free(conn) => conn,
        }
    }
}

impl Receivers {
    pub(super) fn new() -> Self {
        Self {
            few: Few::new(),
            positions: Positions::new(),
            sizes: Sizes::default(),
            found_some: AtomicBool::new(false),
            surplus: Surpluses::default(),
            broken: Mutex::default(),
        }
    }

    pub(super) fn receive(
        &self,
        call: Call<'_>,
        fences: &Fences,
        wait: Duration,
    ) -> Result<Vec<Entry>, Failure> {
        let Call { pool, member, .. } = call;
        if call.limit.entries == 0 {
            pool.with(|conn| fence::check(conn, member))?;
            return Ok(Vec::new());
        }
        let mut batch = self.surplus.take(member);
        let mut name = None;
        let result = match member.epoch {
            Some(epoch) => fences.with(pool, member, epoch, |fence| {
                name = fence.conn.name().cloned();
                let mut source = Source::Fenced(fence, epoch);
                self.end_broken(pool, source.conn());
                self.lead(call, epoch, &mut source, wait, &mut batch)?;
                self.hand_out(call, source.conn(), &mut batch)
            }),
            None => pool.with(|conn| {
                name = conn.name().cloned();
                let mut source = Source::Free(conn);
                self.end_broken(pool, source.conn());
                self.follow(call, &mut source, wait, &mut batch)?;
                self.hand_out(call, source.conn(), &mut batch)
            }),
        };
        if let Err(failure) = &result {
            if failure.is_closed() {
                self.sizes.note_closed(member.topic, call.limit.bytes);
            }
            if failure.breaks_connection() {
                self.broken().extend(name);
            }
            if failure.is_lost_lease() {
                self.forget(member);
            } else {
                self.surplus.keep(member, batch.entries);
            }
        }
        result
    }

    /// Reads under an epoch. Waits for entries without changing anything, and then takes them under the fence.
    fn lead(
        &self,
        call: Call<'_>,
        epoch: Epoch,
        source: &mut Source<'_>,
        wait: Duration,
        batch: &mut Batch,
    ) -> Result<(), Failure> {
        let begun = Instant::now();
        if !call.window.has_time() {
            call.window.now(source.conn())?;
        }
        let mut position = self.positions.take(call, epoch, source.conn())?;
        // An idle leader waits before it reads.
        let mut reads = !position.is_idle || wait.is_zero() || !batch.entries.is_empty();
        loop {
            if reads {
                let had = batch.entries.len();
                self.fill(call, source, Duration::ZERO, batch)?;
                position.note(batch.entries.get(had..).unwrap_or_default());
            }
            let left = wait.saturating_sub(begun.elapsed());
            if !batch.entries.is_empty() || left.is_zero() {
                break;
            }
            let conn = source.conn();
            if reads && position.has_news {
                // Somebody without an epoch has read it.
                position = self.positions.look(call, epoch, conn)?;
            }
            conn.wait_at_most(left.saturating_add(call.pool.response_timeout()))?;
            position.has_news = read::wait(conn, call.member, epoch, &position, left)?;
            conn.wait_at_most(call.pool.response_timeout())?;
            reads = position.has_news;
        }
        position.is_idle = batch.entries.is_empty();
        position.has_news = false;
        self.positions.keep(call.member, position);
        Ok(())
    }

    /// Reads without an epoch.
    fn follow(
        &self,
        call: Call<'_>,
        source: &mut Source<'_>,
        wait: Duration,
        batch: &mut Batch,
    ) -> Result<(), Failure> {
        let tries_first = !batch.entries.is_empty()
            || wait.is_zero()
            || (call.limit.entries <= FEW && self.found_some.load(Ordering::Relaxed));
        if tries_first {
            self.fill(call, source, Duration::ZERO, batch)?;
        }
        if batch.entries.is_empty() && !wait.is_zero() {
            let timeout = wait.saturating_add(call.pool.response_timeout());
            source.conn().wait_at_most(timeout)?;
            self.fill(call, source, wait, batch)?;
            source.conn().wait_at_most(call.pool.response_timeout())?;
        }
        self.found_some
            .store(!batch.entries.is_empty(), Ordering::Relaxed);
        Ok(())
    }

    /// Reads up to the limit. The first read waits for up to `wait` if it is without an epoch.
    fn fill(
        &self,
        call: Call<'_>,
        source: &mut Source<'_>,
        wait: Duration,
        batch: &mut Batch,
    ) -> Result<(), Failure> {
        let Call { member, limit, .. } = call;
        let deadline = crate::deadline::after(wait);
        let mut attempts = 1;
        let mut has_surplus = !batch.entries.is_empty();
        loop {
            let taken: usize = batch.entries.iter().map(Entry::size).sum();
            let bytes = limit.bytes.saturating_sub(taken);
            let share = half(limit).saturating_sub(requeued(&batch.entries));
            let mut room = limit.entries.saturating_sub(batch.entries.len());
            if has_surplus {
                // Requeued entries come before the new ones among the surplus.
                room = room.max(share);
                has_surplus = false;
            }
            let is_first = batch.entries.is_empty();
            if room == 0 || (!is_first && !self.sizes.fits(member.topic, bytes)) {
                return Ok(());
            }
            let count = self.sizes.count(member.topic, room, bytes);
            let left = if is_first {
                deadline.saturating_duration_since(Instant::now())
            } else {
                Duration::ZERO
            };
            let read = match source {
                Source::Fenced(fence, _) if count <= FEW => {
                    self.few.read(&mut fence.conn, call, count, share)
                }
                Source::Fenced(fence, epoch) => {
                    match read::many(fence, *epoch, call, count, share) {
                        // A full server refuses a transaction, and not the script.
                        Err(failure) if failure.is_full() => {
                            self.few.read(&mut fence.conn, call, count, share)
                        }
                        read => read,
                    }
                }
                Source::Free(conn) if left.is_zero() && count <= FEW && call.window.has_time() => {
                    self.few.read(conn, call, count, share)
                }
                Source::Free(conn) => read::free(conn, call, count, left),
            };
            let read = match read {
                Err(failure) if failure.is_no_group() && attempts < ATTEMPTS => {
                    attempts += 1;
                    // The entries of the lost group will be new to the next one.
                    batch.entries.clear();
                    self.forget(member);
                    call.joins.join_again(source.conn(), member)?;
                    continue;
                }
                // What was read before the epoch ended is handed out: it was read under it.
                Err(failure) if failure.is_lost_lease() && !batch.entries.is_empty() => {
                    return Ok(());
                }
                read => read?,
            };
            self.sizes.note(member.topic, count, &read.entries);
            let is_full = read.entries.len() >= count;
            batch.is_doubtful |= read.is_doubtful;
            batch.entries.extend(read.entries);
            if !is_full {
                return Ok(());
            }
        }
    }

    /// Hands out entries up to the limit, and keeps the others.
    fn hand_out(
        &self,
        call: Call<'_>,
        conn: &mut Conn,
        batch: &mut Batch,
    ) -> Result<Vec<Entry>, Failure> {
        let Call { member, limit, .. } = call;
        let (mut entries, rest) = choose(std::mem::take(&mut batch.entries), limit);
        self.surplus.keep(member, rest);
        if batch.is_doubtful
            && !entries.is_empty()
            && let Err(failure) = call.window.look_up(conn, member, &mut entries)
        {
            self.surplus.keep(member, entries);
            return Err(failure);
        }
        Ok(entries)
    }

    /// Runs a claim, within the bytes that the server answers.
    pub(super) fn claiming(
        &self,
        pool: &Pool,
        member: Member<'_>,
        mut claim: Claim,
        run: impl FnOnce(&mut Conn, Claim) -> Result<Claimed, Failure>,
    ) -> Result<Claimed, Failure> {
        claim.limit.bytes = self.sizes.budget(member.topic, claim.limit.bytes);
        let result = pool.with(|conn| {
            self.end_broken(pool, conn);
            if claim.limit.entries == 0 {
                return fence::check(conn, member).map(|()| Claimed::default());
            }
            let claimed = run(conn, claim);
            if claimed.is_ok() && claim.own {
                // What was read beyond a limit is pending, and was claimed.
                self.forget(member);
            }
            claimed
        });
        if let Err(failure) = &result
            && failure.is_closed()
        {
            self.sizes
                .note_closed_claim(member.topic, claim.limit.bytes);
        }
        result
    }

    /// Ends the connections that broke, before anything else is done: the server may still be about to hand entries to them.
    pub(super) fn end_broken(&self, pool: &Pool, conn: &mut Conn) {
        let broken = std::mem::take(&mut *self.broken());
        for name in broken {
            pool.end(conn, &name);
        }
    }

    /// Forgets the surplus of a consumer: it is pending, and will be claimed.
    pub(super) fn forget(&self, member: Member<'_>) {
        self.surplus.take(member);
        self.positions.forget(member);
    }

    fn broken(&self) -> MutexGuard<'_, Vec<ClientName>> {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns a name for a consumer among all. Names have no zero bytes.
pub(super) fn place(member: Member<'_>) -> String {
    [member.topic, member.group, member.consumer].join("\0")
}
