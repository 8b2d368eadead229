//! What writing and reading events costs, against the bar: code written by hand for the very event, into a reused `Vec`
//! and into owned values, with every length, text and key checked as the codec checks them. And what it costs more where
//! the type of the event is known at run time only, as in a bus.
//!
//! `cargo bench -p events-tests --bench codec`

#![allow(
    unreachable_pub,
    dead_code,
    clippy::print_stdout,
    clippy::many_single_char_names,
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
use events_core::Event;
use events_core::delivery::OwnedEvent;
use support::{Contender, measure};

fn main() {
    let (enrollment, thread) = (samples::enrollment(), samples::thread());
    let (enrollment_body, thread_body) = (
        wire::encode(&enrollment).expect("it can be written"),
        wire::encode(&thread).expect("it can be written"),
    );
    check(&enrollment, &enrollment_body, &thread, &thread_body);

    let mut outs: [Vec<u8>; 6] = std::array::from_fn(|_| Vec::with_capacity(4096));
    let [a, b, c, d, e, f] = &mut outs;
    let (any_enrollment, any_thread) = (
        OwnedEvent::new(enrollment.clone()),
        OwnedEvent::new(thread.clone()),
    );
    let (enrollments, threads) = (
        CourseEnrollmentCreated::signal(),
        ForumThreadCreated::signal(),
    );
    let mut contenders: Vec<Contender<'_>> = vec![
        encoder(a, &enrollment, by_hand::put_enrollment),
        encoder(b, &enrollment, put),
        encoder(c, &any_enrollment, put_any),
        encoder(d, &thread, by_hand::put_thread),
        encoder(e, &thread, put),
        encoder(f, &any_thread, put_any),
        decoder(&enrollment_body, by_hand::get_enrollment),
        decoder(&enrollment_body, |body| {
            wire::decode::<CourseEnrollmentCreated>(body, 0)
        }),
        decoder(&enrollment_body, |body| {
            wire::decode_any(enrollments, body, 0)
        }),
        decoder(&thread_body, by_hand::get_thread),
        decoder(&thread_body, |body| {
            wire::decode::<ForumThreadCreated>(body, 0)
        }),
        decoder(&thread_body, |body| wire::decode_any(threads, body, 0)),
    ];
    let results = measure(&mut contenders);

    println!(
        "an enrollment of {} bytes, a thread of {} bytes; medians in ns\n",
        enrollment_body.len(),
        thread_body.len()
    );
    println!(
        "| | by hand | the codec | ratio | bar | | type known at run time | to the codec | bar | |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    let names = [
        ("encode, enrollment", 1.6),
        ("encode, thread", 1.6),
        ("decode, enrollment", 1.2),
        ("decode, thread", 1.2),
    ];
    let verdict = |ratio: f64, bar: f64| if ratio <= bar { "met" } else { "MISSED" };
    for ((name, bar), row) in names.iter().zip(results.chunks(3)) {
        if let [by_hand, codec, any] = row {
            let (ratio, any_ratio) = (codec / by_hand, any / codec);
            let (verdict, any_verdict) = (verdict(ratio, *bar), verdict(any_ratio, ANY_BAR));
            println!(
                "| {name} | {by_hand:.1} | {codec:.1} | {ratio:.2} | {bar:.1} | {verdict} \
                 | {any:.1} | {any_ratio:.2} | {ANY_BAR:.2} | {any_verdict} |"
            );
        }
    }
}

/// How much more it may cost where the type is known at run time only.
const ANY_BAR: f64 = 1.35;

fn put_any(out: &mut Vec<u8>, event: &OwnedEvent) {
    wire::encode_any_into(out, event.get()).expect("it can be written");
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
    check_any(enrollment, enrollment_body);
    check_any(thread, thread_body);
}

fn check_any<E: Event>(event: &E, body: &[u8]) {
    let mut out = Vec::new();
    let owned = OwnedEvent::new(event.clone());
    put_any(&mut out, &owned);
    assert_eq!(out, body);
    assert_eq!(wire::decode_any(E::signal(), body, 0).as_ref(), Ok(&owned));
}
