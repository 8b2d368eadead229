//! Times: a time of a payload keeps its text, a time of metadata is written so that it is read again.

#![no_main]

use events_core::{DateTime, Timestamp};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &str| {
    match data.parse::<DateTime>() {
        Ok(time) => {
            assert_eq!(time.to_string(), data);
            assert_eq!(time.as_str().parse::<DateTime>().as_ref(), Ok(&time));
            if let Some(instant) = time.to_timestamp() {
                let again: Timestamp = instant.to_string().parse().expect("its text is a time");
                assert_eq!(again, instant);
                assert_eq!(DateTime::from(instant).to_timestamp(), Some(instant));
            }
        }
        Err(error) => drop(error.to_string()),
    }
    if let Ok(time) = data.parse::<Timestamp>() {
        assert_eq!(time.to_string().parse::<Timestamp>(), Ok(time));
    }
});
