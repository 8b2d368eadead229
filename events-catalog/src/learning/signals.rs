//! The events of the learning subdomain. Source: `openedx_events.learning.signals` of openedx-events 11.2.

use events_core::event;

use super::data::{CourseEnrollmentData, UserData};

/// Emitted when a user completes registration in Open edX.
#[event(type = "org.openedx.learning.student.registration.completed.v1", key = user.pii.username)]
pub struct StudentRegistrationCompleted {
    /// The user who registered.
    pub user: UserData,
}

/// Emitted when a user logs in to Open edX.
#[event(type = "org.openedx.learning.auth.session.login.completed.v1", key = user.pii.username)]
pub struct SessionLoginCompleted {
    /// The user who logged in.
    pub user: UserData,
}

/// Emitted when the user enrolls in a course.
#[event(type = "org.openedx.learning.course.enrollment.created.v1", key = enrollment.course.course_key)]
pub struct CourseEnrollmentCreated {
    /// The enrollment.
    pub enrollment: CourseEnrollmentData,
}

/// Emitted when the enrollment for a user in a course changes.
#[event(type = "org.openedx.learning.course.enrollment.changed.v1", key = enrollment.course.course_key)]
pub struct CourseEnrollmentChanged {
    /// The enrollment as it is now.
    pub enrollment: CourseEnrollmentData,
}

/// Emitted when the user unenrolls from a course.
#[event(type = "org.openedx.learning.course.unenrollment.completed.v1", key = enrollment.course.course_key)]
pub struct CourseUnenrollmentCompleted {
    /// The enrollment that ended.
    pub enrollment: CourseEnrollmentData,
}
