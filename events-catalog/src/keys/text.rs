//! Which characters the parts of keys may hold.

use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory as _};

use super::error::{Fault, KeyPart, Wrong};

/// Which characters a part may hold. The sets are those of edx-opaque-keys and edx-ccx-keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// The parts of `course-v1` and its kin.
    Id,
    /// The block of `i4x`, and that of `block-v1` where it stands on another key and is dropped.
    IdOrPercent,
    /// The parts of `ORG/COURSE/RUN`.
    Legacy,
    /// The type of an `i4x` block.
    LegacyType,
    /// The organization and the types of the keys of libraries.
    LibraryAscii,
    /// The other parts of the keys of libraries.
    LibraryWord,
    /// The number of a custom course.
    Decimal,
}

impl Class {
    /// Whether the part may end with one line break. The reference checks these parts with `$`, which matches before one.
    const fn may_end_with_line_break(self) -> bool {
        matches!(self, Self::LibraryAscii | Self::LibraryWord)
    }

    fn allows(self, char: char) -> bool {
        match self {
            Self::Id => is_word(char) || matches!(char, '-' | '~' | '.' | ':'),
            Self::IdOrPercent => is_word(char) || matches!(char, '-' | '~' | '.' | ':' | '%'),
            Self::Legacy => is_word(char) || matches!(char, '-' | '.' | '%'),
            Self::LegacyType => char != '/',
            Self::LibraryAscii => char.is_ascii_alphanumeric() || matches!(char, '_' | '-' | '.'),
            Self::LibraryWord => is_word(char) || matches!(char, '-' | '.'),
            Self::Decimal => is_decimal(char),
        }
    }

    const fn allowed(self) -> &'static str {
        match self {
            Self::Id => "letters, digits, `_`, `-`, `~`, `.` and `:`",
            Self::IdOrPercent => "letters, digits, `_`, `-`, `~`, `.`, `:` and `%`",
            Self::Legacy => "letters, digits, `_`, `-`, `.` and `%`",
            Self::LegacyType => "all but `/`",
            Self::LibraryAscii => "ASCII letters and digits, `_`, `-` and `.`",
            Self::LibraryWord => "letters, digits, `_`, `-` and `.`",
            Self::Decimal => "the decimal digits",
        }
    }

    /// # Errors
    /// When the part is empty, or has a character that it may not hold.
    pub(super) fn check(self, part: KeyPart, value: &str) -> Result<(), Wrong> {
        let value = match value.strip_suffix('\n') {
            Some(line) if self.may_end_with_line_break() => line,
            _ => value,
        };
        if value.is_empty() {
            return Err(Fault::Empty.of(part));
        }
        let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        if self != Self::Decimal && value.as_bytes().iter().all(is_plain) {
            // All other classes allow these, and most parts hold nothing else.
            return Ok(());
        }
        match value.chars().position(|char| !self.allows(char)) {
            None => Ok(()),
            Some(before) => {
                let (at, allowed) = (before + 1, self.allowed());
                Err(Fault::Character { at, allowed }.of(part))
            }
        }
    }
}

/// Python's `\w`: what `str.isalnum()` holds for, and `_`.
///
/// That is, all letters and all numbers: `²`, `½`, `①`, but neither combining marks (so `e` with U+0301 is no word) nor `Ⓐ`
/// nor `‿`. Rust's `is_alphanumeric` and the `\w` of its regex crate decide otherwise on all of these.
///
/// Compared with Python 3.12 (Unicode 15.0) and 3.13 (15.1) over all code points: the only differences are those that came
/// with a later Unicode than Python's.
fn is_word(char: char) -> bool {
    if char.is_ascii() {
        return char.is_ascii_alphanumeric() || char == '_';
    }
    matches!(
        char.general_category_group(),
        GeneralCategoryGroup::Letter | GeneralCategoryGroup::Number
    )
}

/// Python's `\d`: decimal digits of any script. Compared as [`is_word`] is.
fn is_decimal(char: char) -> bool {
    char.is_ascii_digit()
        || !char.is_ascii() && char.general_category() == GeneralCategory::DecimalNumber
}

/// Whether Python's `re.IGNORECASE` takes `given` for `label`, which is in lower case and ASCII.
///
/// Beside ASCII's upper case that is `ı` and `İ` for `i`, `ſ` for `s` and the Kelvin sign for `k`; compared over all code
/// points for each letter of the labels.
pub(super) fn folds_to(given: &str, label: &str) -> bool {
    given
        .chars()
        .map(|char| match char {
            'ı' | 'İ' => 'i',
            'ſ' => 's',
            '\u{212A}' => 'k',
            _ => char.to_ascii_lowercase(),
        })
        .eq(label.chars())
}
