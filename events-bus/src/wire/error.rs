//! What a body could not be read for.

use core::fmt;

use super::fault::Fault;
use super::layouts::Layout;
use super::path::Place;

/// Why a body could not be read, and where. No text of it repeats a value of the body.
///
/// ```
/// use events_bus::wire;
///
/// let error = wire::decode_data::<Option<bool>>(&[4, 1]).expect_err("there is no third branch");
/// assert_eq!(
///     error.to_string(),
///     "cannot read the value at byte 0 of 2: expected optional boolean, and the index of the union is neither 0 nor 1"
/// );
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct DecodeError(Box<Inner>);

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    kind: DecodeErrorKind,
    /// The event type, if it is an event.
    subject: &'static str,
    length: usize,
    attempts: Vec<Attempt>,
}

/// What a [`DecodeError`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// The body has none of the known layouts.
    NoLayout,
    /// The body has a known layout, and the type refuses a value: a text that is no date-time, no key, no variant.
    Refused,
    /// The body has several of the known layouts, and is another event by each.
    Ambiguous,
}

/// A layout that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt {
    /// The layout; none where it is that of the type itself, which is no event.
    pub layout: Option<Layout>,
    /// Where it failed; none where the body has this layout.
    pub failure: Option<Failure>,
}

/// Where reading failed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failure {
    /// Where in the event: `user.pii.email`, `contexts[3].group_id`, `options{}`; empty for the event itself.
    pub path: Box<str>,
    /// The byte of the body with which the value begins.
    pub offset: usize,
    /// The length of the body.
    pub length: usize,
    /// What the layout has there: `optional string`.
    pub expected: Option<Box<str>>,
    /// What is wrong.
    pub fault: Fault,
}

impl Failure {
    pub(super) fn new(place: &Place, length: usize, fault: Fault) -> Self {
        Self {
            path: place.path.to_string().into(),
            offset: length - place.left,
            length,
            expected: place.expected.map(|schema| schema.to_string().into()),
            fault,
        }
    }
}

/// `user.pii.email` at byte 17 of 120: expected string, and the text is not UTF-8
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            f.write_str("the value")?;
        } else {
            write!(f, "`{}`", self.path)?;
        }
        write!(f, " at byte {} of {}: ", self.offset, self.length)?;
        if let Some(expected) = &self.expected {
            write!(f, "expected {expected}, and ")?;
        }
        self.fault.fmt(f)
    }
}

impl DecodeError {
    pub(super) fn of_value(failure: Failure) -> Self {
        let kind = if failure.fault.is_of_value() {
            DecodeErrorKind::Refused
        } else {
            DecodeErrorKind::NoLayout
        };
        let attempt = Attempt {
            layout: None,
            failure: Some(failure),
        };
        Self::new(kind, "", 0, vec![attempt])
    }

    pub(super) fn new(
        kind: DecodeErrorKind,
        subject: &'static str,
        length: usize,
        attempts: Vec<Attempt>,
    ) -> Self {
        Self(Box::new(Inner {
            kind,
            subject,
            length,
            attempts,
        }))
    }

    /// What it is about.
    pub fn kind(&self) -> DecodeErrorKind {
        self.0.kind
    }

    /// The layouts that were tried, in their order. Of an ambiguous body, those that it has.
    pub fn attempts(&self) -> &[Attempt] {
        &self.0.attempts
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner {
            kind,
            subject,
            length,
            attempts,
        } = &*self.0;
        if let [
            Attempt {
                failure: Some(failure),
                layout,
            },
        ] = attempts.as_slice()
        {
            f.write_str("cannot read ")?;
            if !subject.is_empty() {
                write!(f, "{subject}")?;
                if let Some(layout) = layout {
                    write!(f, " by {layout}")?;
                }
                f.write_str(": ")?;
            }
            return failure.fmt(f);
        }
        match kind {
            DecodeErrorKind::Ambiguous => write!(
                f,
                "cannot tell which layout of {subject} a body of {length} bytes has; each of these is another event:"
            )?,
            _ => write!(
                f,
                "a body of {length} bytes has none of the layouts of {subject} that are known here:"
            )?,
        }
        for Attempt { layout, failure } in attempts {
            f.write_str("\n  ")?;
            if let Some(layout) = layout {
                layout.fmt(f)?;
            }
            if let Some(failure) = failure {
                write!(f, ": {failure}")?;
            }
        }
        f.write_str(match kind {
            DecodeErrorKind::Ambiguous => {
                "\nsend it with the minor version of its layout, if that is not 0"
            }
            _ => "\nif a service writes it so, keep its schema file in the catalog",
        })
    }
}

impl fmt::Debug for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner {
            kind,
            subject,
            length,
            attempts,
        } = &*self.0;
        f.debug_struct("DecodeError")
            .field("kind", kind)
            .field("subject", subject)
            .field("length", length)
            .field("attempts", attempts)
            .finish()
    }
}

impl core::error::Error for DecodeError {}
