//! The events of users and their enrollments. Source: `openedx_events.learning.signals` of openedx-events 11.2.

use events_core::event;

use super::data::{CourseEnrollmentData, UserData};

/// Emitted when a user has registered.
#[event(type = "org.openedx.learning.student.registration.completed.v1", key = user.pii.username)]
pub struct StudentRegistrationCompleted {
    /// The user who registered.
    pub user: UserData,
}

/// Emitted when a user has logged in.
#[event(type = "org.openedx.learning.auth.session.login.completed.v1", key = user.pii.username)]
pub struct SessionLoginCompleted {
    /// The user who logged in.
    pub user: UserData,
}

/// Emitted when a user was enrolled in a course run.
#[event(type = "org.openedx.learning.course.enrollment.created.v1", key = enrollment.course.course_key)]
pub struct CourseEnrollmentCreated {
    /// The enrollment.
    pub enrollment: CourseEnrollmentData,
}

/// Emitted when an enrollment changed: its mode, for instance.
#[event(type = "org.openedx.learning.course.enrollment.changed.v1", key = enrollment.course.course_key)]
pub struct CourseEnrollmentChanged {
    /// The enrollment as it is now.
    pub enrollment: CourseEnrollmentData,
}

/// Emitted when a user has left a course run.
#[event(type = "org.openedx.learning.course.unenrollment.completed.v1", key = enrollment.course.course_key)]
pub struct CourseUnenrollmentCompleted {
    /// The enrollment that ended.
    pub enrollment: CourseEnrollmentData,
}
