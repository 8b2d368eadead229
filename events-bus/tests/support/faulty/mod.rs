//! Transports that break one promise each.

mod groups;
mod log;
mod maintenance;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use events_bus::Record;
use events_bus::transport::memory::MemoryTransport;
use events_bus::transport::rules::Publication;
use events_bus::transport::{
    DeadLetter, Entry, EntryId, Epoch, Groups, Member, RetryState, TransportError,
    TransportErrorKind,
};
use events_core::Uuid;

macro_rules! faults {
    ($($fault:ident: $($check:ident)+;)*) => {
        /// A fault of a transport.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Fault {
            None,
            $($fault,)*
        }

        impl Fault {
            /// Every fault, with the checks that notice it.
            pub(crate) const ALL: &[(Self, &[&str])] = &[
                $((Self::$fault, &[$(stringify!($check)),+]),)*
            ];
        }
    };
}

faults! {
    // Publishing and reading.
    Reversed: order in_bulk;
    ForeignIds: ids;
    HoldsBack: together;
    DoesNotWait: wakes requeue_wakes fenced_waiting;
    WaitsAnyway: zero;
    RefusesNothing: nothing;
    Untraced: whole;
    Truncates: bodies;
    RefusesLarge: large;
    TopicsInOne: topics apart;
    CreatesByLooking: unknown;
    ReadsFromOldest: positions trimmed_positions;
    // Batches of an outbox.
    RepeatsBatches: batch_once batch_paused;
    RemembersAppended: batch_once;
    TrustsNumbers: batch_numbers;
    AppendsInPart: batch_numbers;
    RemembersAllIds: batch_last;
    AnyPublisher: batch_epochs batch_holders batch_repeat_fences batch_paused;
    AnyPublisherOfCounter: batch_holders;
    EpochWithAppend: batch_repeat_fences;
    NeverForgotten: batch_forgotten;
    OneIncarnation: batch_apart;
    NumbersOfAllTopics: batch_apart;
    EmptyBatchUnchecked: batch_empty;
    EmptyBatchCounts: batch_empty;
    BatchInTwoSteps: batch_shared;
    // Groups and limits.
    IgnoresBytes: receive_bytes claim_bytes;
    LosesOversize: receive_bytes claim_bytes;
    HandsOutTwice: shares disjoint resumes;
    HandsOutTooMany: shares none_asked;
    BeginsAtBeginning: starts;
    MovesOnJoin: starts;
    AsciiNames: unicode;
    DeletesNothing: deleted fenced_deleted;
    JoinsOnRequeue: no_group;
    ClaimsTooMany: pages claim_entries;
    PagesFromFirst: pages both_queues;
    ClaimsTopicOnly: both_queues;
    ClaimsBusy: idle touched;
    NeverOwn: idle own;
    AlwaysOwn: own;
    TouchesNothing: touched;
    CountsNoDeliveries: pages after_restart counts;
    RequeuesForAll: requeued;
    RequeuesBehind: requeued both_queues;
    RequeuedFirst: requeue_fair;
    RequeuedStays: requeue_settles;
    // Leading and fencing.
    AllLead: leads lease_ends renews;
    LeasesForever: lease_ends renews;
    RenewsNothing: renews;
    OneTerm: terms;
    ReleasesNothing: leads released retry_released;
    ReleaseKeepsEntries: released;
    ExpiredIsOld: expired;
    OneLead: led_apart;
    UnfencedReceive: fenced_receive fenced_deleted fenced_holder terms;
    UnfencedClaim: fenced_claim;
    UnfencedRenew: fenced_renew;
    UnfencedSettle: fenced_settle fenced_parking;
    UnfencedRetries: fenced_retries;
    UnfencedClaimRetries: fenced_claim_retries;
    ChecksAfterChange: fenced_receive fenced_claim fenced_settle fenced_parking fenced_claim_retries;
    ChecksBeforeWait: fenced_waiting fenced_race;
    ReleasesUnderOld: fenced_release;
    RefusesOldRelease: fenced_release;
    AnyHolder: fenced_holder;
    FencesEverybody: unfenced;
    // Deliveries and trials.
    ReleaseCounts: release_uncounts retry_released;
    NoSuspects: suspects;
    SilentSuspects: suspects;
    CountsSuspects: neighbors;
    NoTrials: trials trial_of_first marks_add_up retry_trials;
    TrialWithNeighbors: trials;
    OneMark: marks_add_up retry_trials;
    MarksStay: marks_go retry_released;
    // Settling, dead letters, parking.
    SettlesFirst: finished batch;
    StopsAtStranger: batch;
    SettlesTwice: settled_late dead_letters parks_once retry_once;
    LosesDeadLetters: dead_letters listed requeue_settles;
    LettersFromFirst: listed;
    LettersOfAnybody: letters_apart;
    KeepsLetters: letter_limits;
    LettersAgeAtOnce: letter_age;
    LosesParked: parks parks_whole;
    ParkedStaysPending: parks;
    ParkedWithoutLetters: parks_with_letters;
    ParksUntraced: parks_whole;
    ParksMillis: parks_states;
    ParksWithoutKey: parks_states;
    TrimsParked: parks_outlive_trimming;
    ParksTopicOnly: parks_requeued;
    OneRetryQueue: parks_apart;
    RetriesReversed: retries_ordered;
    ClaimsRetriesByEntry: retries_ordered;
    RetryStays: retry_settles;
    RetryCountsStay: retry_parks_again;
    RetriesBusy: retry_idle retry_survives;
    CountsNoRetries: retry_counts;
    RetriesAllOrNone: retry_gone;
    // Duplicates.
    RemembersNobody: duplicates remembered;
    RemembersLast: remembered;
    ClaimRemembersNobody: duplicates_claimed;
    RetryRemembersNobody: duplicates_retried;
    RequeuedIsDuplicate: duplicates_requeued;
    // Retention and status.
    TrimsUnread: unfinished;
    TrimsAll: kept nobody;
    IgnoresBefore: kept_before;
    LosesNothing: lost;
    LosesUncounted: lost requeued_stays;
    TrimsRequeued: requeued_stays;
    TrimsInPart: trims_all;
    CountsNothing: state finished after_trim;
    UnreadUnknown: state_late state;
    OldestUnknown: oldest;
    CountsNoParked: state_parked;
    LeadsForever: state_leader;
}

/// A transport in memory, with a fault.
#[derive(Debug)]
pub(crate) struct Faulty {
    inner: MemoryTransport,
    fault: Fault,
    memory: Mutex<Memory>,
}

/// What the faults have to remember.
#[derive(Debug, Default)]
struct Memory {
    /// Publications, by topic and incarnation.
    publications: HashMap<(String, Uuid), Publication>,
    /// A record that was not published yet.
    held_back: Option<Record>,
    /// Entries that were handed out last, by group.
    last: HashMap<String, Vec<Entry>>,
    /// Epochs with the end of their leases.
    epochs: Vec<(Epoch, Instant)>,
    leader: Option<String>,
    releases: u32,
    trimmed: bool,
    settled: HashSet<(EntryId, Option<Arc<str>>)>,
    letters: Vec<DeadLetter>,
    retries: Vec<(EntryId, RetryState)>,
    claimed: HashMap<(EntryId, Arc<str>), u64>,
}

type Answer<T> = Result<T, TransportError>;

impl Faulty {
    pub(crate) fn new(fault: Fault) -> Self {
        Self {
            inner: MemoryTransport::new(),
            fault,
            memory: Mutex::default(),
        }
    }

    fn is(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap()
    }

    fn topic<'a>(&self, topic: &'a str) -> &'a str {
        if self.is(Fault::TopicsInOne) {
            "conformance"
        } else {
            topic
        }
    }

    /// Fails if the epoch of a member is old.
    fn check(&self, member: Member<'_>) -> Answer<()> {
        self.inner.retries(member).map(drop)
    }

    /// Returns the member as a call with this fault sees it.
    fn fenced<'a>(&self, member: Member<'a>, unfenced: Fault) -> Answer<Member<'a>> {
        let mut member = member;
        if self.is(unfenced) {
            member.epoch = None;
        }
        if self.is(Fault::FencesEverybody) && member.epoch.is_none() && member.consumer != "looks" {
            return Err(refusal(TransportErrorKind::LostLease));
        }
        let Some(epoch) = member.epoch else {
            return Ok(member);
        };
        let memory = self.memory();
        let known = memory.epochs.iter().rev();
        let mut of_counter = known.filter(|(known, _)| known.counter() == epoch.counter());
        let Some((known, until)) = of_counter.next() else {
            return Ok(member);
        };
        if self.is(Fault::AnyHolder) {
            member.epoch = Some(*known);
        }
        if self.is(Fault::ExpiredIsOld) && Instant::now() > *until {
            return Err(refusal(TransportErrorKind::LostLease));
        }
        Ok(member)
    }

    fn lease(&self, epoch: Epoch, lease: Duration) {
        self.memory().epochs.push((epoch, Instant::now() + lease));
    }
}

fn refusal(kind: TransportErrorKind) -> TransportError {
    TransportError::new(kind, "faulty", "refused by a fault")
}
