//! Certificates, badges and checks of identity. Source: `openedx_events.learning.data` of openedx-events 11.2.

use events_core::{DateTime, EventData};

use super::data::{CourseData, UserData};

/// A user's certificate for a course run.
#[derive(Clone, PartialEq, Eq, Hash, EventData)]
pub struct CertificateData {
    /// The user.
    pub user: UserData,
    /// The course run.
    pub course: CourseData,
    /// The mode of the enrollment: `honor`, `verified`…
    pub mode: String,
    /// The user's grade in the course run.
    pub grade: String,
    /// Where the certificate is as a PDF; it shows who has it.
    #[event_data(pii)]
    pub download_url: String,
    /// The name of the user on the certificate.
    #[event_data(pii)]
    pub name: String,
    /// The state of the certificate: `downloadable`, `notpassing`…
    pub current_status: String,
    /// The state before this event; empty where it is not known.
    pub previous_status: String,
}

/// A program: several courses that lead to one certificate.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EventData)]
pub struct ProgramData {
    /// The program's id in course-discovery.
    pub uuid: String,
    /// The title of the program.
    pub title: String,
    /// The type of the program: `professional`, `micromasters`…
    pub program_type: String,
}

/// A user's certificate for a program.
#[derive(Clone, PartialEq, Eq, Hash, EventData)]
pub struct ProgramCertificateData {
    /// The user.
    pub user: UserData,
    /// The program.
    pub program: ProgramData,
    /// The certificate's id in credentials.
    pub uuid: String,
    /// The state of the certificate: `awarded`, `revoked`.
    pub status: String,
    /// Where the certificate is; it shows who has it.
    #[event_data(pii)]
    pub url: String,
    /// From when on the user may see it.
    pub certificate_available_date: Option<DateTime>,
}

/// A kind of badge.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EventData)]
pub struct BadgeTemplateData {
    /// The template's id.
    pub uuid: String,
    /// The type of the template, which says where it comes from.
    pub origin: String,
    /// The name of the badge.
    pub name: Option<String>,
    /// What the badge is for.
    pub description: Option<String>,
    /// Where its image is.
    pub image_url: Option<String>,
}

/// A user's badge.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EventData)]
pub struct BadgeData {
    /// The badge's id.
    pub uuid: String,
    /// The user.
    pub user: UserData,
    /// The kind of badge.
    pub template: BadgeTemplateData,
}

/// A user's attempt to have their identity verified.
#[derive(Clone, PartialEq, Eq, Hash, EventData)]
pub struct VerificationAttemptData {
    /// The attempt's id.
    pub attempt_id: i64,
    /// The user.
    pub user: UserData,
    /// The state of the attempt.
    pub status: String,
    /// The name that is to be verified.
    #[event_data(pii)]
    pub name: Option<String>,
    /// When the verification expires.
    pub expiration_date: Option<DateTime>,
}
