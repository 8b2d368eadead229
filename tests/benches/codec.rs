//! What writing and reading events costs, against the bar: code written by hand for the very event, into a reused `Vec`
//! and into owned values, with every length, text and key checked as the codec checks them.
//!
//! `cargo bench -p events-tests --bench codec`

#![allow(
    unreachable_pub,
    dead_code,
    clippy::print_stdout,
    reason = "a benchmark is a binary and prints; the peers' benchmark shares its parts"
)]

mod support;

#[path = "codec/by_hand.rs"]
mod by_hand;
#[path = "codec/samples.rs"]
mod samples;

use std::hint::black_box;

use events_bus::wire;
use events_catalog::learning::{CourseEnrollmentCreated, ForumThreadCreated};
use support::{Contender, measure};

fn main() {
    let (enrollment, thread) = (samples::enrollment(), samples::thread());
    let (enrollment_body, thread_body) = (
        wire::encode(&enrollment).expect("it can be written"),
        wire::encode(&thread).expect("it can be written"),
    );
    check(&enrollment, &enrollment_body, &thread, &thread_body);

    let mut outs: [Vec<u8>; 4] = std::array::from_fn(|_| Vec::with_capacity(4096));
    let [a, b, c, d] = &mut outs;
    let mut contenders: Vec<Contender<'_>> = vec![
        encoder(a, &enrollment, by_hand::put_enrollment),
        encoder(b, &enrollment, put),
        encoder(c, &thread, by_hand::put_thread),
        encoder(d, &thread, put),
        decoder(&enrollment_body, by_hand::get_enrollment),
        decoder(&enrollment_body, |body| {
            wire::decode::<CourseEnrollmentCreated>(body, 0)
        }),
        decoder(&thread_body, by_hand::get_thread),
        decoder(&thread_body, |body| {
            wire::decode::<ForumThreadCreated>(body, 0)
        }),
    ];
    let results = measure(&mut contenders);

    println!(
        "an enrollment of {} bytes, a thread of {} bytes; medians in ns\n",
        enrollment_body.len(),
        thread_body.len()
    );
    println!("| | by hand | the codec | ratio | bar | |");
    println!("| --- | --- | --- | --- | --- | --- |");
    let names = [
        ("encode, enrollment", 1.6),
        ("encode, thread", 1.6),
        ("decode, enrollment", 1.2),
        ("decode, thread", 1.2),
    ];
    for ((name, bar), pair) in names.iter().zip(results.chunks(2)) {
        if let [by_hand, codec] = pair {
            let ratio = codec / by_hand;
            let verdict = if ratio <= *bar { "met" } else { "MISSED" };
            println!("| {name} | {by_hand:.1} | {codec:.1} | {ratio:.2} | {bar:.1} | {verdict} |");
        }
    }
}

fn put<T: serde::Serialize>(out: &mut Vec<u8>, event: &T) {
    wire::encode_into(out, event).expect("it can be written");
}

fn encoder<'a, T>(
    out: &'a mut Vec<u8>,
    event: &'a T,
    put: impl Fn(&mut Vec<u8>, &T) + 'a,
) -> Contender<'a> {
    support::contender("", move |iterations| {
        for _ in 0..iterations {
            out.clear();
            put(out, black_box(event));
            black_box(out.as_slice());
        }
    })
}

fn decoder<'a, T>(body: &'a [u8], get: impl Fn(&[u8]) -> T + 'a) -> Contender<'a> {
    support::contender("", move |iterations| {
        for _ in 0..iterations {
            black_box(get(black_box(body)));
        }
    })
}

/// Both write and read the same.
fn check(
    enrollment: &CourseEnrollmentCreated,
    enrollment_body: &[u8],
    thread: &ForumThreadCreated,
    thread_body: &[u8],
) {
    let mut out = Vec::new();
    by_hand::put_enrollment(&mut out, enrollment);
    assert_eq!(out, enrollment_body);
    out.clear();
    by_hand::put_thread(&mut out, thread);
    assert_eq!(out, thread_body);
    assert_eq!(
        by_hand::get_enrollment(enrollment_body).as_ref(),
        Ok(enrollment)
    );
    assert_eq!(by_hand::get_thread(thread_body).as_ref(), Ok(thread));
    assert_eq!(wire::decode(enrollment_body, 0).as_ref(), Ok(enrollment));
    assert_eq!(wire::decode(thread_body, 0).as_ref(), Ok(thread));
}
