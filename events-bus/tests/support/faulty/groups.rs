//! Faults of groups.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use events_bus::Record;
use events_bus::transport::{
    Claim, Claimed, Entry, EntryId, Groups, Leadership, Limit, Log, Maintenance, Member, Queue,
    RetryId, RetryState, Settlement, Start, TransportErrorKind,
};
use events_core::Timestamp;

use super::{Answer, Fault, Faulty, refusal};

impl Faulty {
    /// Breaks what entries say of themselves.
    fn alter_entries(&self, entries: &mut Vec<Entry>, limit: Option<Limit>) {
        let (releases, trimmed) = {
            let memory = self.memory();
            (memory.releases, memory.trimmed)
        };
        if let Some(limit) = limit
            && self.is(Fault::LosesOversize)
        {
            entries.retain(|entry| entry.size() <= limit.bytes);
        }
        if self.is(Fault::TrimsRequeued) && trimmed {
            entries.retain(|entry| entry.id.queue() == Queue::Topic);
        }
        for entry in entries {
            match self.fault {
                Fault::ReleaseCounts => entry.deliveries += u64::from(releases),
                Fault::MarksStay if entry.trials > 0 => entry.trials += releases,
                Fault::OneMark => entry.trials = entry.trials.min(1),
                Fault::RemembersLast => drop(entry.handled_by.drain(1..)),
                _ => {}
            }
            let is_requeued = |record: &Record| record.requeued.is_some();
            if self.is(Fault::RequeuedIsDuplicate) && entry.record.as_ref().is_ok_and(is_requeued) {
                entry.handled_by = vec!["a".into()];
            }
        }
    }

    /// Hands a settlement on, or `None` if this fault drops it.
    fn alter_settlement(&self, mut settlement: Settlement) -> Option<Settlement> {
        let is_requeued = settlement.entry.queue() == Queue::Redelivery;
        let is_parked = settlement.parked.is_some();
        match self.fault {
            Fault::LosesDeadLetters => settlement.dead.clear(),
            Fault::ParkedWithoutLetters if is_parked => settlement.dead.clear(),
            Fault::RemembersNobody => settlement.handled_by = Arc::default(),
            Fault::LosesParked => settlement.parked = None,
            Fault::ParksTopicOnly if is_requeued => settlement.parked = None,
            Fault::ParkedStaysPending if is_parked => return None,
            Fault::RequeuedStays if is_requeued => return None,
            Fault::RetryStays if settlement.receiver.is_some() => return None,
            _ => {}
        }
        if let Some(parked) = &mut settlement.parked {
            if self.is(Fault::ParksUntraced) {
                parked.record.trace = None;
            }
            for state in &mut parked.retries {
                let micros = state.due.as_micros();
                let millis = micros - micros.rem_euclid(1000);
                match self.fault {
                    Fault::ParksMillis => state.due = Timestamp::from_micros(millis).unwrap(),
                    Fault::ParksWithoutKey => state.key = None,
                    _ => {}
                }
            }
        }
        Some(settlement)
    }

    /// Keeps what belongs to an entry that was settled before.
    fn settle_twice(&self, settlements: &[Settlement]) {
        let mut memory = self.memory();
        for settlement in settlements {
            let id = (settlement.entry, settlement.receiver.clone());
            if memory.settled.insert(id) {
                continue;
            }
            memory.letters.extend(settlement.dead.iter().cloned());
            if let Some(parked) = &settlement.parked {
                let retries = parked.retries.iter().cloned();
                memory
                    .retries
                    .extend(retries.map(|state| (settlement.entry, state)));
            }
        }
    }
}

impl Groups for Faulty {
    fn join(&self, topic: &str, group: &str, start: Start) -> Answer<()> {
        if self.is(Fault::MovesOnJoin) {
            self.inner.delete_group(topic, group)?;
        }
        let start = if self.is(Fault::BeginsAtBeginning) {
            Start::Beginning
        } else {
            start
        };
        self.inner.join(self.topic(topic), group, start)
    }

    fn lead(&self, member: Member<'_>, lease: Duration) -> Answer<Leadership> {
        let mut member = member;
        let mut lease = lease;
        let plain: String = member.consumer.chars().filter(char::is_ascii).collect();
        match self.fault {
            Fault::LeasesForever => lease = Duration::from_hours(1),
            Fault::OneLead => (member.topic, member.group) = ("conformance", "group"),
            Fault::AsciiNames => member.consumer = &plain,
            Fault::OneTerm => {
                let last = self.memory().epochs.last().map(|(epoch, _)| *epoch);
                if let Some(last) = last
                    && self.check(member.under(last)).is_ok()
                {
                    return Ok(Leadership::Leader(last));
                }
            }
            _ => {}
        }
        let leadership = self.inner.lead(member, lease)?;
        if let Some(epoch) = leadership.epoch() {
            self.lease(epoch, lease);
            self.memory().leader = Some(member.consumer.to_owned());
        } else if self.is(Fault::AllLead) {
            let last = self.memory().epochs.last().map(|(epoch, _)| *epoch);
            return Ok(Leadership::Leader(last.unwrap()));
        }
        Ok(leadership)
    }

    fn renew(&self, member: Member<'_>, lease: Duration, entries: &[EntryId]) -> Answer<()> {
        let member = self.fenced(member, Fault::UnfencedRenew)?;
        if self.is(Fault::RenewsNothing) {
            return self.check(member);
        }
        let none = self.is(Fault::TouchesNothing);
        let entries = if none { &[] } else { entries };
        let lease = if self.is(Fault::LeasesForever) {
            Duration::from_hours(1)
        } else {
            lease
        };
        self.inner.renew(member, lease, entries)?;
        if let Some(epoch) = member.epoch {
            self.lease(epoch, lease);
        }
        Ok(())
    }

    fn receive(&self, member: Member<'_>, limit: Limit, wait: Duration) -> Answer<Vec<Entry>> {
        let fenced = self.fenced(member, Fault::UnfencedReceive)?;
        let mut acting = fenced;
        let (mut asked, mut wait) = (limit, wait);
        match self.fault {
            Fault::IgnoresBytes => asked.bytes = usize::MAX,
            Fault::HandsOutTooMany => asked.entries += 1,
            Fault::RequeuedFirst => asked.entries *= 2,
            Fault::DoesNotWait => wait = Duration::ZERO,
            Fault::WaitsAnyway => wait = wait.max(Duration::from_secs(6)),
            Fault::ChecksAfterChange => acting.epoch = None,
            Fault::ChecksBeforeWait => {
                self.check(fenced)?;
                thread::sleep(Duration::from_micros(300));
                acting.epoch = None;
            }
            _ => {}
        }
        let mut entries = self.inner.receive(acting, asked, wait)?;
        if self.is(Fault::ChecksAfterChange) {
            self.check(fenced)?;
        }
        if self.is(Fault::RequeuedFirst) {
            entries.truncate(limit.entries);
        }
        if self.is(Fault::HandsOutTwice) && !entries.is_empty() {
            let mut memory = self.memory();
            let former = memory.last.insert(member.group.to_owned(), entries.clone());
            entries.extend(former.unwrap_or_default());
        }
        self.alter_entries(&mut entries, Some(limit));
        Ok(entries)
    }

    fn claim(&self, member: Member<'_>, claim: Claim) -> Answer<Claimed> {
        let fenced = self.fenced(member, Fault::UnfencedClaim)?;
        let mut acting = fenced;
        let mut asked = claim;
        match self.fault {
            Fault::IgnoresBytes => asked.limit.bytes = usize::MAX,
            Fault::ClaimsTooMany => asked.limit.entries = claim.limit.entries * 2 + 1,
            Fault::PagesFromFirst => asked.after = None,
            Fault::ClaimsBusy => asked.idle = Duration::ZERO,
            Fault::NeverOwn => asked.own = false,
            Fault::AlwaysOwn => asked.own = true,
            Fault::NoTrials => asked.trial = false,
            Fault::NoSuspects => asked.max_deliveries = u64::MAX,
            Fault::ChecksAfterChange => acting.epoch = None,
            _ => {}
        }
        let mut claimed = self.inner.claim(acting, asked)?;
        if self.is(Fault::ChecksAfterChange) {
            self.check(fenced)?;
        }
        if self.is(Fault::SilentSuspects) {
            claimed.suspect = None;
        }
        if self.is(Fault::CountsSuspects) && claimed.suspect.is_some() {
            let only = Claim {
                after: claimed.entries.last().map(|entry| entry.id),
                limit: Limit::entries(1),
                max_deliveries: u64::MAX,
                ..asked
            };
            self.inner.claim(acting, only)?;
        }
        if self.is(Fault::TrialWithNeighbors)
            && let [only] = &claimed.entries[..]
            && only.trials > 0
        {
            let rest = Claim {
                after: Some(only.id),
                ..asked
            };
            claimed
                .entries
                .extend(self.inner.claim(acting, rest)?.entries);
        }
        if self.is(Fault::ClaimsTopicOnly) {
            let is_topic = |entry: &Entry| entry.id.queue() == Queue::Topic;
            claimed.entries.retain(is_topic);
        }
        for entry in &mut claimed.entries {
            match self.fault {
                Fault::CountsNoDeliveries => entry.deliveries = 1,
                Fault::ClaimRemembersNobody => entry.handled_by.clear(),
                _ => {}
            }
        }
        self.alter_entries(&mut claimed.entries, Some(claim.limit));
        Ok(claimed)
    }

    fn settle(&self, member: Member<'_>, settlements: &[Settlement]) -> Answer<()> {
        let fenced = self.fenced(member, Fault::UnfencedSettle)?;
        let mut acting = fenced;
        if self.is(Fault::ChecksAfterChange) {
            acting.epoch = None;
        }
        let mut all: Vec<_> = settlements
            .iter()
            .cloned()
            .filter_map(|settlement| self.alter_settlement(settlement))
            .collect();
        if self.is(Fault::SettlesFirst) {
            all.truncate(1);
        }
        let is_stranger = |it: &Settlement| it.entry.major() >= 1 << 40;
        if self.is(Fault::StopsAtStranger)
            && let Some(stranger) = all.iter().position(is_stranger)
        {
            all.truncate(stranger);
        }
        self.inner.settle(acting, &all)?;
        if self.is(Fault::SettlesTwice) {
            self.settle_twice(settlements);
        }
        if self.is(Fault::ChecksAfterChange) {
            self.check(fenced)?;
        }
        Ok(())
    }

    fn release(&self, member: Member<'_>) -> Answer<()> {
        let mut member = member;
        let is_old = self.check(member).is_err();
        match self.fault {
            Fault::ReleasesNothing => return Ok(()),
            Fault::ReleaseKeepsEntries if member.epoch.is_some() => {
                return self.inner.renew(member, Duration::ZERO, &[]);
            }
            Fault::ReleasesUnderOld if is_old => member.epoch = None,
            Fault::RefusesOldRelease => self.check(member)?,
            _ => {}
        }
        self.memory().releases += 1;
        self.inner.release(member)
    }

    fn requeue(&self, topic: &str, group: &str, records: &[Record]) -> Answer<()> {
        if self.is(Fault::JoinsOnRequeue) {
            self.inner.join(topic, group, Start::Beginning)?;
        }
        if self.is(Fault::RequeuesForAll) {
            let status = self.inner.status(topic)?;
            for status in status.into_iter().flat_map(|it| it.groups) {
                self.inner.requeue(topic, &status.group, records)?;
            }
            return Ok(());
        }
        if self.is(Fault::RequeuesBehind) {
            return self.inner.publish(topic, records).map(drop);
        }
        self.inner.requeue(topic, group, records)
    }

    fn retries(&self, member: Member<'_>) -> Answer<Vec<(EntryId, RetryState)>> {
        let member = self.fenced(member, Fault::UnfencedRetries)?;
        let mut retries = self.inner.retries(member)?;
        if self.is(Fault::OneRetryQueue) {
            let status = self.inner.status(member.topic)?;
            for status in status.into_iter().flat_map(|it| it.groups) {
                if status.group != member.group {
                    let other = Member::new(member.topic, &status.group, "looks");
                    retries.extend(self.inner.retries(other)?);
                }
            }
        }
        retries.extend(self.memory().retries.iter().cloned());
        if self.is(Fault::RetriesReversed) {
            retries.reverse();
        }
        Ok(retries)
    }

    fn claim_retries(
        &self,
        member: Member<'_>,
        retries: &[RetryId],
        idle: Duration,
        trial: bool,
    ) -> Answer<Vec<Entry>> {
        let fenced = self.fenced(member, Fault::UnfencedClaimRetries)?;
        let mut acting = fenced;
        if self.is(Fault::ChecksAfterChange) {
            acting.epoch = None;
        }
        if self.is(Fault::TrimsParked) && self.memory().trimmed {
            return Err(refusal(TransportErrorKind::Corrupt));
        }
        let idle = if self.is(Fault::RetriesBusy) {
            Duration::ZERO
        } else {
            idle
        };
        let trial = trial && !self.is(Fault::NoTrials);
        let mut entries = self.inner.claim_retries(acting, retries, idle, trial)?;
        if self.is(Fault::ChecksAfterChange) {
            self.check(fenced)?;
        }
        if self.is(Fault::ClaimsRetriesByEntry) {
            entries.sort_by_key(|entry| entry.id);
        }
        if self.is(Fault::RetriesAllOrNone) && entries.len() < retries.len() {
            return Ok(Vec::new());
        }
        for entry in &mut entries {
            let id = (entry.id, entry.retry.clone().unwrap().receiver);
            let mut memory = self.memory();
            let count = memory.claimed.entry(id).or_default();
            *count += 1;
            match self.fault {
                Fault::RetryCountsStay => entry.deliveries = *count,
                Fault::CountsNoRetries => entry.deliveries = 1,
                Fault::RetryRemembersNobody => entry.handled_by.clear(),
                _ => {}
            }
        }
        self.alter_entries(&mut entries, None);
        Ok(entries)
    }
}
