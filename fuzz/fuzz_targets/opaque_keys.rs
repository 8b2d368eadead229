//! The keys of all types: the text of a key is that of the key which is read from it. The first byte chooses the type.

#![no_main]

use std::fmt::{Debug, Display};
use std::str::FromStr;

use events_catalog::keys::{
    CcxLocator, CourseKey, LibraryCollectionLocator, LibraryContainerLocator, LibraryLocatorV2,
    LibraryUsageLocatorV2, UsageKey,
};
use libfuzzer_sys::fuzz_target;

const TYPES: &[fn(&str)] = &[
    feed::<CourseKey>,
    feed::<UsageKey>,
    feed::<CcxLocator>,
    feed::<LibraryLocatorV2>,
    feed::<LibraryUsageLocatorV2>,
    feed::<LibraryCollectionLocator>,
    feed::<LibraryContainerLocator>,
];

fuzz_target!(|data: &[u8]| {
    if let Some((choice, text)) = data.split_first()
        && let Ok(text) = str::from_utf8(text)
    {
        TYPES[usize::from(*choice) % TYPES.len()](text);
    }
});

fn feed<K>(text: &str)
where
    K: FromStr<Err: Display + Debug> + Display + Debug,
{
    match text.parse::<K>() {
        Ok(key) => {
            let text = key.to_string();
            match text.parse::<K>() {
                Ok(again) => assert_eq!(again.to_string(), text),
                Err(error) => panic!("{key:?} is no key by its text: {error}"),
            }
        }
        Err(error) => drop(format!("{error} {error:?}")),
    }
}
