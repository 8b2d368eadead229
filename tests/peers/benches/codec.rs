//! What writing and reading events costs, beside other crates that know Avro, in one run and by the same Rust types.
//!
//! `cargo bench --manifest-path tests/peers/Cargo.toml --bench codec`
//!
//! Each event twice: as the catalog has it, and with plain texts in the place of keys and date-times. To read a key or a
//! date-time takes the same time whoever reads the bytes, and most of the time of an enrollment: the second is what the
//! crates themselves cost.
//!
//! All write into a `Vec` that is used again and read into owned values. The others are given a parsed schema, which they
//! need and we do not; what they prepare once is prepared outside of what is measured.

#![allow(
    unreachable_pub,
    clippy::print_stdout,
    reason = "a benchmark is a binary and prints"
)]

#[path = "../../benches/support/mod.rs"]
mod support;

#[path = "../../benches/codec/samples.rs"]
mod samples;

#[path = "codec_texts.rs"]
mod texts;

use std::fmt::Debug;
use std::hint::black_box;

use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::writer::datum::GenericDatumWriter;
use events_bus::wire;
use events_core::Event;
use serde_avro_fast::ser::SerializerConfig;
use support::{Contender, contender, measure};

/// What each of the others should cost, in times of what we do: name, encode, decode.
const PEERS: [(&str, f64, f64); 2] = [("serde_avro_fast", 6.0, 1.6), ("apache-avro", 6.0, 1.6)];

fn main() {
    println!("Medians in ns; in brackets how many of ours that is.\n");
    println!("| | events-bus | serde_avro_fast | apache-avro |");
    println!("| --- | --- | --- | --- |");
    let rows = [
        rows("enrollment", &samples::enrollment()),
        rows("thread", &samples::thread()),
        rows("enrollment of texts", &texts::enrollment()),
        rows("thread of texts", &texts::thread()),
    ];
    println!("\n| bar | wanted | found | |\n| --- | --- | --- | --- |");
    for (name, costs) in rows.iter().flatten() {
        for ((peer, encode, decode), cost) in PEERS.iter().zip(&costs[1..]) {
            let wanted = if name.starts_with("encode") {
                encode
            } else {
                decode
            };
            let found = cost / costs[0];
            let verdict = if found >= *wanted { "met" } else { "MISSED" };
            println!("| {name}, {peer} | {wanted:.1}x | {found:.1}x | {verdict} |");
        }
    }
}

fn rows<E: Event + Debug>(name: &str, event: &E) -> [(String, Vec<f64>); 2] {
    let json = E::INFO.avro_schema().to_string();
    let fast: serde_avro_fast::Schema = json.parse().expect("it is a schema");
    // It wants the name of the Rust type.
    let named = json.replacen("CloudEvent", E::INFO.name, 1);
    let apache = apache_avro::Schema::parse_str(&named).expect("it is a schema");
    let writer = GenericDatumWriter::builder(&apache)
        .build()
        .expect("it is a schema");
    let reader = GenericDatumReader::builder(&apache)
        .build()
        .expect("it is a schema");
    let body = wire::encode(event).expect("it can be written");

    let mut encoders = [
        encoder(event, &body, |out, event| {
            wire::encode_into(out, event).expect("it can be written");
        }),
        {
            let mut config = SerializerConfig::new(&fast);
            encoder(event, &body, move |out, event| {
                serde_avro_fast::to_datum(event, out, &mut config).expect("it can be written");
            })
        },
        encoder(event, &body, |out, event| {
            writer.write_ser(out, event).expect("it can be written");
        }),
    ];
    let encode = measure(&mut encoders);
    let mut decoders = [
        decoder(event, &body, |body| {
            wire::decode(body, 0).expect("it can be read")
        }),
        decoder(event, &body, |body| {
            serde_avro_fast::from_datum_slice(body, &fast).expect("it can be read")
        }),
        decoder(event, &body, |mut body| {
            reader.read_deser(&mut body).expect("it can be read")
        }),
    ];
    let decode = measure(&mut decoders);

    [("encode", encode), ("decode", decode)].map(|(what, costs)| {
        let cells: Vec<_> = costs
            .iter()
            .map(|cost| format!("{cost:.1} ({:.1}x)", cost / costs[0]))
            .collect();
        println!("| {what}, {name} | {} |", cells.join(" | "));
        (format!("{what}, {name}"), costs)
    })
}

/// Checks that it writes what is written elsewhere.
fn encoder<'a, E: Event>(
    event: &'a E,
    body: &[u8],
    mut write: impl FnMut(&mut Vec<u8>, &E) + 'a,
) -> Contender<'a> {
    let mut out = Vec::with_capacity(4096);
    write(&mut out, event);
    assert_eq!(out, body);
    contender("", move |times| {
        for _ in 0..times {
            out.clear();
            write(&mut out, black_box(event));
            black_box(out.as_slice());
        }
    })
}

/// Checks that it reads what was written.
fn decoder<'a, E: Event + Debug>(
    event: &E,
    body: &'a [u8],
    read: impl Fn(&[u8]) -> E + 'a,
) -> Contender<'a> {
    assert_eq!(&read(body), event);
    contender("", move |times| {
        for _ in 0..times {
            black_box(read(black_box(body)));
        }
    })
}
