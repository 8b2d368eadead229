//! The parts of the keys that separate them with `+`: those of courses, of old libraries, of custom courses, and of their
//! blocks.

use super::error::{Fault, KeyPart, Wrong};
use super::text::{Class, folds_to};

/// The parts of a course key or a usage key, as far as it has them.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Fields<'a> {
    pub(super) org: Option<&'a str>,
    /// The course, or the library of an old library's key.
    pub(super) course: Option<&'a str>,
    pub(super) run: Option<&'a str>,
    pub(super) branch: Option<&'a str>,
    pub(super) version: Option<&'a str>,
    pub(super) ccx: Option<&'a str>,
    pub(super) block_type: Option<&'a str>,
    pub(super) block_id: Option<&'a str>,
}

/// How options are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// In lower case.
    Course,
    /// In either case, with the number of the custom course among them.
    Ccx,
}

impl Dialect {
    const fn options(self) -> &'static str {
        match self {
            Self::Course => "`branch@`, `version@`, `type@` and `block@`",
            Self::Ccx => "`branch@`, `version@`, `ccx@`, `type@` and `block@`",
        }
    }

    const fn version(self) -> &'static str {
        match self {
            Self::Course => "24 hexadecimal digits in lower case",
            Self::Ccx => "24 hexadecimal digits",
        }
    }
}

/// The options, in the order in which they stand.
const OPTIONS: [(&str, KeyPart); 5] = [
    ("branch", KeyPart::Branch),
    ("version", KeyPart::VersionGuid),
    ("ccx", KeyPart::Ccx),
    ("type", KeyPart::BlockType),
    ("block", KeyPart::BlockId),
];

/// How many hexadecimal digits the identifier of a version has.
const VERSION_DIGITS: usize = 24;

impl<'a> Fields<'a> {
    /// The parts in what follows the namespace. Neither a name nor the value of an option can hold `+` or `@`, so that there
    /// is one way to read it.
    ///
    /// # Errors
    /// When there are names after options, too many names, or options that are unknown or out of order.
    pub(super) fn split(text: &'a str, dialect: Dialect) -> Result<Self, Wrong> {
        let mut fields = Self::default();
        if text.is_empty() {
            return Ok(fields);
        }
        // What of `OPTIONS` may still come.
        let mut from = 0;
        for (index, segment) in text.split('+').enumerate() {
            let Some((label, value)) = segment.split_once('@') else {
                let name = match index {
                    _ if from > 0 => None,
                    0 => Some(&mut fields.org),
                    1 => Some(&mut fields.course),
                    2 => Some(&mut fields.run),
                    _ => None,
                };
                *name.ok_or_else(|| Fault::TooMany.of(KeyPart::Layout))? = Some(segment);
                continue;
            };
            let is_it = |(name, part): &(&str, KeyPart)| match dialect {
                Dialect::Course => label == *name && *part != KeyPart::Ccx,
                Dialect::Ccx => folds_to(label, name),
            };
            let Some(index) = OPTIONS.iter().position(is_it) else {
                return Err(Fault::UnknownOption(dialect.options()).of(KeyPart::Layout));
            };
            if index < from {
                return Err(Fault::OptionOrder.of(OPTIONS[index].1));
            }
            from = index + 1;
            let option = match index {
                0 => &mut fields.branch,
                1 => &mut fields.version,
                2 => &mut fields.ccx,
                3 => &mut fields.block_type,
                _ => &mut fields.block_id,
            };
            *option = Some(value);
        }
        Ok(fields)
    }

    /// Whether every part that is there holds only what it may hold.
    ///
    /// # Errors
    /// The first part that does not.
    pub(super) fn check(
        &self,
        dialect: Dialect,
        second: KeyPart,
        block: Class,
    ) -> Result<(), Wrong> {
        if self.org.is_some() && self.course.is_none() {
            return Err(Fault::Missing.of(second));
        }
        let parts = [
            (KeyPart::Org, self.org, Class::Id),
            (second, self.course, Class::Id),
            (KeyPart::Run, self.run, Class::Id),
            (KeyPart::Branch, self.branch, Class::Id),
            (KeyPart::Ccx, self.ccx, Class::Decimal),
            (KeyPart::BlockType, self.block_type, Class::Id),
            (KeyPart::BlockId, self.block_id, block),
        ];
        for (part, value, class) in parts {
            if let Some(value) = value {
                class.check(part, value)?;
            }
        }
        self.version
            .map_or(Ok(()), |version| check_version(version, dialect))
    }
}

/// # Errors
/// When it is not the identifier of a version.
fn check_version(version: &str, dialect: Dialect) -> Result<(), Wrong> {
    let is_digit = |byte: &u8| match dialect {
        Dialect::Course => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        Dialect::Ccx => byte.is_ascii_hexdigit(),
    };
    if version.is_empty() {
        Err(Fault::Empty.of(KeyPart::VersionGuid))
    } else if version.len() == VERSION_DIGITS && version.as_bytes().iter().all(is_digit) {
        Ok(())
    } else {
        Err(Fault::NoVersion(dialect.version()).of(KeyPart::VersionGuid))
    }
}

/// What the reference's key holds and its text leaves out.
///
/// A key that was parsed has such parts only where its text cannot hold them; see [`CourseKey`](super::CourseKey).
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Unsaid {
    org: Option<Box<str>>,
    course: Option<Box<str>>,
    run: Option<Box<str>>,
    branch: Option<Box<str>>,
    /// The text says `type@None`, and there is none.
    pub(super) untyped: bool,
}

impl Unsaid {
    pub(super) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// The parts of the text, and these.
    pub(super) fn added_to<'a>(&'a self, said: Fields<'a>) -> Fields<'a> {
        Fields {
            org: said.org.or(self.org.as_deref()),
            course: said.course.or(self.course.as_deref()),
            run: said.run.or(self.run.as_deref()),
            branch: said.branch.or(self.branch.as_deref()),
            block_type: said.block_type.filter(|_| !self.untyped),
            ..said
        }
    }

    /// Writes `ORG+COURSE+RUN+branch@BRANCH+version@VERSION+ccx@NUMBER` without what is not there. The names and the branch
    /// are left out unless all names are there; of a library that is the first two.
    pub(super) fn after_writing(fields: &Fields<'_>, is_library: bool, to: &mut String) -> Self {
        let mut unsaid = Self::default();
        let mut plus = "";
        let run = fields.run.filter(|_| !is_library);
        if let (Some(org), Some(course)) = (fields.org, fields.course)
            && (is_library || run.is_some())
        {
            to.push_str(org);
            for (before, part) in [("+", Some(course)), ("+", run), ("+branch@", fields.branch)] {
                if let Some(part) = part {
                    to.push_str(before);
                    to.push_str(part);
                }
            }
            plus = "+";
        } else {
            let kept = |part: Option<&str>| part.map(Box::from);
            unsaid.org = kept(fields.org);
            unsaid.course = kept(fields.course);
            unsaid.branch = kept(fields.branch);
        }
        if let Some(version) = fields.version {
            to.push_str(plus);
            to.push_str("version@");
            // Upper case only comes from the key of a custom course.
            to.push_str(&version.to_ascii_lowercase());
        }
        if let Some(ccx) = fields.ccx {
            to.push_str("+ccx@");
            to.push_str(ccx);
        }
        unsaid
    }

    /// A deprecated block's text has no run.
    pub(super) fn with_run(mut self, run: Option<&str>) -> Self {
        self.run = run.map(Box::from);
        self
    }
}
