//! The receivers of the plugin.

use events_catalog::learning::{
    COURSE_ENROLLMENT_CREATED, CourseEnrollmentData, SESSION_LOGIN_COMPLETED,
    STUDENT_REGISTRATION_COMPLETED, UserData,
};
use events_core::{EventMetadata, receiver};

use crate::mail::{MailError, outbox};

/// Greets a user who has just registered.
///
/// # Errors
/// When the mail server refuses the address.
#[receiver(STUDENT_REGISTRATION_COMPLETED)]
pub fn send_welcome_mail(user: &UserData) -> Result<(), MailError> {
    outbox().send(&user.pii.email, format!("Welcome, {}!", user.pii.username))
}

/// Confirms an enrollment.
///
/// # Errors
/// When the mail server refuses the address.
#[receiver(COURSE_ENROLLMENT_CREATED)]
pub fn confirm_enrollment(
    enrollment: &CourseEnrollmentData,
    metadata: &EventMetadata,
) -> Result<(), MailError> {
    let text = format!(
        "You are enrolled in {} since {}.",
        enrollment.course.course_key,
        metadata.time()
    );
    outbox().send(&enrollment.user.pii.email, text)
}

/// Warns of every login: only where a configuration asks for it.
///
/// # Errors
/// When the mail server refuses the address.
#[receiver(SESSION_LOGIN_COMPLETED, manual)]
pub fn warn_of_login(user: &UserData) -> Result<(), MailError> {
    outbox().send(&user.pii.email, "Was that you?".to_owned())
}
