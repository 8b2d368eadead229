//! What a send costs, and how far two threads get, beside the fastest crates that do something of the kind, in one run.
//!
//! `cargo bench --manifest-path tests/peers/Cargo.toml`
//!
//! Everywhere the event is one `i64`, and the receivers are 1, 4, 16 or 64 functions that each show the number to
//! `black_box`. They are as many types and entries, but equal code, which the compiler merges, ours as theirs.
//! Contenders take turns within a run; what counts are medians, and ratios of those. `-- --quick` leaves the threads
//! out. The second table means something only where two cores have nothing else to do.
//!
//! | contender | how it is used |
//! | --- | --- |
//! | events-core | `#[receiver]`, `send_event`; its features `testing` and `tokio` are off |
//! | events-core, connected | closures connected at run time with `connect_with`, as all the peers do it |
//! | `bevy_ecs` | global observers, `World::trigger`; the feature `std` alone |
//! | `evenio` | handlers of a global event, `World::send` |
//! | `mod-events` | `on`, and `emit`, its cheapest send; without the feature `async` |
//! | `signals2` | `connect`, `emit`; the default combiner |
//! | `tokio` | `broadcast`: one `send`, then one `try_recv` of each receiver, on the same thread |
//!
//! They do not do the same: events-core and `mod-events` catch panics and hear of errors, `mod-events` also reads the
//! clock and counts, the worlds hand each receiver the parameters of a system, and a channel calls nobody.
//!
//! Two threads share a signal or a dispatcher where the crate lets them. `bevy_ecs` and `evenio` need `&mut World`, and
//! `broadcast` needs `&mut Receiver`: there, each thread has a world, or a channel, to itself, and contends for nothing.

#![allow(
    unreachable_pub,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a benchmark is a binary, prints, and divides counts"
)]

#[path = "../../benches/support/mod.rs"]
mod support;

mod column;
#[macro_use]
mod connect;
mod bevy;
mod broadcast;
mod evenio;
mod mod_events;
mod ours;
mod report;
mod signals2;

use column::{Column, own, shared};
use support::{clock_read, measure, scaling};

const COUNTS: [usize; 4] = [1, 4, 16, 64];

/// How often the contenders take turns with two threads; each turn is a median already.

fn main() {
    let quick = std::env::args().any(|arg| arg == "--quick");
    // Ours is the first: the others are compared with it.
    let columns = [
        ours::receivers(),
        ours::connected(),
        own::<bevy::Observers>("bevy_ecs"),
        own::<evenio::Handlers>("evenio"),
        shared::<mod_events::Listeners>("mod-events"),
        shared::<signals2::Slots>("signals2"),
        own::<broadcast::Channel>("tokio broadcast"),
    ];
    let names: Vec<&str> = columns.iter().map(|column| column.name).collect();

    let costs = costs(&columns);
    report::costs(&names, &costs);
    if quick {
        return;
    }
    let rates = rates(&columns);
    report::rates(&names, &rates);
    report::bars(&names, &costs, &rates);
}

/// Nanoseconds per send: one row for each number of receivers, one entry for each contender.
fn costs(columns: &[Column]) -> Vec<Vec<f64>> {
    let mut contenders = vec![clock_read()];
    for count in COUNTS {
        contenders.extend(columns.iter().map(|column| (column.contender)(count)));
    }
    let results = measure(&mut contenders);
    println!("one clock read: {:.1} ns\n", results[0]);
    results[1..]
        .chunks(columns.len())
        .map(<[f64]>::to_vec)
        .collect()
}

/// Sends per second of one thread and of two, in the same order.
fn rates(columns: &[Column]) -> Vec<Vec<[f64; 2]>> {
    let row = |count| {
        let operations = columns.iter().map(|column| (column.operation)(count));
        let scalings = operations.map(|operation| scaling(&*operation));
        scalings.map(|scaling| [scaling.single, scaling.double]).collect()
    };
    COUNTS.into_iter().map(row).collect()
}
