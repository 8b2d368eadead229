//! The work of the receivers of this service: records in an internal topic, which a consumer of the bus reads.

use std::collections::HashMap;
use std::fmt;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use crate::delegate_transport;
use crate::transport::{
    EntryId, Groups, Member, Settlement, SharedTransport, Start, TransportError,
};

/// Group that reads the work.
pub(crate) const GROUP: &str = "relay";

/// The topic of the work of receivers, and the end of entries that live no longer than the process.
pub(crate) struct Local {
    pub(crate) transport: SharedTransport,
    pub(crate) topic: String,
    /// The entries that are finished, if the transport is in memory: a row stays in the database until then.
    pub(super) finished: Option<Receiver<Finished>>,
}

/// An entry that every receiver handled or gave up.
pub(super) struct Finished {
    pub(super) entry: EntryId,
    /// Last error of a receiver that gave up.
    pub(super) problem: Option<String>,
}

impl Local {
    /// Stores the work in a transport that outlasts the process.
    pub(crate) const fn kept(transport: SharedTransport, topic: String) -> Self {
        Self {
            transport,
            topic,
            finished: None,
        }
    }

    /// Keeps the work in memory, until its receivers are done.
    ///
    /// # Errors
    /// Returns an error if the transport has no room.
    pub(crate) fn in_memory(inner: SharedTransport, topic: String) -> Result<Self, TransportError> {
        // Without a group, an entry would be finished at once.
        inner.join(&topic, GROUP, Start::Beginning)?;
        let (sender, finished) = channel();
        let watched = Watched {
            inner,
            open: Mutex::default(),
            finished: Mutex::new(sender),
        };
        Ok(Self {
            transport: Arc::new(watched),
            topic,
            finished: Some(finished),
        })
    }
}

/// A transport that reports entries whose receivers are done.
struct Watched {
    inner: SharedTransport,
    /// Parked entries, by the receivers that are retried.
    open: Mutex<HashMap<EntryId, Open>>,
    finished: Mutex<Sender<Finished>>,
}

#[derive(Default)]
struct Open {
    receivers: Vec<Arc<str>>,
    problem: Option<String>,
}

impl Watched {
    fn settled(&self, settlement: &Settlement) {
        let entry = settlement.entry;
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let state = open.entry(entry).or_default();
        if let Some(letter) = settlement.dead.last() {
            let receiver = letter.receiver.as_deref().unwrap_or("-");
            state.problem = Some(format!(
                "receiver `{receiver}` gave up ({}): {}",
                letter.reason, letter.error
            ));
        }
        if let Some(receiver) = &settlement.receiver {
            state.receivers.retain(|other| other != receiver);
        }
        if let Some(parked) = &settlement.parked {
            let receivers = parked
                .retries
                .iter()
                .map(|retry| Arc::clone(&retry.receiver));
            state.receivers.extend(receivers);
        }
        if state.receivers.is_empty() {
            let problem = state.problem.take();
            open.remove(&entry);
            let finished = self.finished.lock().unwrap_or_else(PoisonError::into_inner);
            // The relay may have ended before its consumer.
            let _ = finished.send(Finished { entry, problem });
        }
    }
}

impl Groups for Watched {
    fn settle(&self, member: Member<'_>, settlements: &[Settlement]) -> Result<(), TransportError> {
        self.inner.settle(member, settlements)?;
        for settlement in settlements {
            self.settled(settlement);
        }
        Ok(())
    }

    delegate_transport!(inner: join, lead, renew, receive, claim, release, requeue, retries, claim_retries);
}
delegate_transport!(impl Log, Maintenance for Watched => inner);

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Watched").field(&self.inner).finish()
    }
}

#[cfg(all(test, feature = "memory"))]
mod tests {
    use events_core::{EventMetadata, Timestamp};

    use super::*;
    use crate::record::Record;
    use crate::transport::memory::MemoryTransport;
    use crate::transport::{DeadLetter, DeadReason, Limit, RetryState};

    fn record() -> Record {
        Record::new(EventMetadata::new("org.example.shop.order.placed.v1"), [])
    }

    fn retry(receiver: &str) -> RetryState {
        RetryState {
            receiver: receiver.into(),
            key: None,
            attempts: 1,
            error: "503".into(),
            due: Timestamp::UNIX_EPOCH,
            delay: std::time::Duration::ZERO,
        }
    }

    #[test]
    fn an_entry_is_finished_when_its_last_receiver_is() {
        let local = Local::in_memory(Arc::new(MemoryTransport::new()), "t".to_owned()).unwrap();
        let transport = &local.transport;
        let ids = transport
            .publish("t", &[record(), record(), record()])
            .unwrap();
        let member = Member::new("t", GROUP, "c");
        let entries = transport
            .receive(member, Limit::entries(10), std::time::Duration::ZERO)
            .unwrap();
        assert_eq!(entries.len(), 3);
        let finished = || -> Vec<_> {
            let finished = local.finished.as_ref().unwrap().try_iter();
            finished.map(|it| (it.entry, it.problem)).collect()
        };
        let settled = |entry| Settlement::new(entry, None, Arc::default());
        assert!(finished().is_empty());
        transport.settle(member, &[settled(ids[0])]).unwrap();
        assert_eq!(finished(), [(ids[0], None)]);
        // Two receivers are retried; one of them gives up in the end.
        let parked = settled(ids[1]).with_parked(record(), vec![retry("a"), retry("b")]);
        transport.settle(member, &[parked]).unwrap();
        assert!(finished().is_empty());
        let retries = [(ids[1], "a".into()), (ids[1], "b".into())];
        let idle = std::time::Duration::ZERO;
        let claimed = transport
            .claim_retries(member, &retries, idle, false)
            .unwrap();
        assert_eq!(claimed.len(), 2);
        let again = settled(ids[1])
            .of_retry("a".into())
            .with_parked(record(), vec![retry("a")]);
        transport.settle(member, &[again]).unwrap();
        assert!(finished().is_empty());
        let letter = DeadLetter::new(
            GROUP.into(),
            DeadReason::Exhausted,
            "503",
            ids[1],
            Timestamp::UNIX_EPOCH,
            Ok(record()),
        );
        let dead = settled(ids[1])
            .of_retry("b".into())
            .with_dead(vec![letter.by_receiver("b".into(), 5)]);
        transport.settle(member, &[dead]).unwrap();
        assert!(finished().is_empty(), "the other one is still retried");
        transport
            .settle(member, &[settled(ids[1]).of_retry("a".into())])
            .unwrap();
        let problem = "receiver `b` gave up (exhausted): 503";
        assert_eq!(finished(), [(ids[1], Some(problem.to_owned()))]);
    }

    #[test]
    fn a_settlement_that_is_refused_finishes_nothing() {
        let local = Local::in_memory(Arc::new(MemoryTransport::new()), "t".to_owned()).unwrap();
        let id = local.transport.publish("t", &[record()]).unwrap()[0];
        let old = crate::transport::Epoch::new(9, 9);
        let member = Member::new("t", GROUP, "c").under(old);
        let settlement = Settlement::new(id, None, Arc::default());
        assert!(local.transport.settle(member, &[settlement]).is_err());
        assert_eq!(local.finished.unwrap().try_iter().count(), 0);
    }
}
