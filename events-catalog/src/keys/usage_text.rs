//! Usage keys from text and from parts.

use std::sync::Arc;

use super::aside::Escapes;
use super::course::{CourseKey, CourseKeyKind, MOST_TEXTS};
use super::error::{Fault, KeyError, KeyPart, Wanted, Wrong};
use super::fields::{Fields, Unsaid};
use super::library::LibraryUsageLocatorV2;
use super::text::Class;
use super::usage::{Beside, UsageKey, UsageKeyKind, legacy_fields};

impl UsageKeyKind {
    /// What its keys look like.
    const fn expected(self) -> &'static str {
        match self {
            Self::BlockV1 => "`block-v1:ORG+COURSE+RUN+type@TYPE+block@ID`",
            Self::Legacy => "`i4x://ORG/COURSE/TYPE/ID`",
            Self::LibBlockV1 => "`lib-block-v1:ORG+LIBRARY+type@TYPE+block@ID`",
            Self::CcxBlockV1 => "`ccx-block-v1:ORG+COURSE+RUN+ccx@NUMBER+type@TYPE+block@ID`",
            Self::Library => "`lb:ORG:SLUG:TYPE:ID`",
            Self::Location => "`location:ORG+COURSE+RUN+TYPE+ID`",
            Self::AsideV1 => {
                "`aside-usage-v1:KEY::TYPE`, with `$$` for `$` and `$::` for `::` in the parts"
            }
            Self::AsideV2 => {
                "`aside-usage-v2:KEY::TYPE`, with `$$` for `$` and `$:` for `:` in the parts"
            }
        }
    }

    const fn wrong(self, wrong: Wrong) -> KeyError {
        KeyError::new(Wanted::Usage, self.expected(), wrong)
    }
}

impl UsageKey {
    /// The key of the block with this type and id in a course. Its form follows that of the course key: a deprecated one gives
    /// a deprecated key, one of an old library or of a custom course the key of a block there.
    ///
    /// For a block in a library see [`LibraryUsageLocatorV2::new`], whose keys turn into these.
    ///
    /// ```
    /// # use events_catalog::keys::{CourseKey, KeyError, UsageKey};
    /// let course: CourseKey = "edX/DemoX/2026".parse()?;
    /// let key = UsageKey::new(&course, "html", "intro")?;
    /// assert_eq!(key.as_str(), "i4x://edX/DemoX/html/intro");
    /// // The text has no run. This value still knows it, and what is read from the text does not.
    /// assert_eq!(key.course_key(), Some(course));
    /// assert_eq!(key.as_str().parse::<UsageKey>()?.course_key(), None);
    /// # Ok::<(), KeyError>(())
    /// ```
    ///
    /// # Errors
    /// When the type or the id is empty, or holds anything but letters, digits, `_`, `-`, `~`, `.` and `:`. In a deprecated key
    /// the id may hold `%`, too, and the type anything but `/`.
    pub fn new(course: &CourseKey, block_type: &str, block_id: &str) -> Result<Self, KeyError> {
        let kind = match course.kind() {
            CourseKeyKind::CourseV1 => UsageKeyKind::BlockV1,
            CourseKeyKind::Legacy => UsageKeyKind::Legacy,
            CourseKeyKind::LibraryV1 => UsageKeyKind::LibBlockV1,
            CourseKeyKind::CcxV1 => UsageKeyKind::CcxBlockV1,
        };
        let fields = Fields {
            block_type: Some(block_type),
            block_id: Some(block_id),
            ..course.fields()
        };
        let key = if kind == UsageKeyKind::Legacy {
            Self::checked_legacy(&fields)
        } else {
            Self::checked(kind, course.kind(), &fields)
        };
        key.map_err(|wrong| kind.wrong(wrong))
    }

    /// The key of an aside of this block, `aside-usage-v2:KEY::TYPE`. The type may be any text.
    ///
    /// ```
    /// # use events_catalog::keys::{KeyError, UsageKey};
    /// let block: UsageKey = "lb:edX:problems:html:intro".parse()?;
    /// let aside = block.aside("tags");
    /// assert_eq!(aside.as_str(), "aside-usage-v2:lb$:edX$:problems$:html$:intro::tags");
    /// # Ok::<(), KeyError>(())
    /// ```
    #[must_use]
    pub fn aside(&self, aside_type: &str) -> Self {
        Self::aside_of(UsageKeyKind::AsideV2, Escapes::V2, self.clone(), aside_type)
    }

    pub(super) fn parse(text: &str) -> Result<Self, KeyError> {
        let Some(kind) = UsageKeyKind::of(text) else {
            return Err(Wanted::Usage.other_namespace(text));
        };
        let rest = &text[kind.prefix().len()..];
        let key = match kind {
            UsageKeyKind::AsideV1 => return Self::parse_aside(kind, Escapes::V1, rest),
            UsageKeyKind::AsideV2 => return Self::parse_aside(kind, Escapes::V2, rest),
            UsageKeyKind::Library => {
                return LibraryUsageLocatorV2::parse(text)
                    .map(Self::from)
                    .map_err(|error| error.wanting(Wanted::Usage));
            }
            UsageKeyKind::Location => Self::parse_location(text, rest),
            UsageKeyKind::Legacy => legacy_fields(rest)
                .ok_or_else(|| Fault::Missing.of(KeyPart::BlockId))
                .and_then(|fields| Self::checked_legacy(&fields)),
            UsageKeyKind::BlockV1 => Self::parse_block(kind, CourseKeyKind::CourseV1, rest),
            UsageKeyKind::LibBlockV1 => Self::parse_block(kind, CourseKeyKind::LibraryV1, rest),
            UsageKeyKind::CcxBlockV1 => Self::parse_block(kind, CourseKeyKind::CcxV1, rest),
        };
        key.map_err(|wrong| kind.wrong(wrong))
    }

    fn parse_block(kind: UsageKeyKind, course: CourseKeyKind, rest: &str) -> Result<Self, Wrong> {
        let fields = Fields::split(rest, course.dialect())?;
        Self::checked(kind, course, &fields)
    }

    fn parse_location(text: &str, rest: &str) -> Result<Self, Wrong> {
        let mut values = rest.split('+');
        let parts = [
            KeyPart::Org,
            KeyPart::Course,
            KeyPart::Run,
            KeyPart::BlockType,
            KeyPart::BlockId,
        ];
        for part in parts {
            let value = values.next().ok_or_else(|| Fault::Missing.of(part))?;
            Class::Id.check(part, value)?;
        }
        match values.next() {
            None => Ok(Self::of_text(text.into())),
            Some(_) => Err(Fault::TooMany.of(KeyPart::Layout)),
        }
    }

    fn parse_aside(kind: UsageKeyKind, escapes: Escapes, rest: &str) -> Result<Self, KeyError> {
        let (key, aside_type) = escapes.split(rest).map_err(|wrong| kind.wrong(wrong))?;
        let colons = || kind.wrong(Fault::Colons.of(KeyPart::UsageKey));
        let inner = UsageKeyKind::of(&key);
        let is_aside = matches!(inner, Some(UsageKeyKind::AsideV1 | UsageKeyKind::AsideV2));
        if escapes == Escapes::V1 && is_aside {
            // It would have `::` in it. So there is no key in a key in a key here; and `aside-usage-v2` doubles the `$` at each
            // step inwards, so that there are no more steps than the logarithm of the length.
            return Err(colons());
        }
        let usage_key = Self::parse(&key).map_err(KeyError::in_decorated)?;
        if escapes == Escapes::V1
            && (usage_key.text.contains("::") || usage_key.text.ends_with(':'))
        {
            return Err(colons());
        }
        Ok(Self::aside_of(kind, escapes, usage_key, &aside_type))
    }

    fn aside_of(kind: UsageKeyKind, escapes: Escapes, usage_key: Self, aside_type: &str) -> Self {
        let rest = escapes.join(&usage_key.text, aside_type);
        let aside_type = aside_type.into();
        Self {
            text: [kind.prefix(), &rest].concat().into(),
            beside: Some(Arc::new(Beside::Aside {
                usage_key,
                aside_type,
            })),
        }
    }

    fn checked(
        kind: UsageKeyKind,
        course: CourseKeyKind,
        fields: &Fields<'_>,
    ) -> Result<Self, Wrong> {
        course.check(fields, Class::Id)?;
        let Some(block_id) = fields.block_id else {
            return Err(Fault::Missing.of(KeyPart::BlockId));
        };
        if fields.block_type.is_none() && kind == UsageKeyKind::LibBlockV1 {
            return Err(Fault::Missing.of(KeyPart::BlockType));
        }
        let mut text = String::with_capacity(MOST_TEXTS);
        text.push_str(kind.prefix());
        let is_library = course == CourseKeyKind::LibraryV1;
        let mut unsaid = Unsaid::after_writing(fields, is_library, &mut text);
        unsaid.untyped = fields.block_type.is_none();
        text.push_str("+type@");
        text.push_str(fields.block_type.unwrap_or("None"));
        text.push_str("+block@");
        text.push_str(block_id);
        Ok(Self::written(text, unsaid))
    }

    fn checked_legacy(fields: &Fields<'_>) -> Result<Self, Wrong> {
        let part = |part, value: Option<_>| value.ok_or_else(|| Fault::Missing.of(part));
        let org = part(KeyPart::Org, fields.org)?;
        let course = part(KeyPart::Course, fields.course)?;
        let block_type = part(KeyPart::BlockType, fields.block_type)?;
        let block_id = part(KeyPart::BlockId, fields.block_id)?;
        Class::Legacy.check(KeyPart::Org, org)?;
        Class::Legacy.check(KeyPart::Course, course)?;
        Class::LegacyType.check(KeyPart::BlockType, block_type)?;
        Class::IdOrPercent.check(KeyPart::BlockId, block_id)?;
        let mut text = [
            UsageKeyKind::Legacy.prefix(),
            org,
            "/",
            course,
            "/",
            block_type,
            "/",
            block_id,
        ]
        .concat();
        if let Some(branch) = fields.branch {
            Class::IdOrPercent.check(KeyPart::Branch, branch)?;
            text.push('@');
            text.push_str(branch);
        }
        Ok(Self::written(text, Unsaid::default().with_run(fields.run)))
    }

    fn written(text: String, unsaid: Unsaid) -> Self {
        Self {
            text: text.into(),
            beside: (!unsaid.is_nothing()).then(|| Arc::new(Beside::Unsaid(unsaid))),
        }
    }
}
