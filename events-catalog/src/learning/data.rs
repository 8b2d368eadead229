//! What the events of the learning subdomain carry. Source: `openedx_events.learning.data` of openedx-events 11.2.

use events_core::{DateTime, EventData};

use crate::keys::CourseKey;

/// What identifies a user in person.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EventData)]
pub struct UserPersonalData {
    /// The username associated with the Open edX user.
    pub username: String,
    /// The email address associated with the Open edX user.
    pub email: String,
    /// The full name of the user; empty where it is not known.
    pub name: String,
}

/// A user.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EventData)]
pub struct UserData {
    /// The user's identifier, unique in the platform.
    pub id: i64,
    /// Whether the user is active.
    pub is_active: bool,
    /// What identifies the user in person.
    pub pii: UserPersonalData,
}

/// A course run.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EventData)]
pub struct CourseData {
    /// The key of the course run.
    pub course_key: CourseKey,
    /// The name that learners see; empty where it is not known.
    pub display_name: String,
    /// When the course run starts.
    pub start: Option<DateTime>,
    /// When the course run ends.
    pub end: Option<DateTime>,
}

/// The enrollment of a user in a course run.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EventData)]
pub struct CourseEnrollmentData {
    /// The user who is enrolled.
    pub user: UserData,
    /// The course run.
    pub course: CourseData,
    /// The mode of the enrollment: `audit`, `verified`…
    pub mode: String,
    /// Whether the enrollment is active.
    pub is_active: bool,
    /// When the enrollment was created.
    pub creation_date: DateTime,
    /// Who created the enrollment, where that was not the user.
    pub created_by: Option<UserData>,
}
