//! The rules of the transports, explored over all interleavings of three processes with crashes, pauses, restores and clones.
//!
//! No event is lost, none of a key runs before an earlier one, and nothing waits for ever. `EVENTS_MODEL=2000000` explores up to
//! that number of states per scenario instead of the default.

#![allow(
    dead_code,
    missing_debug_implementations,
    unreachable_pub,
    clippy::print_stdout,
    clippy::allow_attributes,
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed, and the figures of a search are worth a look"
)]

mod model {
    pub mod calls;
    pub mod search;
    pub mod steps;
    pub mod topic;
    pub mod world;
}

use std::time::Instant;

use model::search::{Outcome, explore};
use model::world::{Budget, Config, Fence, World};

fn config() -> Config {
    Config {
        out: None,
        poison: None,
        max_deliveries: u64::MAX,
        proves_acknowledged: false,
        watches_epochs: true,
        keys: 2,
        batch: 2,
    }
}

fn limit() -> usize {
    let given = std::env::var("EVENTS_MODEL").ok();
    given.map_or(100_000, |text| text.parse().unwrap())
}

fn search(name: &str, world: &World, config: &Config, limit: usize) -> Outcome {
    let began = Instant::now();
    let outcome = explore(world, config, limit);
    println!(
        "{name}: {} states, {} steps deep, {}, {:.1} s",
        outcome.states,
        outcome.depth,
        if outcome.is_complete {
            "complete"
        } else {
            "cut off"
        },
        began.elapsed().as_secs_f64()
    );
    if let Some(found) = &outcome.found {
        println!("  {}:", found.broken);
        for action in &found.trace {
            println!("  - {action:?}");
        }
    }
    outcome
}

const NONE: Budget = Budget {
    sends: 0,
    ticks: 0,
    crashes: 0,
    stops: 0,
    lost_answers: 0,
    failures: 0,
    restores: 0,
    clones: 0,
    failovers: 0,
};

fn publishers(count: u8, sends: u8, left: Budget) -> World {
    World::new(count, 0, Budget { sends, ..left })
}

fn consumers(count: u8, events: u8, left: Budget) -> World {
    World::new(0, count, left).with_log(events)
}

/// Worlds with what may happen in each. Publishers meet consumers only in the log, so most have one kind of them.
fn scenarios() -> Vec<(&'static str, World)> {
    vec![
        (
            "three publishers with pauses",
            publishers(3, 3, Budget { ticks: 2, ..NONE }),
        ),
        (
            "two publishers with pauses, crashes and lost answers",
            publishers(
                2,
                3,
                Budget {
                    ticks: 2,
                    crashes: 1,
                    stops: 1,
                    lost_answers: 1,
                    ..NONE
                },
            ),
        ),
        (
            "two publishers with a restored outbox",
            publishers(
                2,
                4,
                Budget {
                    ticks: 2,
                    restores: 1,
                    ..NONE
                },
            ),
        ),
        (
            "two publishers with a cloned outbox",
            publishers(
                2,
                4,
                Budget {
                    ticks: 2,
                    clones: 1,
                    ..NONE
                },
            ),
        ),
        (
            "three publishers with a restored and cloned outbox",
            publishers(
                3,
                3,
                Budget {
                    ticks: 1,
                    restores: 1,
                    clones: 1,
                    ..NONE
                },
            ),
        ),
        (
            "two publishers with a failover",
            publishers(
                2,
                3,
                Budget {
                    ticks: 2,
                    failovers: 1,
                    ..NONE
                },
            ),
        ),
        (
            "three consumers with pauses",
            consumers(3, 4, Budget { ticks: 3, ..NONE }),
        ),
        (
            "two consumers with pauses, crashes, failures and lost answers",
            consumers(
                2,
                3,
                Budget {
                    ticks: 2,
                    crashes: 1,
                    failures: 1,
                    lost_answers: 1,
                    ..NONE
                },
            ),
        ),
        (
            "two consumers with failing receivers",
            consumers(
                2,
                4,
                Budget {
                    ticks: 1,
                    failures: 2,
                    crashes: 1,
                    stops: 1,
                    ..NONE
                },
            ),
        ),
        (
            "a publisher and a consumer with a failover",
            World::new(
                1,
                1,
                Budget {
                    sends: 3,
                    ticks: 1,
                    failovers: 1,
                    crashes: 1,
                    ..NONE
                },
            ),
        ),
    ]
}

#[test]
fn no_interleaving_loses_reorders_or_strands_an_event() {
    let mut broken = Vec::new();
    for (name, world) in scenarios() {
        let outcome = search(name, &world, &config(), limit());
        broken.extend(outcome.found.map(|found| (name, found)));
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// Takes a fence out. An interleaving breaks a promise then.
fn needed(fence: Fence, world: &World, config: &Config) {
    let config = Config {
        out: Some(fence),
        ..config.clone()
    };
    let outcome = search(&format!("without {fence:?}"), world, &config, 400_000);
    assert!(outcome.found.is_some(), "nothing breaks without {fence:?}");
}

/// Looks only for what a program sees: an event that is lost, out of order, stranded or handled twice.
fn seen() -> Config {
    Config {
        watches_epochs: false,
        ..config()
    }
}

#[test]
fn each_fence_of_publishers_is_needed() {
    let copies = publishers(
        2,
        3,
        Budget {
            ticks: 1,
            clones: 1,
            ..NONE
        },
    );
    let restores = publishers(
        1,
        3,
        Budget {
            restores: 1,
            ..NONE
        },
    );
    let failovers = publishers(
        1,
        2,
        Budget {
            failovers: 1,
            ..NONE
        },
    );
    let both = publishers(
        2,
        3,
        Budget {
            ticks: 1,
            clones: 1,
            failovers: 1,
            ..NONE
        },
    );
    needed(Fence::IdProof, &copies, &seen());
    needed(Fence::IdProof, &restores, &seen());
    needed(Fence::Forgotten, &failovers, &seen());
    needed(Fence::PublishEpoch, &copies, &config());
    let strict = Config {
        proves_acknowledged: true,
        ..seen()
    };
    needed(Fence::RepeatKept, &both, &strict);
}

#[test]
fn each_fence_of_consumers_is_needed() {
    let pauses = consumers(2, 3, Budget { ticks: 2, ..NONE });
    let failures = consumers(
        2,
        3,
        Budget {
            ticks: 1,
            failures: 1,
            ..NONE
        },
    );
    let lost_answers = consumers(
        1,
        2,
        Budget {
            lost_answers: 1,
            ..NONE
        },
    );
    let copies = World::new(
        2,
        1,
        Budget {
            sends: 1,
            ticks: 1,
            restores: 1,
            ..NONE
        },
    );
    needed(Fence::Receive, &pauses, &seen());
    needed(Fence::Settle, &failures, &seen());
    needed(Fence::Rescan, &lost_answers, &seen());
    needed(Fence::LocalLease, &pauses, &seen());
    let one_key = Config { keys: 1, ..seen() };
    needed(Fence::ParkBehind, &failures, &one_key);
    needed(Fence::Duplicates, &copies, &seen());
    needed(Fence::Claim, &pauses, &config());
}

/// Returns a consumer, and events one of which ends the process that handles it.
fn poisoned(out: Option<Fence>) -> Outcome {
    let config = Config {
        out,
        poison: Some(1),
        max_deliveries: 3,
        keys: 3,
        ..config()
    };
    let left = Budget {
        ticks: 6,
        crashes: 1,
        stops: 1,
        ..NONE
    };
    search(
        "an event that ends the process",
        &consumers(1, 3, left),
        &config,
        limit(),
    )
}

#[test]
fn an_event_that_ends_the_process_is_tried_and_given_up() {
    assert!(poisoned(None).found.is_none());
    assert!(poisoned(Some(Fence::Trials)).found.is_some());
}

/// A failover of the transport, together with a copy of an outbox that goes on under the same incarnation, may lose an event: the
/// copy publishes other events under the numbers that the transport forgot. A rule that proves the acknowledged number by the id of
/// its event, as every other number is proven, has no such limit.
#[test]
fn a_failover_among_copies_of_an_outbox_is_a_limit_of_the_rules() {
    let copies = Budget {
        ticks: 1,
        failovers: 1,
        ..NONE
    };
    for world in [
        publishers(
            2,
            3,
            Budget {
                clones: 1,
                ..copies
            },
        ),
        publishers(
            2,
            3,
            Budget {
                restores: 1,
                ..copies
            },
        ),
    ] {
        let outcome = search("a failover among copies", &world, &seen(), 400_000);
        assert!(
            outcome.found.is_some(),
            "the limit is gone: say so on the pages"
        );
        let strict = Config {
            proves_acknowledged: true,
            ..config()
        };
        let outcome = search("the same with a proof", &world, &strict, limit());
        assert!(outcome.found.is_none(), "{:#?}", outcome.found);
    }
}
