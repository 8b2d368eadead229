//! The headers of an entry of a stream, which a stranger may have written: what can be read is written, and read as the same.
//!
//! The input is cut at zero bytes into values. The first byte of each chooses its header; beyond the known ones, the rest up to an
//! equals sign is the name.

#![no_main]

use std::sync::Arc;

use events_bus::headers::{self, Headers};
use libfuzzer_sys::fuzz_target;

const NAMES: [&str; 13] = [
    "type",
    "id",
    "source",
    "time",
    "minorversion",
    "sourcehost",
    "sourcelib",
    "key",
    "traceparent",
    "tracestate",
    "receivers",
    "again",
    "again_from",
];

fuzz_target!(|data: &[u8]| {
    let mut headers = Headers::default();
    for part in data.split(|byte| *byte == 0) {
        let Some((first, rest)) = part.split_first() else {
            continue;
        };
        let known = NAMES.get(usize::from(*first) % (NAMES.len() + 2));
        let (name, value) = match known {
            Some(name) => (name.as_bytes(), rest),
            None => {
                let at = rest.iter().position(|byte| *byte == b'=');
                rest.split_at(at.unwrap_or(rest.len()))
            }
        };
        if let Err(error) = headers.set(name, value) {
            drop(format!("{error} {error:?}"));
            return;
        }
    }
    let body: Arc<[u8]> = Arc::from([1, 2, 3]);
    let record = match headers.into_record(Arc::clone(&body)) {
        Ok(record) => record,
        Err(error) => return drop(format!("{error} {error:?}")),
    };
    let mut written = Vec::new();
    headers::write(&record, |name, value| written.push((name, value.into_owned())));
    let mut again = Headers::default();
    for (name, value) in &written {
        again.set(name.as_bytes(), value.as_bytes()).expect("what was written can be read");
    }
    let again = again.into_record(body).expect("what was written is a record");
    assert_eq!(again, record);
});
