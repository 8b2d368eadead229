//! The events of certificates, badges and checks of identity. Source: `openedx_events.learning.signals` of
//! openedx-events 11.2.

use events_core::event;

use super::data_credentials::{
    BadgeData, CertificateData, ProgramCertificateData, VerificationAttemptData,
};

/// Emitted when a user was given a certificate for a course run.
#[event(type = "org.openedx.learning.certificate.created.v1", key = certificate.course.course_key)]
pub struct CertificateCreated {
    /// The new certificate.
    pub certificate: CertificateData,
}

/// Emitted when a user's certificate for a course run changed.
///
/// It has no key, although its kin have one: upstream gives it none.
#[event(type = "org.openedx.learning.certificate.changed.v1")]
pub struct CertificateChanged {
    /// The certificate as it is now.
    pub certificate: CertificateData,
}

/// Emitted when a user's certificate for a course run was revoked.
#[event(type = "org.openedx.learning.certificate.revoked.v1", key = certificate.course.course_key)]
pub struct CertificateRevoked {
    /// The certificate that was revoked.
    pub certificate: CertificateData,
}

/// Emitted when a learner was given a certificate for a program.
#[event(type = "org.openedx.learning.program.certificate.awarded.v1", key = program_certificate.program.uuid)]
pub struct ProgramCertificateAwarded {
    /// The new certificate.
    pub program_certificate: ProgramCertificateData,
}

/// Emitted when a learner's certificate for a program was revoked.
#[event(type = "org.openedx.learning.program.certificate.revoked.v1", key = program_certificate.program.uuid)]
pub struct ProgramCertificateRevoked {
    /// The certificate that was revoked.
    pub program_certificate: ProgramCertificateData,
}

/// Emitted when a learner was given a badge.
#[event(type = "org.openedx.learning.badge.awarded.v1")]
pub struct BadgeAwarded {
    /// The new badge.
    pub badge: BadgeData,
}

/// Emitted when a learner's badge was revoked.
#[event(type = "org.openedx.learning.badge.revoked.v1")]
pub struct BadgeRevoked {
    /// The badge that was revoked.
    pub badge: BadgeData,
}

/// Emitted when a user began to have their identity verified (IDV).
#[event(type = "org.openedx.learning.idv_attempt.created.v1")]
pub struct IdvAttemptCreated {
    /// The new attempt.
    pub idv_attempt: VerificationAttemptData,
}

/// Emitted when a verification of identity waits for a decision.
#[event(type = "org.openedx.learning.idv_attempt.pending.v1")]
pub struct IdvAttemptPending {
    /// The attempt that waits.
    pub idv_attempt: VerificationAttemptData,
}

/// Emitted when a user's identity was verified.
#[event(type = "org.openedx.learning.idv_attempt.approved.v1")]
pub struct IdvAttemptApproved {
    /// The attempt that succeeded.
    pub idv_attempt: VerificationAttemptData,
}

/// Emitted when a user's identity was not accepted.
#[event(type = "org.openedx.learning.idv_attempt.denied.v1")]
pub struct IdvAttemptDenied {
    /// The attempt that failed.
    pub idv_attempt: VerificationAttemptData,
}
