//! Courses, their certificates and their blocks. Source: `openedx_events.content_authoring.data` of openedx-events 11.2.

use events_core::{Bytes, DateTime, EventData};

use crate::keys::{CourseKey, UsageKey};

/// A course run, by its key alone; the learning subdomain has [another](crate::learning::CourseData) with more fields.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EventData)]
pub struct CourseData {
    /// The key of the course run.
    pub course_key: CourseKey,
}

/// When a course run takes place.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EventData)]
pub struct CourseScheduleData {
    /// When the course run starts.
    pub start: DateTime,
    /// Who sets the pace: `instructor` or `self`.
    pub pacing: String,
    /// When the course run ends.
    pub end: Option<DateTime>,
    /// From when on learners can enroll.
    pub enrollment_start: Option<DateTime>,
    /// Until when learners can enroll.
    pub enrollment_end: Option<DateTime>,
}

/// What a course catalog shows of a course run.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EventData)]
pub struct CourseCatalogData {
    /// The key of the course run.
    pub course_key: CourseKey,
    /// The name of the course.
    pub name: String,
    /// When it takes place.
    pub schedule_data: CourseScheduleData,
    /// Whether searches leave it out.
    pub hidden: bool,
    /// Whether only those who are invited can enroll.
    pub invitation_only: bool,
}

/// Somebody who signs the certificates of a course.
#[derive(Clone, PartialEq, Eq, Hash, EventData)]
pub struct CertificateSignatoryData {
    /// The image of the signature, the whole file. The Python package has an open file here (`BinaryIO`), which it
    /// cannot serialize. Mind the size: a message of a bus has a limit.
    #[event_data(pii)]
    pub image: Bytes,
    /// The name of the person.
    #[event_data(pii)]
    pub name: String,
    /// The organization the person stands for.
    pub organization: String,
    /// What the person is there.
    pub title: String,
}

/// How the certificates of a course run look.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EventData)]
pub struct CertificateConfigData {
    /// The mode of enrollment that the certificate is for: `verified`, `professional`, `credit`, `masters`…
    pub certificate_type: String,
    /// The key of the course run.
    pub course_key: CourseKey,
    /// The title on the certificate.
    pub title: String,
    /// Those who sign it.
    pub signatories: Vec<CertificateSignatoryData>,
    /// Whether certificates are made from it.
    pub is_active: bool,
}

/// A block of a course: a section, a unit, a problem…
#[derive(Debug, Clone, PartialEq, Eq, Hash, EventData)]
pub struct XBlockData {
    /// The key of the block.
    pub usage_key: UsageKey,
    /// The type of the block: `chapter`, `vertical`, `problem`…
    pub block_type: String,
    /// The key of the block with branch and version, which names this very state of it.
    pub version: Option<UsageKey>,
}

/// A block that is a copy of another.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EventData)]
pub struct DuplicatedXBlockData {
    /// The key of the copy.
    pub usage_key: UsageKey,
    /// The type of the block: `chapter`, `vertical`, `problem`…
    pub block_type: String,
    /// The key of the copy with branch and version, which names this very state of it.
    pub version: Option<UsageKey>,
    /// The key of the block that was copied.
    pub source_usage_key: UsageKey,
}

/// A course or a block of a course or library.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EventData)]
pub struct ContentObjectData {
    /// The key of the course or the block, as text.
    pub object_id: String,
}

/// A course or a block of a course or library, and what of it changed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EventData)]
pub struct ContentObjectChangedData {
    /// The key of the course or the block, as text.
    pub object_id: String,
    /// What changed: `tags`, `collections`… Empty means that anything may have.
    pub changes: Vec<String>,
}
