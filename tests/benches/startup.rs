//! What the first send costs with 10,000 receivers in the binary, against the bar: walking inventory's list and sorting
//! its entries once.
//!
//! The first send happens once in a process, so each measurement is a process of its own: this program runs itself. The
//! bar's entries are as many, in the same binary, with ids as long as those of the receivers.
//!
//! `cargo bench -p events-tests --bench startup`

#![allow(
    unreachable_pub,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a benchmark measures with the clock and prints; macros write its receivers"
)]

mod support;

use std::hint::black_box;
use std::process::Command;
use std::time::Instant;

use support::{median, nanos};

const RUNS: usize = 41;

/// An entry of the bar.
struct Entry {
    priority: i32,
    id: &'static str,
}

inventory::collect!(Entry);

/// Ten signals, each of which gets a thousand receivers.
mod signals {
    use events_core::event;

    macro_rules! signals {
        ($($signal:ident = $type:literal),* $(,)?) => {
            $(
                #[event(type = $type)]
                pub struct $signal {
                    pub number: i64,
                }
            )*
        };
    }

    signals! {
        S0 = "org.example.bench.s0.sent.v1", S1 = "org.example.bench.s1.sent.v1", S2 = "org.example.bench.s2.sent.v1",
        S3 = "org.example.bench.s3.sent.v1", S4 = "org.example.bench.s4.sent.v1", S5 = "org.example.bench.s5.sent.v1",
        S6 = "org.example.bench.s6.sent.v1", S7 = "org.example.bench.s7.sent.v1", S8 = "org.example.bench.s8.sent.v1",
        S9 = "org.example.bench.s9.sent.v1",
    }
}

/// Ten times ten times ten times ten receivers, each with an entry for the bar.
macro_rules! tens {
    (@leaf $($name:ident $signal:ident),*) => {
        $(
            #[::events_core::receiver(crate::signals::$signal)]
            fn $name(number: i64) {
                ::std::hint::black_box(number);
            }

            ::inventory::submit! {
                crate::Entry { priority: 0, id: concat!(module_path!(), "::", stringify!($name)) }
            }
        )*
    };
    (@level []) => {
        tens!(@leaf r0 S0, r1 S1, r2 S2, r3 S3, r4 S4, r5 S5, r6 S6, r7 S7, r8 S8, r9 S9);
    };
    (@level [$next:tt $($rest:tt)*]) => { tens!(@modules [$($rest)*] m0 m1 m2 m3 m4 m5 m6 m7 m8 m9); };
    (@modules $rest:tt $($module:ident)*) => {
        $(mod $module {
            tens!(@level $rest);
        })*
    };
}

mod receivers {
    tens!(@level [ten ten ten]);
}

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("first-send") => first_send(),
        Some("bar") => bar(),
        _ => compare(),
    }
}

/// The time of the first send of the process, in nanoseconds, on standard output.
fn first_send() {
    let start = Instant::now();
    let responses = signals::S0.send_event(signals::S0 {
        number: black_box(1),
    });
    let elapsed = start.elapsed();
    assert_eq!(responses.len(), 1_000);
    println!("{}", nanos(elapsed));
}

/// The time of the bar, in nanoseconds, on standard output.
fn bar() {
    let start = Instant::now();
    let mut entries: Vec<_> = inventory::iter::<Entry>.into_iter().collect();
    entries.sort_unstable_by(|a, b| a.priority.cmp(&b.priority).then_with(|| a.id.cmp(b.id)));
    let elapsed = start.elapsed();
    assert_eq!(black_box(&entries).len(), 10_000);
    println!("{}", nanos(elapsed));
}

fn compare() {
    let program = std::env::current_exe().expect("this program has a path");
    let run = |what: &str| -> f64 {
        let output = Command::new(&program)
            .arg(what)
            .output()
            .expect("this program runs");
        String::from_utf8_lossy(&output.stdout)
            .trim()
            .parse()
            .expect("the program prints a number")
    };
    let (mut sends, mut bars) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        bars.push(run("bar"));
        sends.push(run("first-send"));
    }
    let (send, bar) = (median(sends), median(bars));
    println!("| 10,000 receivers | ms |");
    println!("| --- | --- |");
    println!("| bar: walk and sort once | {:.3} |", bar / 1e6);
    println!("| first send | {:.3} |", send / 1e6);
    println!("| ratio | {:.2} |", send / bar);
}
