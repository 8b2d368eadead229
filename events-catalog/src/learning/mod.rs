//! Events of the learning subdomain.

mod data;
mod signals;

pub use data::{CourseData, CourseEnrollmentData, UserData, UserPersonalData};
pub use signals::{
    COURSE_ENROLLMENT_CHANGED, COURSE_ENROLLMENT_CREATED, COURSE_UNENROLLMENT_COMPLETED,
    CourseEnrollmentChanged, CourseEnrollmentCreated, CourseUnenrollmentCompleted,
    SESSION_LOGIN_COMPLETED, STUDENT_REGISTRATION_COMPLETED, SessionLoginCompleted,
    StudentRegistrationCompleted,
};
