//! Random calls to both transports.

use super::*;

fn run(seed: u64) {
    let folder = tempfile::tempdir().unwrap();
    let mut options = SqliteOptions::default();
    options.sync = Sync::Normal;
    let file = SqliteTransport::open(folder.path().join("events.db"), options).unwrap();
    let pair = Pair {
        memory: MemoryTransport::new(),
        file,
        epochs: Vec::new(),
    };
    pair.both(
        "join",
        |on, _| on.join(TOPIC, "billing", Start::Beginning),
        |()| (),
    );
    let mut run = Run {
        pair,
        random: fastrand::Rng::with_seed(seed),
        records: Vec::new(),
        entries: Vec::new(),
        retries: Vec::new(),
        acknowledged: 0,
    };
    for _ in 0..CALLS {
        run.step();
        run.compare_status();
    }
    let mut requeued = run
        .entries
        .iter()
        .filter(|id| id.queue() == Queue::Redelivery);
    assert!(requeued.next().is_some(), "seed {seed} requeues");
    assert!(!run.retries.is_empty(), "seed {seed} parks");
}

#[test]
fn the_file_agrees_with_the_memory_transport() {
    for seed in 0..RUNS {
        let result = std::panic::catch_unwind(|| run(seed));
        assert!(result.is_ok(), "seed {seed}: see above");
    }
}
