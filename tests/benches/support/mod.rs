//! A small harness for comparisons: the contenders take turns within one run, and what counts are medians and ratios.
//!
//! Criterion and divan measure one function after the other; on a machine whose speed changes from second to second that
//! compares the machine with itself. Here every round measures every contender once, for a short time.

#![allow(
    dead_code,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "each benchmark uses its part; the clock is what is measured"
)]

use std::hint::black_box;
use std::time::{Duration, Instant, SystemTime};

/// How long one contender is measured in one round.
const SLICE: Duration = Duration::from_micros(600);
const ROUNDS: usize = 401;

/// A function that does one operation, by name.
pub(crate) struct Contender<'a> {
    pub(crate) name: String,
    pub(crate) operation: Box<dyn FnMut(u64) + 'a>,
}

/// `operation` does the measured thing as often as it is told; the loop is its own, so that no call stands in it.
pub(crate) fn contender<'a>(
    name: impl Into<String>,
    operation: impl FnMut(u64) + 'a,
) -> Contender<'a> {
    Contender {
        name: name.into(),
        operation: Box::new(operation),
    }
}

/// What a loop around one operation looks like.
#[macro_export]
macro_rules! contender {
    ($name:expr, $operation:expr) => {
        $crate::support::contender($name, |iterations| {
            for _ in 0..iterations {
                ::std::hint::black_box($operation);
            }
        })
    };
}

/// Nanoseconds per operation of each contender, in their order.
pub(crate) fn measure(contenders: &mut [Contender<'_>]) -> Vec<f64> {
    let iterations: Vec<u64> = contenders
        .iter_mut()
        .map(|contender| calibrate(&mut contender.operation))
        .collect();
    let mut samples = vec![Vec::with_capacity(ROUNDS); contenders.len()];
    for _ in 0..ROUNDS {
        for (index, contender) in contenders.iter_mut().enumerate() {
            let start = Instant::now();
            (contender.operation)(iterations[index]);
            samples[index].push(nanos(start.elapsed()) / iterations[index] as f64);
        }
    }
    samples.into_iter().map(median).collect()
}

fn calibrate(operation: &mut dyn FnMut(u64)) -> u64 {
    let mut iterations = 16;
    loop {
        let start = Instant::now();
        operation(iterations);
        let elapsed = start.elapsed();
        if elapsed >= SLICE {
            return iterations;
        }
        iterations *= 2;
    }
}

pub(crate) fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}

pub(crate) fn nanos(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e9
}

/// One read of the wall clock: the unit that results are given in, beside nanoseconds.
pub(crate) fn clock_read() -> Contender<'static> {
    contender("clock read", |iterations| {
        for _ in 0..iterations {
            black_box(SystemTime::now());
        }
    })
}

/// What a second thread gives.
pub(crate) struct Scaling {
    /// Operations per second of one thread.
    pub(crate) single: f64,
    /// Operations per second of two threads together.
    pub(crate) double: f64,
    /// The median of the factors of single pairs of runs, one after the other: the speed of the machine changes, and a
    /// pair is short.
    pub(crate) factor: f64,
    /// The factor that one pair in ten exceeds: what is seen when both cores are free for the while.
    pub(crate) best: f64,
}

/// Runs the operation on one thread and on two, in turns.
pub(crate) fn scaling(operation: &(dyn Fn(u64) + Sync)) -> Scaling {
    const PAIRS: usize = 61;
    let iterations = calibrate(&mut |iterations| operation(iterations)) * 16;
    let pairs: Vec<_> = (0..PAIRS)
        .map(|_| {
            (
                throughput(1, iterations, operation),
                throughput(2, iterations, operation),
            )
        })
        .collect();
    let mut factors: Vec<_> = pairs
        .iter()
        .map(|(single, double)| double / single)
        .collect();
    factors.sort_by(f64::total_cmp);
    Scaling {
        best: factors[factors.len() * 9 / 10],
        single: median(pairs.iter().map(|(single, _)| *single).collect()),
        double: median(pairs.iter().map(|(_, double)| *double).collect()),
        factor: median(factors),
    }
}

/// Operations per second of so many threads, which start together.
fn throughput(threads: usize, iterations: u64, operation: &(dyn Fn(u64) + Sync)) -> f64 {
    let barrier = std::sync::Barrier::new(threads);
    std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    barrier.wait();
                    let start = Instant::now();
                    operation(iterations);
                    iterations as f64 / start.elapsed().as_secs_f64()
                })
            })
            .collect();
        let each = handles
            .into_iter()
            .map(|handle| handle.join().expect("the operation does not panic"));
        each.sum()
    })
}
