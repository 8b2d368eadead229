//! Users, courses and enrollments, which most events of the learning subdomain name. Source:
//! `openedx_events.learning.data` of openedx-events 11.2.

use events_core::{DateTime, EventData};

use crate::keys::{CcxLocator, CourseKey};

/// What identifies a user in person.
#[derive(Clone, PartialEq, Eq, Hash, EventData)]
pub struct UserPersonalData {
    /// The name by which the platform knows the user.
    #[event_data(pii)]
    pub username: String,
    /// The user's email address.
    #[event_data(pii)]
    pub email: String,
    /// The full name of the user; empty where it is not known.
    #[event_data(pii)]
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

/// A custom course (CCX): a course run that a coach derived from another, for learners of their own.
#[derive(Clone, PartialEq, Eq, Hash, EventData)]
pub struct CcxCourseData {
    /// The key of the custom course.
    pub ccx_course_key: CcxLocator,
    /// The key of the course run that it was derived from.
    pub master_course_key: CourseKey,
    /// The name that learners see; empty where it is not known.
    pub display_name: String,
    /// The email address of the coach; empty where it is not known.
    #[event_data(pii)]
    pub coach_email: String,
    /// When the custom course starts, as text of no agreed form.
    pub start: Option<String>,
    /// When the custom course ends, as text of no agreed form.
    pub end: Option<String>,
    /// How many learners may enroll; none means any number.
    pub max_students_allowed: Option<i64>,
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
