//! Settling entries.

use std::sync::Arc;

use redis::Cmd;

use events_core::Uuid;

use super::commands::{Lua, id_text};
use super::connection::Conn;
use super::failure::Failure;
use super::fence::Fences;
use super::handled::{self, Window};
use super::pool::Pool;
use super::settle_batch::{self, Settled};
use super::{dead, fields, keys, retries};
use crate::transport::{Member, Queue, Settlement};

/// Number of settlements from which on commands are faster than the script.
const MANY: usize = 64;

/// The script that settles.
pub(super) struct Settles(Lua);

impl Settles {
    pub(super) fn new() -> Self {
        Self(Lua::new(include_str!("scripts/settle.lua")))
    }

    pub(super) fn settle(
        &self,
        pool: &Pool,
        fences: &Fences,
        window: &Window,
        member: Member<'_>,
        settlements: &[Settlement],
    ) -> Result<(), Failure> {
        if settlements.is_empty() {
            return pool.with(|conn| super::fence::check(conn, member));
        }
        let ids = || settlements.iter().map(|settlement| settlement.entry);
        if settlements.len() >= MANY
            && settlements
                .iter()
                .all(|settlement| is_plain(settlement) && settlement.entry.queue() == Queue::Topic)
            && !window.has_duplicates(member, ids())
        {
            match settle_batch::settle(pool, fences, window, member, settlements)? {
                Settled::All => return Ok(()),
                Settled::Nothing => {}
            }
        }
        pool.with(|conn| self.run(conn, window, member, settlements))?;
        window.forget_duplicates(member, ids());
        Ok(())
    }

    fn run(
        &self,
        conn: &mut Conn,
        window: &Window,
        member: Member<'_>,
        settlements: &[Settlement],
    ) -> Result<(), Failure> {
        let Member { topic, group, .. } = member;
        let mut call = self.0.call(9);
        call.arg(keys::epoch(topic, group))
            .arg(topic)
            .arg(keys::redelivery(topic, group))
            .arg(keys::dead(topic))
            .arg(keys::handled(topic, group, window.bucket()))
            .arg(keys::trials(topic, group))
            .arg(keys::retry(topic, group))
            .arg(keys::retry_records(topic, group))
            .arg(keys::retry_claims(topic, group))
            .arg(keys::epoch_argument(member))
            .arg(group)
            .arg(window.expiry());
        let others = || {
            settlements
                .iter()
                .filter(|settlement| !is_plain(settlement))
        };
        let of_queue = |queue| {
            let plain = settlements.iter().filter(|settlement| is_plain(settlement));
            plain.filter(move |settlement| settlement.entry.queue() == queue)
        };
        call.arg(others().count());
        for settlement in others() {
            add_other(&mut call, settlement);
        }
        for queue in [Queue::Topic, Queue::Redelivery] {
            call.arg(of_queue(queue).count());
            for settlement in of_queue(queue) {
                call.arg(id_text(settlement.entry));
            }
        }
        let in_order = others()
            .chain(of_queue(Queue::Topic))
            .chain(of_queue(Queue::Redelivery));
        add_handled(&mut call, window, in_order);
        self.0.run(conn, &call).map(drop)
    }
}

/// Returns `true` if nothing is to be stored of an entry but who handled its event.
fn is_plain(settlement: &Settlement) -> bool {
    settlement.receiver.is_none() && settlement.parked.is_none() && settlement.dead.is_empty()
}

/// Adds a settlement with dead letters or parked deliveries, or that of a delivery of the retry queue.
fn add_other(call: &mut Cmd, settlement: &Settlement) {
    let entry = settlement.entry;
    if let Some(receiver) = &settlement.receiver {
        call.arg(7).arg("").arg(retries::field(entry, receiver));
    } else {
        call.arg(match entry.queue() {
            Queue::Topic => 2,
            Queue::Redelivery => 3,
        });
        call.arg(id_text(entry)).arg(entry.to_string());
    }
    call.arg(settlement.dead.len());
    for letter in &settlement.dead {
        dead::add(call, letter);
    }
    let Some(parked) = &settlement.parked else {
        call.arg(0);
        return;
    };
    let record = fields::pack_record(&parked.record);
    call.arg(parked.retries.len());
    for state in &parked.retries {
        call.arg(retries::field(entry, &state.receiver))
            .arg(retries::write_state(state))
            .arg(&*record);
    }
}

/// Most entries were handled by the same receivers: they are written once for each stretch of such entries.
fn add_handled<'a>(
    call: &mut Cmd,
    window: &Window,
    in_order: impl Iterator<Item = &'a Settlement>,
) {
    let handled: Vec<_> = in_order
        .zip(1_usize..)
        .filter(|(settlement, _)| !window.is_zero() && !settlement.handled_by.is_empty())
        .filter_map(|(settlement, number)| {
            Some((&settlement.handled_by, settlement.event_id?, number))
        })
        .collect();
    let stretches = handled.chunk_by(|one, other| is_same(one.0, other.0));
    call.arg(stretches.clone().count());
    for stretch in stretches {
        let (list, code) = handled::list(stretch[0].0);
        call.arg(list).arg(code.as_slice()).arg(stretch.len());
        for (_, event, _) in stretch {
            call.arg(event.as_bytes().as_slice());
        }
        for (.., number) in stretch {
            call.arg(*number);
        }
    }
}

/// Events to remember, with the receivers that handled them.
pub(super) fn handled(settlements: &[Settlement]) -> Vec<(&Arc<[Arc<str>]>, Uuid)> {
    settlements
        .iter()
        .filter(|settlement| !settlement.handled_by.is_empty())
        .filter_map(|settlement| Some((&settlement.handled_by, settlement.event_id?)))
        .collect()
}

/// Returns `true` if two lists name the same receivers in the same order.
pub(super) fn is_same(one: &Arc<[Arc<str>]>, other: &Arc<[Arc<str>]>) -> bool {
    Arc::ptr_eq(one, other) || one == other
}
