//! Walks through the model are replayed on every transport: it answers as the rules do.
//!
//! `EVENTS_TRACES` sets the number of walks. CI sets 10,000.

#![allow(
    dead_code,
    missing_debug_implementations,
    unreachable_pub,
    clippy::allow_attributes,
    clippy::unwrap_used,
    reason = "each test binary uses a part of the model, and a test that cannot go on has failed"
)]

mod model {
    pub mod calls;
    pub mod replay;
    pub mod search;
    pub mod steps;
    pub mod topic;
    pub mod world;
}

mod support {
    pub(crate) mod faulty;
    #[cfg(feature = "redis")]
    pub mod redis_server;
}

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use events_bus::transport::SharedTransport;
use events_bus::transport::memory::MemoryTransport;
use model::replay::{replay, walk};
use support::faulty::{Fault, Faulty};

/// Replays walks. Each has a topic of its own, and some hundreds of them share a transport.
fn replay_all(default: u64, mut open: impl FnMut() -> SharedTransport) {
    let given = std::env::var("EVENTS_TRACES").ok();
    let count = given.map_or(default, |text| text.parse().unwrap());
    let mut transport = open();
    for seed in 0..count {
        if seed % 250 == 249 {
            transport = open();
        }
        replay(&*transport, &format!("walk-{seed}"), &walk(seed));
    }
}

#[test]
fn memory_follows_the_rules() {
    replay_all(3_000, || Arc::new(MemoryTransport::new()));
}

#[cfg(feature = "sqlite")]
#[test]
fn sqlite_follows_the_rules() {
    use events_bus::transport::sqlite::{SqliteOptions, SqliteTransport, Sync};

    // A file system in memory spares the disk: each lead is synced.
    let memory = std::path::Path::new("/dev/shm");
    let folder = if memory.is_dir() {
        tempfile::tempdir_in(memory).unwrap()
    } else {
        tempfile::tempdir().unwrap()
    };
    let mut file = 0;
    replay_all(1_000, || {
        let mut options = SqliteOptions::default();
        options.sync = Sync::Normal;
        file += 1;
        let path = folder.path().join(format!("events-{file}.db"));
        Arc::new(SqliteTransport::open(path, options).unwrap())
    });
}

#[cfg(feature = "redis")]
#[test]
#[cfg_attr(not(redis_server), ignore = "needs redis-server")]
fn redis_follows_the_rules() {
    let server = support::redis_server::RedisServer::start();
    replay_all(1_000, || Arc::new(server.transport()));
}

/// The replay notices a transport that does not follow the rules.
#[test]
fn faults_are_noticed() {
    let faults = [
        Fault::RepeatsBatches,
        Fault::TrustsNumbers,
        Fault::AppendsInPart,
        Fault::AnyPublisher,
        Fault::NeverOwn,
        Fault::AllLead,
        Fault::LeasesForever,
        Fault::OneTerm,
        Fault::ReleasesNothing,
        Fault::ExpiredIsOld,
        Fault::UnfencedReceive,
        Fault::UnfencedClaim,
        Fault::UnfencedRenew,
        Fault::UnfencedSettle,
        Fault::UnfencedRetries,
        Fault::UnfencedClaimRetries,
        Fault::ChecksAfterChange,
        Fault::ReleasesUnderOld,
        Fault::NoTrials,
        Fault::OneMark,
        Fault::LosesParked,
        Fault::RetryStays,
        Fault::RetriesReversed,
        Fault::RemembersNobody,
        Fault::ClaimRemembersNobody,
    ];
    let notices = |fault| {
        let transport = Faulty::new(fault);
        (0..2_000).any(|seed| {
            let walk = walk(seed);
            let topic = format!("walk-{seed}");
            catch_unwind(AssertUnwindSafe(|| replay(&transport, &topic, &walk))).is_err()
        })
    };
    let missed: Vec<_> = faults
        .into_iter()
        .filter(|fault| !notices(*fault))
        .collect();
    assert!(missed.is_empty(), "{missed:?}");
    assert!(!notices(Fault::None), "without a fault, nothing is wrong");
}

/// The walks reach what they are for.
#[test]
fn walks_make_every_call_and_see_every_answer() {
    let mut seen = HashSet::new();
    for seed in 0..1_000 {
        for (call, answer) in walk(seed).calls {
            let word = |text: String| {
                let end = text.find(|letter: char| " {".contains(letter));
                text[..end.unwrap_or(text.len())].to_owned()
            };
            let answer = format!("{answer:?}");
            let kinds = [
                "Err(Old)",
                "OldEpoch",
                "NumberTaken",
                "Some(",
                "None",
                "trials: 3",
                "is_duplicate: true",
                "is_retry: true",
            ];
            for kind in kinds.iter().filter(|kind| answer.contains(**kind)) {
                seen.insert(format!("{} {kind}", word(format!("{call:?}"))));
            }
            seen.insert(word(format!("{call:?}")));
        }
    }
    for expected in [
        "Publish None",
        "Publish OldEpoch",
        "Publish NumberTaken",
        "Lead None",
        "Lead Some(",
        "Renew Err(Old)",
        "Receive Err(Old)",
        "Receive is_duplicate: true",
        "Claim Err(Old)",
        "Claim trials: 3",
        "Retries Err(Old)",
        "ClaimRetry Err(Old)",
        "ClaimRetry is_retry: true",
        "Settle Err(Old)",
        "Release",
        "Tick",
    ] {
        assert!(seen.contains(expected), "no walk has {expected}: {seen:?}");
    }
}
