//! Faults of maintenance.

use std::time::Duration;

use events_bus::delegate_transport;
use events_bus::transport::{
    DeadLetter, DeadLetterLimits, EntryId, Maintenance, Retention, TopicStatus, Trimmed,
};

use super::{Answer, Fault, Faulty};

impl Maintenance for Faulty {
    fn topics(&self) -> Answer<Vec<TopicStatus>> {
        let mut topics = self.inner.topics()?;
        for topic in &mut topics {
            if self.is(Fault::CountsNothing) {
                topic.entries = 0;
            }
            for group in &mut topic.groups {
                if self.is(Fault::CountsNothing) {
                    group.pending = 0;
                }
                if self.is(Fault::UnreadUnknown) {
                    group.unread = None;
                }
                if self.is(Fault::CountsNoParked) {
                    group.parked = 0;
                }
                if self.is(Fault::OldestUnknown) {
                    group.oldest_unfinished = None;
                }
                if self.is(Fault::LeadsForever) {
                    group.leader.clone_from(&self.memory().leader);
                }
            }
        }
        Ok(topics)
    }

    fn dead_letters(
        &self,
        topic: &str,
        after: Option<EntryId>,
        limit: usize,
    ) -> Answer<Vec<(EntryId, DeadLetter)>> {
        let after = after.filter(|_| !self.is(Fault::LettersFromFirst));
        let mut letters = Vec::new();
        if self.is(Fault::LettersOfAnybody) {
            for status in self.inner.topics()? {
                letters.extend(self.inner.dead_letters(&status.topic, after, limit)?);
            }
            return Ok(letters);
        }
        letters = self.inner.dead_letters(topic, after, limit)?;
        let twice = self.memory().letters.clone();
        letters.extend(twice.into_iter().map(|it| (EntryId::new(1 << 40, 0), it)));
        Ok(letters)
    }

    fn trim_dead_letters(&self, topic: &str, mut limits: DeadLetterLimits) -> Answer<u64> {
        if self.is(Fault::KeepsLetters) {
            return Ok(0);
        }
        if self.is(Fault::LettersAgeAtOnce) {
            limits.age = limits.age.map(|_| Duration::ZERO);
        }
        self.inner.trim_dead_letters(topic, limits)
    }

    fn trim(&self, topic: &str, mut retention: Retention) -> Answer<Trimmed> {
        match self.fault {
            Fault::TrimsUnread => retention.lose_unread_beyond = Some(0),
            Fault::TrimsAll => retention.entries = 0,
            Fault::IgnoresBefore => retention.before = None,
            Fault::LosesNothing => retention.lose_unread_beyond = None,
            Fault::TrimsInPart => retention.entries += 100,
            _ => {}
        }
        self.memory().trimmed = true;
        let mut trimmed = self.inner.trim(topic, retention)?;
        if self.is(Fault::LosesUncounted) {
            trimmed.unread = 0;
        }
        Ok(trimmed)
    }

    fn delete_group(&self, topic: &str, group: &str) -> Answer<bool> {
        if self.is(Fault::DeletesNothing) {
            return Ok(true);
        }
        self.inner.delete_group(topic, group)
    }

    delegate_transport!(inner: drop_dead_letters, warnings, backup, vacuum);
}
