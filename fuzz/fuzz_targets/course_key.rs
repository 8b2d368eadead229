//! Course keys: the text of a key is that of the key which is read from it.

#![no_main]

use events_catalog::keys::CourseKey;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &str| {
    match data.parse::<CourseKey>() {
        Ok(key) => {
            let text = key.to_string();
            let again: CourseKey = text.parse().expect("the text of a key is a key");
            assert_eq!(again.to_string(), text);
            let json = serde_json::to_string(&key).expect("a key is JSON");
            let read: CourseKey = serde_json::from_str(&json).expect("what was written is read");
            assert_eq!(read, again);
            drop(format!("{key:?}"));
        }
        Err(error) => drop(format!("{error} {error:?}")),
    }
});
