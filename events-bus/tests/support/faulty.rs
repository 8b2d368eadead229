//! Transports that break one promise each.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use events_bus::Record;
use events_bus::transport::memory::MemoryTransport;
use events_bus::transport::{
    DeadLetter, Entry, EntryId, Member, Position, Retention, Sequence, Settlement, Standing, Start,
    TopicStatus, Transport, TransportError, Trimmed,
};

/// What a transport does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    Reversed,
    UntracedRecords,
    RepeatsNumbers,
    TopicsInOne,
    HandsOutTwice,
    HandsOutTooMany,
    BeginsAtTheBeginning,
    MovesOnJoin,
    MakesTopicsByLooking,
    TakesWhatIsBusy,
    TakesTooMany,
    PagesFromTheFirst,
    CountsNoDeliveries,
    ExtendsNothing,
    RequeuesForAll,
    RequeuesBehind,
    AllLead,
    LeasesForEver,
    DoesNotLeave,
    NoFence,
    SettlesTheFirst,
    LosesProgress,
    LosesDeadLetters,
    LettersOfAnybody,
    LettersFromTheFirst,
    RemembersNobody,
    RemembersUnfinished,
    RemembersRepeats,
    TrimsUnread,
    TrimsAll,
    ForgetsNothing,
    ReadsFromTheOldest,
    CountsNothing,
}

impl Fault {
    /// Every fault, with checks that notice it.
    pub(crate) const ALL: &[(Self, &[&str])] = &[
        (Self::Reversed, &["order", "in_bulk"]),
        (Self::UntracedRecords, &["whole"]),
        (Self::RepeatsNumbers, &["sequence"]),
        (Self::TopicsInOne, &["topics", "apart"]),
        (Self::HandsOutTwice, &["shares", "disjoint", "none_asked"]),
        (Self::HandsOutTooMany, &["shares", "none_asked", "resumes"]),
        (Self::BeginsAtTheBeginning, &["starts"]),
        (Self::MovesOnJoin, &["starts"]),
        (Self::MakesTopicsByLooking, &["unknown"]),
        (Self::TakesWhatIsBusy, &["idle", "extends"]),
        (Self::TakesTooMany, &["pages"]),
        (Self::PagesFromTheFirst, &["pages", "both_queues"]),
        (Self::CountsNoDeliveries, &["pages", "after_restart"]),
        (Self::ExtendsNothing, &["extends"]),
        (Self::RequeuesForAll, &["requeued"]),
        (Self::RequeuesBehind, &["requeued", "both_queues"]),
        (Self::AllLead, &["leads", "lease_ends", "renews"]),
        (Self::LeasesForEver, &["lease_ends", "renews"]),
        (Self::DoesNotLeave, &["leads", "left"]),
        (Self::NoFence, &["fenced", "left"]),
        (Self::SettlesTheFirst, &["finished", "batch"]),
        (
            Self::LosesProgress,
            &["progress", "again_waits", "given_up"],
        ),
        (
            Self::LosesDeadLetters,
            &["dead_letters", "given_up", "listed"],
        ),
        (Self::LettersOfAnybody, &["letters_apart"]),
        (Self::LettersFromTheFirst, &["listed"]),
        (Self::RemembersNobody, &["duplicates", "remembered"]),
        (Self::RemembersUnfinished, &["waiting_unremembered"]),
        (Self::RemembersRepeats, &["duplicates"]),
        (Self::TrimsUnread, &["unfinished"]),
        (Self::TrimsAll, &["kept", "nobody"]),
        (Self::ForgetsNothing, &["forgets"]),
        (
            Self::ReadsFromTheOldest,
            &["positions", "trimmed_positions"],
        ),
        (Self::CountsNothing, &["state", "finished", "after_trim"]),
    ];
}

/// Topics in memory, with a fault.
#[derive(Debug)]
pub(crate) struct Faulty {
    inner: MemoryTransport,
    fault: Fault,
    /// What was handed out last, by group.
    last: Mutex<HashMap<String, Vec<Entry>>>,
}

impl Faulty {
    pub(crate) fn new(fault: Fault) -> Self {
        Self {
            inner: MemoryTransport::new(),
            fault,
            last: Mutex::default(),
        }
    }

    fn is(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn topic<'a>(&self, topic: &'a str) -> &'a str {
        if self.is(Fault::TopicsInOne) {
            "conformance"
        } else {
            topic
        }
    }
}

type Answer<T> = Result<T, TransportError>;

impl Transport for Faulty {
    fn name(&self) -> &'static str {
        "faulty"
    }

    fn publish(
        &self,
        topic: &str,
        records: &[Record],
        sequence: Option<Sequence<'_>>,
    ) -> Answer<Vec<Option<EntryId>>> {
        let mut records = records.to_vec();
        if self.is(Fault::Reversed) {
            records.reverse();
        }
        if self.is(Fault::UntracedRecords) {
            records = records
                .into_iter()
                .map(|one| one.with_trace(None))
                .collect();
        }
        let sequence = sequence.filter(|_| !self.is(Fault::RepeatsNumbers));
        self.inner.publish(self.topic(topic), &records, sequence)
    }

    fn join(&self, topic: &str, group: &str, start: Start) -> Answer<()> {
        if self.is(Fault::MovesOnJoin) {
            self.inner.forget(topic, group)?;
        }
        let start = if self.is(Fault::BeginsAtTheBeginning) {
            Start::Beginning
        } else {
            start
        };
        self.inner.join(self.topic(topic), group, start)
    }

    fn lead(&self, member: Member<'_>, lease: Duration) -> Answer<Standing> {
        let long = Duration::from_hours(1);
        let lease = if self.is(Fault::LeasesForEver) {
            long
        } else {
            lease
        };
        let standing = self.inner.lead(member, lease)?;
        Ok(if self.is(Fault::AllLead) {
            Standing::Active
        } else {
            standing
        })
    }

    fn take_over(
        &self,
        member: Member<'_>,
        behind: Option<EntryId>,
        idle: Duration,
        most: usize,
    ) -> Answer<Vec<Entry>> {
        let behind = behind.filter(|_| !self.is(Fault::PagesFromTheFirst));
        let idle = if self.is(Fault::TakesWhatIsBusy) {
            Duration::ZERO
        } else {
            idle
        };
        let most = if self.is(Fault::TakesTooMany) {
            most * 2
        } else {
            most
        };
        let mut entries = self.inner.take_over(member, behind, idle, most)?;
        if self.is(Fault::CountsNoDeliveries) {
            for entry in &mut entries {
                entry.deliveries = 1;
            }
        }
        Ok(entries)
    }

    fn receive(&self, member: Member<'_>, most: usize, wait: Duration) -> Answer<Vec<Entry>> {
        let most = if self.is(Fault::HandsOutTooMany) {
            most + 1
        } else {
            most
        };
        let mut entries = self.inner.receive(member, most, wait)?;
        if self.is(Fault::HandsOutTwice) {
            let mut last = self.last.lock().unwrap();
            let former = last.insert(member.group.to_owned(), entries.clone());
            entries.extend(former.unwrap_or_default());
        }
        if self.is(Fault::RemembersRepeats) {
            for entry in &mut entries {
                entry.handled_by = vec!["a".into(), "b".into()];
            }
        }
        Ok(entries)
    }

    fn extend(&self, member: Member<'_>, entries: &[EntryId]) -> Answer<()> {
        let entries = if self.is(Fault::ExtendsNothing) {
            &[]
        } else {
            entries
        };
        self.inner.extend(member, entries)
    }

    fn settle(&self, member: Member<'_>, settlements: &[Settlement], leading: bool) -> Answer<()> {
        let mut settlements = settlements.to_vec();
        if self.is(Fault::SettlesTheFirst) {
            settlements.truncate(1);
        }
        for settlement in &mut settlements {
            if self.is(Fault::LosesProgress) && !settlement.finished {
                settlement.progress = Vec::new();
                settlement.handled_by = Arc::default();
            }
            if self.is(Fault::LosesDeadLetters) {
                settlement.dead = Vec::new();
            }
            if self.is(Fault::RemembersNobody) && settlement.finished {
                settlement.handled_by = Arc::default();
            }
            if self.is(Fault::RemembersUnfinished) {
                settlement.finished = true;
            }
        }
        let leading = leading && !self.is(Fault::NoFence);
        self.inner.settle(member, &settlements, leading)
    }

    fn leave(&self, member: Member<'_>) -> Answer<()> {
        if self.is(Fault::DoesNotLeave) {
            return Ok(());
        }
        self.inner.leave(member)
    }

    fn requeue(&self, topic: &str, group: &str, records: &[Record]) -> Answer<()> {
        if self.is(Fault::RequeuesForAll) {
            for status in self
                .inner
                .status(topic)?
                .into_iter()
                .flat_map(|it| it.groups)
            {
                self.inner.requeue(topic, &status.group, records)?;
            }
            return Ok(());
        }
        if self.is(Fault::RequeuesBehind) {
            return self.inner.publish(topic, records, None).map(drop);
        }
        self.inner.requeue(topic, group, records)
    }

    fn topics(&self) -> Answer<Vec<TopicStatus>> {
        let mut topics = self.inner.topics()?;
        if self.is(Fault::CountsNothing) {
            for topic in &mut topics {
                topic.entries = 0;
                for group in &mut topic.groups {
                    group.pending = 0;
                }
            }
        }
        Ok(topics)
    }

    fn read(&self, topic: &str, from: Position, most: usize) -> Answer<Vec<Entry>> {
        if self.is(Fault::MakesTopicsByLooking) {
            self.inner.publish(topic, &[], None)?;
        }
        let oldest = self.is(Fault::ReadsFromTheOldest);
        let from = if oldest { Position::Oldest } else { from };
        self.inner.read(self.topic(topic), from, most)
    }

    fn dead_letters(
        &self,
        topic: &str,
        behind: Option<EntryId>,
        most: usize,
    ) -> Answer<Vec<(EntryId, DeadLetter)>> {
        let behind = behind.filter(|_| !self.is(Fault::LettersFromTheFirst));
        if self.is(Fault::LettersOfAnybody) {
            let mut letters = Vec::new();
            for status in self.inner.topics()? {
                letters.extend(self.inner.dead_letters(&status.topic, behind, most)?);
            }
            return Ok(letters);
        }
        self.inner.dead_letters(topic, behind, most)
    }

    fn drop_dead_letters(&self, topic: &str, ids: &[EntryId]) -> Answer<u64> {
        self.inner.drop_dead_letters(topic, ids)
    }

    fn trim(&self, topic: &str, mut retention: Retention) -> Answer<Trimmed> {
        if self.is(Fault::TrimsUnread) {
            retention.lose_unread_beyond = Some(0);
        }
        if self.is(Fault::TrimsAll) {
            retention.entries = 0;
        }
        self.inner.trim(topic, retention)
    }

    fn forget(&self, topic: &str, group: &str) -> Answer<bool> {
        if self.is(Fault::ForgetsNothing) {
            return Ok(true);
        }
        self.inner.forget(topic, group)
    }
}
