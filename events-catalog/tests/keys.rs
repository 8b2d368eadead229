//! Opaque keys: from parts, to other types, and what a text that is no key is told.

use std::collections::HashSet;

use events_catalog::keys::{
    CcxLocator, CourseKey, CourseKeyKind, KeyError, KeyPart, LibraryCollectionLocator,
    LibraryContainerLocator, LibraryLocatorV2, LibraryUsageLocatorV2, UsageKey, UsageKeyKind,
};
use events_core::EventKey as _;

const VERSION: &str = "519665f6223ebd6980884f2b";

fn course(text: &str) -> CourseKey {
    text.parse().expect("a course key")
}

fn usage(text: &str) -> UsageKey {
    text.parse().expect("a usage key")
}

#[test]
fn keys_are_made_from_parts() -> Result<(), KeyError> {
    assert_eq!(CourseKey::new("a", "b", "c")?, course("course-v1:a+b+c"));
    assert_eq!(CourseKey::legacy("a", "b%20", "")?, course("a/b%20/"));
    assert_eq!(CourseKey::library_v1("a", "b")?, course("library-v1:a+b"));
    let ccx = CcxLocator::new(&course("course-v1:a+b+c+branch@d"), "007")?;
    assert_eq!(ccx.as_str(), "ccx-v1:a+b+c+branch@d+ccx@007");
    let made = [
        ("course-v1:a+b+c", "block-v1:a+b+c+type@t+block@i"),
        ("library-v1:a+b", "lib-block-v1:a+b+type@t+block@i"),
        (
            "ccx-v1:a+b+c+ccx@7",
            "ccx-block-v1:a+b+c+ccx@7+type@t+block@i",
        ),
        ("a/b/c", "i4x://a/b/t/i"),
    ];
    for (of, expected) in made {
        let key = UsageKey::new(&course(of), "t", "i")?;
        assert_eq!(key.as_str(), expected);
        assert_eq!(key.course_key(), Some(course(of)));
        // Only the deprecated form loses something: its run.
        assert_eq!(usage(expected) == key, of != "a/b/c");
    }
    let library = LibraryLocatorV2::new("a", "b")?;
    let block = LibraryUsageLocatorV2::new(&library, "t", "i")?;
    assert_eq!(block.as_str(), "lb:a:b:t:i");
    assert_eq!(usage("lb:a:b:t:i").library_key(), Some(library));
    assert_eq!(usage("lb:a:b:t:i").course_key(), None);
    Ok(())
}

#[test]
fn a_constructor_refuses_what_no_text_of_a_key_can_hold() {
    let key = course("course-v1:a+b+c");
    let old = course("a/b/c");
    let library: LibraryLocatorV2 = "lib:a:b".parse().expect("a library");
    let refused = [
        (CourseKey::new("a", "", "c").map(drop), KeyPart::Course),
        (CourseKey::new("a", "b", "c+d").map(drop), KeyPart::Run),
        (CourseKey::new("a", "b@", "c").map(drop), KeyPart::Course),
        (CourseKey::legacy("a/b", "b", "c").map(drop), KeyPart::Org),
        (CourseKey::legacy("a", "b", "c~").map(drop), KeyPart::Run),
        (
            CourseKey::library_v1("a", "b c").map(drop),
            KeyPart::Library,
        ),
        (CcxLocator::new(&key, "7a").map(drop), KeyPart::Ccx),
        (CcxLocator::new(&key, "").map(drop), KeyPart::Ccx),
        (CcxLocator::new(&old, "7").map(drop), KeyPart::Course),
        (UsageKey::new(&key, "t", "a%20").map(drop), KeyPart::BlockId),
        (UsageKey::new(&key, "", "i").map(drop), KeyPart::BlockType),
        (
            UsageKey::new(&old, "a/b", "i").map(drop),
            KeyPart::BlockType,
        ),
        (UsageKey::new(&old, "t", "i@b").map(drop), KeyPart::BlockId),
        (LibraryLocatorV2::new("é", "b").map(drop), KeyPart::Org),
        (LibraryLocatorV2::new("a", "b:c").map(drop), KeyPart::Slug),
        (
            LibraryUsageLocatorV2::new(&library, "t", "~").map(drop),
            KeyPart::BlockId,
        ),
        (
            LibraryCollectionLocator::new(&library, "").map(drop),
            KeyPart::CollectionId,
        ),
        (
            LibraryContainerLocator::new(&library, "é", "i").map(drop),
            KeyPart::ContainerType,
        ),
        (key.for_branch(Some("")).map(drop), KeyPart::Branch),
        (key.for_version("1").map(drop), KeyPart::VersionGuid),
        (old.for_branch(Some("x")).map(drop), KeyPart::Branch),
        (old.for_version(VERSION).map(drop), KeyPart::VersionGuid),
        (
            course(&format!("course-v1:version@{VERSION}"))
                .version_agnostic()
                .map(drop),
            KeyPart::Org,
        ),
    ];
    for (result, part) in refused {
        let error = result.expect_err("refused");
        assert_eq!(error.part(), part, "{error}");
    }
}

#[test]
fn branches_and_versions_change() -> Result<(), KeyError> {
    for text in ["course-v1:a+b+c", "library-v1:a+b"] {
        let key = course(text);
        let draft = key.for_branch(Some("draft"))?;
        assert_eq!(draft.as_str(), format!("{text}+branch@draft"));
        let first = draft.for_version(VERSION)?;
        assert_eq!(
            first.as_str(),
            format!("{text}+branch@draft+version@{VERSION}")
        );
        assert_eq!(first.version_agnostic()?, draft);
        assert_eq!(first.for_branch(None)?, key);
    }
    let old = course("a/b/c");
    assert_eq!(old.for_branch(None)?, old);
    assert_eq!(old.version_agnostic()?, old);
    Ok(())
}

#[test]
fn what_the_text_cannot_hold_is_there_until_it_is_written() {
    let key = course(&format!("course-v1:a+b+branch@d+version@{VERSION}"));
    assert_eq!(key.as_str(), format!("course-v1:version@{VERSION}"));
    assert_eq!(
        (key.org(), key.course(), key.run()),
        (Some("a"), Some("b"), None)
    );
    assert_eq!(key.branch(), Some("d"));
    let again = course(key.as_str());
    assert_eq!((again.org(), again.branch()), (None, None));
    assert_ne!(again, key);
    assert_eq!(
        HashSet::from([key.clone(), again.clone(), key.clone()]).len(),
        2
    );
    assert_ne!(key.cmp(&again), std::cmp::Ordering::Equal);

    let block = usage("block-v1:a+b+c+block@x");
    assert_eq!(block.as_str(), "block-v1:a+b+c+type@None+block@x");
    assert_eq!(block.block_type(), None);
    assert_eq!(usage(block.as_str()).block_type(), Some("None"));
    assert_ne!(usage(block.as_str()), block);
}

#[test]
fn other_spellings_become_the_canonical_one() {
    let spellings = [
        ("slashes:a+b+c", "course-v1:a+b+c"),
        ("course-v1:a+b+c+type@t+block@a%20", "course-v1:a+b+c"),
        ("library-v1:a+b+c", "library-v1:a+b"),
        ("ccx-v1:a+b+c+CCX@7", "ccx-v1:a+b+c+ccx@7"),
        (
            "ccx-v1:a+b+c+VER\u{17f}\u{131}on@519665F6223EBD6980884F2B+ccx@7",
            "ccx-v1:a+b+c+version@519665f6223ebd6980884f2b+ccx@7",
        ),
    ];
    for (text, canonical) in spellings {
        assert_eq!(course(text).as_str(), canonical);
        assert_eq!(course(text), course(canonical));
    }
    let folded = usage("ccx-block-v1:a+b+c+ccx@7+type@t+bloc\u{212A}@i");
    assert_eq!(folded.as_str(), "ccx-block-v1:a+b+c+ccx@7+type@t+block@i");
}

/// Python's `\w` and `$` decide.
#[test]
fn letters_and_line_breaks_are_those_of_the_reference() {
    for char in ["é", "²", "½", "①", "৴", "ª", "Ⅷ", "日", "٣", "_"] {
        assert!(CourseKey::new("a", "b", char).is_ok(), "{char}");
        assert!(LibraryLocatorV2::new("a", char).is_ok(), "{char}");
        assert_eq!(
            LibraryLocatorV2::new(char, "b").is_ok(),
            char == "_",
            "{char}"
        );
    }
    for char in [
        "e\u{301}",
        "Ⓐ",
        "‿",
        "a\u{200d}b",
        "ம்",
        "♥",
        " ",
        "\u{2028}",
    ] {
        assert!(CourseKey::new("a", "b", char).is_err(), "{char}");
        assert!(LibraryLocatorV2::new("a", char).is_err(), "{char}");
    }
    let library: LibraryLocatorV2 = "lib:a\n:b\n".parse().expect("a library");
    assert_eq!((library.org(), library.slug()), ("a\n", "b\n"));
    for text in ["lib:a:b\n\n", "lib:a:\nb", "lib:a:\n", "lib:a:b\r\n"] {
        assert!(text.parse::<LibraryLocatorV2>().is_err(), "{text:?}");
    }
    assert!("course-v1:a+b+c\n".parse::<CourseKey>().is_err());
    let digits: CcxLocator = "ccx-v1:a+b+c+ccx@٣٤"
        .parse()
        .expect("digits of another script");
    assert_eq!(digits.ccx(), "٣٤");
    assert!("ccx-v1:a+b+c+ccx@²".parse::<CcxLocator>().is_err());
}

#[test]
fn each_form_is_told_apart() {
    let courses = [
        ("course-v1:a+b+c", CourseKeyKind::CourseV1),
        ("slashes:a+b+c", CourseKeyKind::CourseV1),
        ("a/b/c", CourseKeyKind::Legacy),
        ("library-v1:a+b", CourseKeyKind::LibraryV1),
        ("ccx-v1:a+b+c+ccx@7", CourseKeyKind::CcxV1),
    ];
    for (text, kind) in courses {
        assert_eq!(course(text).kind(), kind);
    }
    let usages = [
        ("block-v1:a+b+c+type@t+block@i", UsageKeyKind::BlockV1),
        ("i4x://a/b/t/i@draft", UsageKeyKind::Legacy),
        ("lib-block-v1:a+b+type@t+block@i", UsageKeyKind::LibBlockV1),
        (
            "ccx-block-v1:a+b+c+ccx@7+type@t+block@i",
            UsageKeyKind::CcxBlockV1,
        ),
        ("lb:a:b:t:i", UsageKeyKind::Library),
        ("location:a+b+c+t+i", UsageKeyKind::Location),
        ("aside-usage-v1:lb:a:b:t:i::x", UsageKeyKind::AsideV1),
        ("aside-usage-v2:lb$:a$:b$:t$:i::x", UsageKeyKind::AsideV2),
    ];
    for (text, kind) in usages {
        let key = usage(text);
        assert_eq!(key.kind(), kind);
        assert_eq!(
            (key.org(), key.block_type(), key.block_id()),
            (Some("a"), Some("t"), "i")
        );
        assert_eq!(key.deprecated(), kind == UsageKeyKind::Legacy);
    }
    assert_eq!(usage("i4x://a/b/t/i@draft").branch(), Some("draft"));
    assert_eq!(
        usage("location:a+b+c+t+i").course_key(),
        Some(course("course-v1:a+b+c"))
    );
}

#[test]
fn keys_turn_into_each_other() -> Result<(), KeyError> {
    let ccx: CcxLocator = "ccx-v1:a+b+c+ccx@7".parse()?;
    assert_eq!(CourseKey::from(ccx.clone()).as_str(), ccx.as_str());
    assert_eq!(CcxLocator::try_from(CourseKey::from(ccx.clone()))?, ccx);
    assert!(CcxLocator::try_from(course("course-v1:a+b+c")).is_err());
    assert_eq!(ccx.to_course_key(), course("course-v1:a+b+c"));

    let block: LibraryUsageLocatorV2 = "lb:a:b:t:i".parse()?;
    assert_eq!(
        LibraryUsageLocatorV2::try_from(UsageKey::from(block.clone()))?,
        block
    );
    let error = LibraryUsageLocatorV2::try_from(usage("block-v1:a+b+c+type@t+block@i"))
        .expect_err("a block of a course");
    assert_eq!(
        error.to_string(),
        "not the key of a block in a library: the namespace is of another kind; expected `lb:ORG:SLUG:TYPE:ID`"
    );
    Ok(())
}

#[test]
fn a_refusal_names_the_part_and_what_is_expected() {
    const COURSE: &str = "; expected `course-v1:ORG+COURSE+RUN`";
    const LETTERS: &str = "letters, digits, `_`, `-`, `~`, `.` and `:`";
    let messages = [
        ("course-v1:a+b", format!("the run is missing{COURSE}")),
        ("course-v1:a", format!("the course is missing{COURSE}")),
        ("course-v1:", format!("the organization is missing{COURSE}")),
        ("course-v1:a++c", format!("the course is empty{COURSE}")),
        (
            "course-v1:a+b+c!",
            format!("character 2 of the run is none of {LETTERS}{COURSE}"),
        ),
        (
            "course-v1:a+b+c+",
            format!("it has a part, or a separator, too many{COURSE}"),
        ),
        (
            "course-v1:a+b+c+x@y",
            format!(
                "a part with `@` in it begins with none of `branch@`, `version@`, `type@` and `block@`{COURSE}"
            ),
        ),
        (
            "course-v1:a+b+c+branch@d+branch@d",
            format!("the branch is given twice, or after a later option{COURSE}"),
        ),
        (
            "course-v1:a+b+c+version@ABC",
            format!("the version is not 24 hexadecimal digits in lower case{COURSE}"),
        ),
        (
            "a//c",
            "the course is empty; expected `ORG/COURSE/RUN`".to_owned(),
        ),
        (
            "a/b",
            "the run is missing; expected `ORG/COURSE/RUN`".to_owned(),
        ),
    ];
    for (text, message) in messages {
        let error = text.parse::<CourseKey>().expect_err(text);
        assert_eq!(
            error.to_string(),
            format!("not a course key: {message}"),
            "{text}"
        );
    }
    let namespaces = [
        ("nothing", "it has no namespace; "),
        ("xyz:a", "its namespace is unknown; "),
        (
            "lib:a:b",
            "its namespace is another one; parse it as `LibraryLocatorV2`; ",
        ),
        (
            "i4x://a/b/t/i",
            "its namespace is another one; parse it as `UsageKey`; ",
        ),
    ];
    for (text, message) in namespaces {
        let error = text.parse::<CourseKey>().expect_err(text);
        assert_eq!(error.part(), KeyPart::Namespace);
        assert!(
            error
                .to_string()
                .starts_with(&format!("not a course key: {message}")),
            "{error}"
        );
    }
    let error = "aside-usage-v1:lb:a:b:t::x"
        .parse::<UsageKey>()
        .expect_err("no id");
    assert_eq!(
        error.to_string(),
        "not a usage key: in the usage key that the aside decorates, the block id is missing; expected `lb:ORG:SLUG:TYPE:ID`"
    );
}

#[test]
fn a_key_travels_as_its_text() -> Result<(), serde_json::Error> {
    let key: CourseKey = serde_json::from_str("\"slashes:a+b+c\"")?;
    assert_eq!(serde_json::to_string(&key)?, "\"course-v1:a+b+c\"");
    assert_eq!(key.event_key(), "course-v1:a+b+c");
    let error = serde_json::from_str::<UsageKey>("\"secret\"").expect_err("no key");
    assert!(error.to_string().contains("it has no namespace"), "{error}");
    assert!(!error.to_string().contains("secret"), "{error}");
    Ok(())
}

/// Nesting costs the sender: each aside doubles the `$` of the key inside, and `aside-usage-v1` cannot hold another aside.
#[test]
fn nested_asides_neither_recurse_deeply_nor_take_long() {
    let v1 = "aside-usage-v1:".repeat(200_000);
    let v2 = "aside-usage-v2:".repeat(200_000);
    let dollars = format!("aside-usage-v2:{}::", "$".repeat(2_000_000));
    for text in [v1, v2, dollars] {
        assert!(text.parse::<UsageKey>().is_err());
    }
    let mut key = usage("lb:a:b:t:i");
    for _ in 0..12 {
        key = key.aside("x:$");
    }
    assert_eq!(usage(key.as_str()), key);
    assert_eq!(key.block_id(), "i");
}
