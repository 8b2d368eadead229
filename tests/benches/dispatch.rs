//! What a send costs, against the bar: a loop over a static slice of function pointers, plain, and with results collected
//! and panics caught.
//!
//! `cargo bench -p events-tests --bench dispatch`

#![allow(
    unreachable_pub,
    unused_imports,
    dead_code,
    clippy::print_stdout,
    clippy::trivially_copy_pass_by_ref,
    reason = "one macro writes all cases, the one without receivers included; an event is passed by reference"
)]

mod support;

use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind};

use events_core::BoxError;
use support::{Contender, clock_read, measure, scaling};

/// So many operations.
type Operation = &'static (dyn Fn(u64) + Sync);

/// A receiver's error, or its panic.
type Failure = Result<BoxError, Box<dyn std::any::Any + Send>>;

/// A function of the bar, for an event of one number.
type Function = fn(&i64) -> Result<(), BoxError>;

#[inline(never)]
fn plain(functions: &[Function], event: &i64) -> usize {
    functions
        .iter()
        .filter(|function| function(event).is_err())
        .count()
}

#[inline(never)]
fn robust(functions: &[Function], event: &i64) -> Vec<(usize, Failure)> {
    let mut failures = Vec::new();
    for (index, function) in functions.iter().enumerate() {
        match catch_unwind(AssertUnwindSafe(|| function(event))) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => failures.push((index, Ok(error))),
            Err(panic) => failures.push((index, Err(panic))),
        }
    }
    failures
}

/// An event with receivers, the same with metadata read by the first of them, and the functions of the bar.
macro_rules! case {
    ($module:ident, $plain:literal, $with:literal, [$($first:ident $($receiver:ident)*)?]) => {
        mod $module {
            use std::hint::black_box;

            use events_core::{BoxError, EventMetadata, event, receiver};

            #[event(type = $plain)]
            pub struct Plain {
                pub number: i64,
            }

            #[event(type = $with)]
            pub struct WithMetadata {
                pub number: i64,
            }

            $(
                #[receiver(PLAIN)]
                fn $first(number: i64) {
                    black_box(number);
                }
                $(
                    #[receiver(PLAIN)]
                    fn $receiver(number: i64) {
                        black_box(number);
                    }
                )*
            )?

            pub mod metadata {
                use super::*;
                $(
                    #[receiver(WITH_METADATA)]
                    fn $first(number: i64, metadata: &EventMetadata) {
                        black_box((number, metadata.id(), metadata.time()));
                    }
                    $(
                        #[receiver(WITH_METADATA)]
                        fn $receiver(number: i64) {
                            black_box(number);
                        }
                    )*
                )?
            }

            pub mod bar {
                use super::*;
                $(
                    fn $first(number: &i64) -> Result<(), BoxError> {
                        black_box(*number);
                        Ok(())
                    }
                    $(
                        fn $receiver(number: &i64) -> Result<(), BoxError> {
                            black_box(*number);
                            Ok(())
                        }
                    )*
                )?
                pub static FUNCTIONS: &[super::super::Function] = &[$($first $(, $receiver)*)?];
            }
        }
    };
}

case!(
    zero,
    "org.example.bench.zero.sent.v1",
    "org.example.bench.zero.metadata.v1",
    []
);
case!(
    one,
    "org.example.bench.one.sent.v1",
    "org.example.bench.one.metadata.v1",
    [r0]
);
case!(four, "org.example.bench.four.sent.v1", "org.example.bench.four.metadata.v1", [r0 r1 r2 r3]);
case!(sixteen, "org.example.bench.sixteen.sent.v1", "org.example.bench.sixteen.metadata.v1",
    [r0 r1 r2 r3 r4 r5 r6 r7 r8 r9 r10 r11 r12 r13 r14 r15]);
case!(sixtyfour, "org.example.bench.sixtyfour.sent.v1", "org.example.bench.sixtyfour.metadata.v1",
    [r0 r1 r2 r3 r4 r5 r6 r7 r8 r9 r10 r11 r12 r13 r14 r15 r16 r17 r18 r19 r20 r21 r22 r23 r24 r25 r26 r27 r28 r29 r30 r31
     r32 r33 r34 r35 r36 r37 r38 r39 r40 r41 r42 r43 r44 r45 r46 r47 r48 r49 r50 r51 r52 r53 r54 r55 r56 r57 r58 r59 r60
     r61 r62 r63]);

/// The contenders of one number of receivers: plain bar, robust bar, send, send with metadata read.
macro_rules! contenders {
    ($module:ident) => {{
        let functions: &'static [Function] = black_box($module::bar::FUNCTIONS);
        [
            contender!("plain bar", plain(functions, &black_box(17))),
            contender!("robust bar", robust(functions, &black_box(17)).is_empty()),
            contender!(
                "send",
                $module::PLAIN.send_event($module::Plain {
                    number: black_box(17)
                })
            ),
            contender!(
                "send, metadata read",
                $module::WITH_METADATA.send_event($module::WithMetadata {
                    number: black_box(17)
                })
            ),
        ]
    }};
}

mod disabled {
    use events_core::{event, receiver};

    #[event(type = "org.example.bench.disabled.sent.v1")]
    pub struct Disabled {
        pub number: i64,
    }

    #[receiver(DISABLED)]
    fn never(_number: i64) {}
}

fn main() {
    // A quick look while working on the code: `-- --quick` leaves out the threads.
    let quick = std::env::args().any(|arg| arg == "--quick");
    let counts = [1, 4, 16, 64];
    disabled::DISABLED.disable();

    let mut all: Vec<Contender<'_>> = vec![
        clock_read(),
        contender!(
            "none",
            zero::PLAIN
                .send_event(zero::Plain {
                    number: black_box(17)
                })
                .is_ok()
        ),
        contender!(
            "disabled",
            disabled::DISABLED
                .send_event(disabled::Disabled {
                    number: black_box(17)
                })
                .is_ok()
        ),
    ];
    all.extend(contenders!(one));
    all.extend(contenders!(four));
    all.extend(contenders!(sixteen));
    all.extend(contenders!(sixtyfour));
    let results = measure(&mut all);
    let (clock, rest) = results
        .split_first()
        .expect("the clock is the first contender");

    println!("one clock read: {clock:.1} ns; costs in ns, (…) in clock reads");
    println!(
        "0 receivers: {:.2} ({:.3}); disabled: {:.2} ({:.3})",
        rest[0],
        rest[0] / clock,
        rest[1],
        rest[1] / clock
    );
    println!(
        "| receivers | plain bar | robust bar | send | over the robust bar | ratio | metadata read | over the robust bar |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    for (count, row) in counts.iter().zip(rest[2..].chunks(4)) {
        let [plain, robust, send, metadata] = row else {
            continue;
        };
        println!(
            "| {count} | {plain:.1} | {robust:.1} | {send:.1} | {:+.1} ({:+.3}) | {:.2} | {metadata:.1} | {:+.1} ({:+.2}) |",
            send - robust,
            (send - robust) / clock,
            send / robust,
            metadata - robust,
            (metadata - robust) / clock,
        );
    }
    if quick {
        return;
    }

    macro_rules! sends {
        ($module:ident) => {
            (
                &|iterations| {
                    let functions: &'static [Function] = black_box($module::bar::FUNCTIONS);
                    for _ in 0..iterations {
                        black_box(robust(functions, &black_box(17)).is_empty());
                    }
                },
                &|iterations| {
                    for _ in 0..iterations {
                        let event = $module::Plain {
                            number: black_box(17),
                        };
                        black_box($module::PLAIN.send_event(event).is_ok());
                    }
                },
            )
        };
    }
    let operations: [(Operation, Operation); 4] = [
        sends!(one),
        sends!(four),
        sends!(sixteen),
        sends!(sixtyfour),
    ];
    println!(
        "| receivers | sends per µs, one thread | two threads | factor | best tenth | the bar's factor | best tenth |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    for (count, (bar, send)) in counts.iter().zip(operations) {
        let (bar, send) = (scaling(bar), scaling(send));
        println!(
            "| {count} | {:.1} | {:.1} | {:.2} | {:.2} | {:.2} | {:.2} |",
            send.single / 1e6,
            send.double / 1e6,
            send.factor,
            send.best,
            bar.factor,
            bar.best,
        );
    }
}
