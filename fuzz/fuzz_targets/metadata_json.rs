//! Metadata as JSON: what is read is written, and read as the same.

#![no_main]

use events_core::EventMetadata;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    match serde_json::from_slice::<EventMetadata>(data) {
        Ok(metadata) => {
            let written = serde_json::to_string(&metadata).expect("metadata is JSON");
            let again: EventMetadata =
                serde_json::from_str(&written).expect("what was written is read");
            assert_eq!(again, metadata);
        }
        Err(error) => drop(error.to_string()),
    }
});
