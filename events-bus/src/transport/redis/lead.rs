//! Taking, renewing and releasing the lead of a group.

use std::time::Duration;

use redis::Value;

use super::commands::{Lua, id_text};
use super::connection::Conn;
use super::failure::Failure;
use super::{answer, keys};
use crate::transport::{EntryId, Epoch, Leadership, Member, Queue};

/// Time after which consumers that hold nothing are removed.
const GONE: Duration = Duration::from_hours(1);

/// The scripts of leadership.
pub(super) struct Leads {
    lead: Lua,
    renew: Lua,
    release: Lua,
}

impl Leads {
    pub(super) fn new() -> Self {
        Self {
            lead: Lua::new(include_str!("scripts/lead.lua")),
            renew: Lua::new(include_str!("scripts/renew.lua")),
            release: Lua::new(include_str!("scripts/release.lua")),
        }
    }

    pub(super) fn lead(
        &self,
        conn: &mut Conn,
        member: Member<'_>,
        lease: Duration,
    ) -> Result<Leadership, Failure> {
        let holder = Epoch::random_holder();
        let mut call = self.lead.call(2);
        call.arg(keys::lead(member.topic, member.group))
            .arg(keys::epoch(member.topic, member.group))
            .arg(member.consumer)
            .arg(millis(lease).max(1))
            .arg(format!("{holder:016x}"));
        Ok(match self.lead.run(conn, &call)? {
            Value::Nil => Leadership::Standby,
            counter => Leadership::Leader(Epoch::new(answer::number(counter)?, holder)),
        })
    }

    pub(super) fn renew(
        &self,
        conn: &mut Conn,
        member: Member<'_>,
        lease: Duration,
        entries: &[EntryId],
    ) -> Result<(), Failure> {
        let Member { topic, group, .. } = member;
        let mut call = self.renew.call(5);
        call.arg(keys::epoch(topic, group))
            .arg(keys::lead(topic, group))
            .arg(topic)
            .arg(keys::redelivery(topic, group))
            .arg(keys::retry_claims(topic, group))
            .arg(keys::epoch_argument(member))
            .arg(group)
            .arg(member.consumer)
            .arg(millis(lease).max(1));
        if member.epoch.is_none() {
            for id in entries {
                call.arg(match id.queue() {
                    Queue::Topic => 3,
                    Queue::Redelivery => 4,
                });
                call.arg(id_text(*id));
            }
        }
        self.renew.run(conn, &call).map(drop)
    }

    pub(super) fn release(&self, conn: &mut Conn, member: Member<'_>) -> Result<(), Failure> {
        let Member { topic, group, .. } = member;
        let mut call = self.release.call(6);
        call.arg(keys::epoch(topic, group))
            .arg(keys::lead(topic, group))
            .arg(topic)
            .arg(keys::redelivery(topic, group))
            .arg(keys::trials(topic, group))
            .arg(keys::retry_claims(topic, group))
            .arg(keys::epoch_argument(member))
            .arg(group)
            .arg(member.consumer)
            .arg(millis(GONE));
        self.release.run(conn, &call).map(drop)
    }

    /// Removes consumers that are gone.
    pub(super) fn tidy(&self, conn: &mut Conn, topic: &str, group: &str) -> Result<(), Failure> {
        // Nobody has this name: there is nothing to give back.
        self.release(conn, Member::new(topic, group, ""))
    }
}

/// Returns a time in milliseconds that the server can add to its clock.
pub(super) fn millis(duration: Duration) -> u64 {
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    millis.min(i64::MAX.unsigned_abs() / 4)
}
