//! The names of the files in a schema folder.

/// What the name of a file in a schema folder says.
///
/// ```
/// use events_core::schema::folder::FileName;
///
/// let name = FileName::parse("org.example.shop.order.placed.v1.2-before-note.avsc");
/// assert_eq!(
///     name,
///     Some(FileName::Schema {
///         event_type: "org.example.shop.order.placed.v1",
///         minor_version: 2,
///         label: Some("before-note"),
///     })
/// );
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileName<'a> {
    /// `<event type>.<minor version>.avsc`, or `<event type>.<minor version>-<label>.avsc` for a former layout.
    Schema {
        /// The event type.
        event_type: &'a str,
        /// The minor version.
        minor_version: u32,
        /// What tells a former layout of the minor version from its schema.
        label: Option<&'a str>,
    },
    /// `<event type>.waivers.json`.
    Waivers {
        /// The event type.
        event_type: &'a str,
    },
}

impl<'a> FileName<'a> {
    /// Reads a name; none if it is not one of a file that belongs into a schema folder.
    pub fn parse(name: &'a str) -> Option<Self> {
        if let Some(event_type) = name.strip_suffix(".waivers.json") {
            return (!event_type.is_empty()).then_some(Self::Waivers { event_type });
        }
        let stem = name.strip_suffix(".avsc")?;
        // The parts of an event type begin with a letter, so that the first digit behind a dot is the minor version's.
        let dot = stem
            .as_bytes()
            .windows(2)
            .position(|pair| pair[0] == b'.' && pair[1].is_ascii_digit())?;
        let (event_type, version) = (stem.get(..dot)?, stem.get(dot + 1..)?);
        let (minor, label) = match version.split_once('-') {
            Some((minor, label)) => (minor, Some(label)),
            None => (version, None),
        };
        let minor_version: u32 = minor.parse().ok()?;
        // Not `00`: two names would mean one version.
        let is_plain = minor_version.to_string() == minor;
        let is_complete = is_plain && !event_type.is_empty() && label != Some("");
        is_complete.then_some(Self::Schema {
            event_type,
            minor_version,
            label,
        })
    }
}

/// `org.example.shop.order.placed.v1.0.avsc`.
pub(super) fn file_of(event_type: &str, minor_version: u32) -> String {
    format!("{event_type}.{minor_version}.avsc")
}

/// The event type with the next major version.
pub(super) fn next_major(event_type: &str) -> String {
    let version = event_type
        .rsplit_once(".v")
        .and_then(|(name, version)| Some((name, version.parse::<u64>().ok()?)));
    match version {
        Some((name, version)) => format!("{name}.v{}", version.saturating_add(1)),
        None => format!("{event_type}.v2"),
    }
}

#[cfg(test)]
mod tests {
    use super::{FileName, next_major};

    #[test]
    fn names_say_whose_and_which() {
        let schema = |name| match FileName::parse(name) {
            Some(FileName::Schema {
                event_type,
                minor_version,
                label,
            }) => Some((event_type, minor_version, label)),
            _ => None,
        };
        assert_eq!(schema("a.b.v1.0.avsc"), Some(("a.b.v1", 0, None)));
        assert_eq!(schema("a.b-c.v1.12.avsc"), Some(("a.b-c.v1", 12, None)));
        assert_eq!(
            schema("a.b.v1.0-before-1.2.avsc"),
            Some(("a.b.v1", 0, Some("before-1.2")))
        );
        // An event type may lack a version.
        assert_eq!(schema("a.b.0.avsc"), Some(("a.b", 0, None)));
        for wrong in [
            "a.b.v1.avsc",
            "a.b.v1.00.avsc",
            "a.b.v1.0-.avsc",
            "a.b.v1.0.1.avsc",
            ".0.avsc",
            "0.avsc",
            "a.b.v1.0.json",
            "a.b.v1.4294967296.avsc",
            "a.b.v1.0.avsc.bak",
            "",
        ] {
            assert_eq!(FileName::parse(wrong), None, "{wrong}");
        }
        assert_eq!(
            FileName::parse("a.b.v1.waivers.json"),
            Some(FileName::Waivers {
                event_type: "a.b.v1"
            })
        );
    }

    #[test]
    fn the_next_major_version() {
        assert_eq!(next_major("a.b.v9"), "a.b.v10");
        assert_eq!(next_major("a.b.deleted"), "a.b.deleted.v2");
    }
}
