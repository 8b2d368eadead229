//! What holds for every text: no text makes a key panic, and what a key writes is a key.

use std::collections::BTreeSet;
use std::fmt::{Debug, Display};
use std::hash::{BuildHasher, Hash, RandomState};
use std::str::FromStr;

use events_catalog::keys::{
    CcxLocator, CourseKey, KeyError, LibraryCollectionLocator, LibraryContainerLocator,
    LibraryLocatorV2, LibraryUsageLocatorV2, UsageKey,
};
use proptest::prelude::*;

/// What keys are made of, so that random texts often are one or nearly one.
const PIECES: [&str; 48] = [
    "course-v1:",
    "slashes:",
    "library-v1:",
    "ccx-v1:",
    "block-v1:",
    "lib-block-v1:",
    "ccx-block-v1:",
    "location:",
    "i4x://",
    "aside-usage-v1:",
    "aside-usage-v2:",
    "lib:",
    "lb:",
    "lib-collection:",
    "lct:",
    "branch@",
    "version@",
    "519665f6223ebd6980884f2b",
    "ccx@",
    "CCX@",
    "type@",
    "block@",
    "+",
    "+",
    "+",
    "+",
    "/",
    "/",
    "/",
    ":",
    ":",
    "::",
    "$:",
    "$",
    "%",
    "@",
    "\n",
    " ",
    "edX",
    "DemoX",
    "2026",
    "a",
    "7",
    "É",
    "²",
    "e\u{301}",
    "٣",
    "ſ",
];

fn texts() -> impl Strategy<Value = String> {
    let pieces = proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..14);
    let built = pieces.prop_map(|pieces| pieces.concat());
    let names = proptest::collection::vec("[a-zA-Z0-9_.~:-]{1,6}", 6);
    let keys = (names, 0..12_usize).prop_map(|(names, form)| {
        let [org, course, run, block_type, id, aside] = &names[..] else {
            return String::new();
        };
        let version = "version@519665f6223ebd6980884f2b";
        match form {
            0 => format!("course-v1:{org}+{course}+{run}"),
            1 => format!("course-v1:{org}+{course}+{run}+branch@{id}+{version}"),
            2 => format!("course-v1:{org}+{course}+{version}+type@{block_type}+block@{id}"),
            3 => format!("block-v1:{org}+{course}+{run}+type@{block_type}+block@{id}"),
            4 => format!("block-v1:{org}+{course}+branch@{run}+{version}+block@{id}"),
            5 => format!("ccx-block-v1:{org}+{course}+{run}+CCX@7+type@{block_type}+block@{id}"),
            6 => format!("lib-block-v1:{org}+{course}+type@{block_type}+block@{id}"),
            7 => format!("location:{org}+{course}+{run}+{block_type}+{id}"),
            8 => format!("i4x://{org}/{course}/{block_type}/{id}@{run}"),
            9 => format!("aside-usage-v1:location:{org}+{course}+{run}+{block_type}+{id}::{aside}"),
            10 => format!("{org}/{course}/{run}"),
            _ => format!("lb:{org}:{course}:{block_type}:{id}"),
        }
    });
    prop_oneof![any::<String>(), built, keys]
}

/// Whether the text is a key. If it is, what it writes is one, and writes the same.
fn check<K>(text: &str) -> Result<bool, TestCaseError>
where
    K: FromStr<Err = KeyError> + AsRef<str> + Display + Debug + Clone + Ord + Hash,
{
    let key: K = match text.parse() {
        Ok(key) => key,
        Err(error) => {
            prop_assert!(error.to_string().contains("; expected "));
            return Ok(false);
        }
    };
    let canonical = key.as_ref();
    prop_assert_eq!(&key.to_string(), canonical);
    let again: K = canonical
        .parse()
        .map_err(|error| TestCaseError::fail(format!("{canonical:?}: {error}")))?;
    prop_assert_eq!(again.as_ref(), canonical);
    // What was lost in writing is lost once.
    let third: K = again
        .as_ref()
        .parse()
        .map_err(|_| TestCaseError::fail("lost"))?;
    prop_assert_eq!(&third, &again);
    let hasher = RandomState::new();
    prop_assert_eq!(hasher.hash_one(&third), hasher.hash_one(&again));
    // A clone shares the text.
    prop_assert_eq!(key.clone().as_ref().as_ptr(), canonical.as_ptr());
    Ok(true)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_panics_and_what_is_written_is_read(text in texts()) {
        check::<CourseKey>(&text)?;
        check::<UsageKey>(&text)?;
        check::<CcxLocator>(&text)?;
        check::<LibraryLocatorV2>(&text)?;
        check::<LibraryUsageLocatorV2>(&text)?;
        check::<LibraryCollectionLocator>(&text)?;
        check::<LibraryContainerLocator>(&text)?;
    }

    #[test]
    fn keys_are_ordered_by_their_texts(left in texts(), right in texts()) {
        if let (Ok(left), Ok(right)) = (left.parse::<UsageKey>(), right.parse::<UsageKey>())
            && left.as_str() != right.as_str()
        {
            prop_assert_eq!(left.cmp(&right), left.as_str().cmp(right.as_str()));
        }
        if let (Ok(left), Ok(right)) = (left.parse::<CourseKey>(), right.parse::<CourseKey>()) {
            let texts = left.as_str().cmp(right.as_str());
            prop_assert_eq!(left.cmp(&right).is_eq(), left == right);
            prop_assert!(texts.is_eq() || left.cmp(&right) == texts);
        }
    }

    #[test]
    fn the_accessors_give_what_the_constructors_took(
        org in "[\\p{L}\\p{N}_.~:-]{1,8}",
        course in "[\\p{L}\\p{N}_.~:-]{1,8}",
        run in "[\\p{L}\\p{N}_.~:-]{1,8}",
        block_id in "[\\p{L}\\p{N}_.~:-]{1,8}",
        aside_type in any::<String>(),
    ) {
        let key = CourseKey::new(&org, &course, &run).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(key.org(), Some(&*org));
        prop_assert_eq!(key.course(), Some(&*course));
        prop_assert_eq!(key.run(), Some(&*run));
        prop_assert_eq!(key.as_str().parse::<CourseKey>(), Ok(key.clone()));

        let block = UsageKey::new(&key, "html", &block_id).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(block.course_key(), Some(key));
        prop_assert_eq!(block.block_id(), &*block_id);
        prop_assert_eq!(block.as_str().parse::<UsageKey>(), Ok(block.clone()));

        let aside = block.aside(&aside_type).aside(&aside_type);
        prop_assert_eq!(aside.aside_type(), Some(&*aside_type));
        prop_assert_eq!(aside.usage_key().and_then(UsageKey::usage_key), Some(&block));
        prop_assert_eq!(aside.as_str().parse::<UsageKey>(), Ok(aside));
    }
}

/// The generator must make keys, or the properties say little.
#[test]
fn many_of_the_texts_are_keys() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut found = BTreeSet::new();
    for _ in 0..4000 {
        let tree = texts().new_tree(&mut runner).expect("a text");
        let text = proptest::strategy::ValueTree::current(&tree);
        if text.parse::<UsageKey>().is_ok() || text.parse::<CourseKey>().is_ok() {
            found.insert(text);
        }
    }
    assert!(found.len() > 500, "only {} keys", found.len());
}
