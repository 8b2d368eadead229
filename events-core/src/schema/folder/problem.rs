//! What can be wrong with a schema folder.

use core::fmt;

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $id:literal;)*) => {
        /// What kind of problem a [`Problem`] is. Each has an id, as the [rules](crate::schema::Rule) have.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ProblemKind {
            $($(#[$doc])* $variant,)*
        }

        impl ProblemKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The id: `schema-file-missing`.
            pub const fn id(self) -> &'static str {
                match self {
                    $(Self::$variant => $id,)*
                }
            }
        }
    };
}

kinds! {
    /// The folder cannot be read.
    FolderUnreadable = "schema-folder-unreadable";
    /// An event has no schema file of its minor version, or of an older one.
    FileMissing = "schema-file-missing";
    /// The file of the event's minor version does not say what the struct says.
    FileDiffers = "schema-file-differs";
    /// The struct gives a field a default that the file of the event's minor version does not have.
    DefaultAdded = "schema-file-default-added";
    /// The file means the same as the struct, and is other JSON than the struct gives.
    FileOutdated = "schema-file-outdated";
    /// The file is not the one that the binary was compiled with.
    FileChanged = "schema-file-changed";
    /// The file belongs to no event of the crate.
    FileUnknown = "schema-file-unknown";
    /// The name of the file is not one of a schema file.
    FileName = "schema-file-name";
    /// The file cannot be read as a schema.
    FileUnreadable = "schema-file-unreadable";
    /// The file cannot be written.
    FileUnwritable = "schema-file-unwritable";
    /// There is a file of a newer minor version than the event has.
    MinorVersionLowered = "minor-version-lowered";
    /// The minor version before that of the event has no file.
    MinorVersionSkipped = "minor-version-skipped";
    /// The waivers cannot be read.
    WaiversUnreadable = "waivers-unreadable";
    /// The waivers are not those that the binary was compiled with.
    WaiversChanged = "waivers-changed";
    /// A waiver does not say why.
    WaiverWithoutReason = "waiver-without-reason";
    /// A waiver names a rule that there is not.
    WaiverOfUnknownRule = "waiver-of-unknown-rule";
    /// A waiver names a file that there is not.
    WaiverOfUnknownFile = "waiver-of-unknown-file";
    /// A waiver waives nothing.
    WaiverStale = "waiver-stale";
}

impl fmt::Display for ProblemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// Something that is wrong with a schema folder.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// What kind of problem it is.
    pub kind: ProblemKind,
    /// The event that it is about; an unknown file may belong to none.
    pub event_type: Option<String>,
    /// The name of the file in the folder; empty where it is about the folder itself.
    pub file: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub remedy: String,
}

impl Problem {
    pub(super) fn new(
        kind: ProblemKind,
        file: impl Into<String>,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            event_type: None,
            file: file.into(),
            message: message.into(),
            remedy: remedy.into(),
        }
    }

    pub(super) fn of(mut self, event_type: &str) -> Self {
        self.event_type = Some(event_type.to_owned());
        self
    }
}

/// As the compiler's messages about schemas: the id, the file, what is wrong, and the remedy on a line of its own.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] ", self.kind)?;
        if !self.file.is_empty() {
            write!(f, "{}: ", self.file)?;
        }
        write!(f, "{}\n  remedy: {}", self.message, self.remedy)
    }
}
