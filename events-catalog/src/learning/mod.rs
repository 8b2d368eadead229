//! Events of the learning subdomain: learners and what they do.

mod data;
mod data_access;
mod data_assessment;
mod data_community;
mod data_credentials;
mod signals;
mod signals_access;
mod signals_assessment;
mod signals_community;
mod signals_credentials;

pub use data::{CcxCourseData, CourseData, CourseEnrollmentData, UserData, UserPersonalData};
pub use data_access::{
    CohortData, CourseAccessRoleData, LtiProviderLaunchData, LtiProviderLaunchParamsData,
};
pub use data_assessment::{
    CcxCoursePassingStatusData, CoursePassingStatusData, ExamAttemptData, ExternalGraderScoreData,
    OraSubmissionAnswer, OraSubmissionData, PersistentCourseGradeData, XBlockSkillVerificationData,
};
pub use data_community::{
    CourseDiscussionConfigurationData, CourseNotificationData, DiscussionThreadData,
    DiscussionTopicContext, UserNotificationData,
};
pub use data_credentials::{
    BadgeData, BadgeTemplateData, CertificateData, ProgramCertificateData, ProgramData,
    VerificationAttemptData,
};
pub use signals::{
    COURSE_ENROLLMENT_CHANGED, COURSE_ENROLLMENT_CREATED, COURSE_UNENROLLMENT_COMPLETED,
    CourseEnrollmentChanged, CourseEnrollmentCreated, CourseUnenrollmentCompleted,
    SESSION_LOGIN_COMPLETED, STUDENT_REGISTRATION_COMPLETED, SessionLoginCompleted,
    StudentRegistrationCompleted,
};
pub use signals_access::{
    COHORT_MEMBERSHIP_CHANGED, COURSE_ACCESS_ROLE_ADDED, COURSE_ACCESS_ROLE_REMOVED,
    CohortMembershipChanged, CourseAccessRoleAdded, CourseAccessRoleRemoved,
    LTI_PROVIDER_LAUNCH_SUCCESS, LtiProviderLaunchSuccess,
};
pub use signals_assessment::{
    CCX_COURSE_PASSING_STATUS_UPDATED, COURSE_PASSING_STATUS_UPDATED,
    CcxCoursePassingStatusUpdated, CoursePassingStatusUpdated, EXAM_ATTEMPT_ERRORED,
    EXAM_ATTEMPT_REJECTED, EXAM_ATTEMPT_RESET, EXAM_ATTEMPT_SUBMITTED, EXAM_ATTEMPT_VERIFIED,
    EXTERNAL_GRADER_SCORE_SUBMITTED, ExamAttemptErrored, ExamAttemptRejected, ExamAttemptReset,
    ExamAttemptSubmitted, ExamAttemptVerified, ExternalGraderScoreSubmitted,
    ORA_SUBMISSION_CREATED, OraSubmissionCreated, PERSISTENT_GRADE_SUMMARY_CHANGED,
    PersistentGradeSummaryChanged, XBLOCK_SKILL_VERIFIED, XBlockSkillVerified,
};
pub use signals_community::{
    COURSE_DISCUSSIONS_CHANGED, COURSE_NOTIFICATION_REQUESTED, CourseDiscussionsChanged,
    CourseNotificationRequested, FORUM_RESPONSE_COMMENT_CREATED, FORUM_THREAD_CREATED,
    FORUM_THREAD_RESPONSE_CREATED, ForumResponseCommentCreated, ForumThreadCreated,
    ForumThreadResponseCreated, USER_NOTIFICATION_REQUESTED, UserNotificationRequested,
};
pub use signals_credentials::{
    BADGE_AWARDED, BADGE_REVOKED, BadgeAwarded, BadgeRevoked, CERTIFICATE_CHANGED,
    CERTIFICATE_CREATED, CERTIFICATE_REVOKED, CertificateChanged, CertificateCreated,
    CertificateRevoked, IDV_ATTEMPT_APPROVED, IDV_ATTEMPT_CREATED, IDV_ATTEMPT_DENIED,
    IDV_ATTEMPT_PENDING, IdvAttemptApproved, IdvAttemptCreated, IdvAttemptDenied,
    IdvAttemptPending, PROGRAM_CERTIFICATE_AWARDED, PROGRAM_CERTIFICATE_REVOKED,
    ProgramCertificateAwarded, ProgramCertificateRevoked,
};
