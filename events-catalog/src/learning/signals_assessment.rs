//! The events of grades, exams and submissions. Source: `openedx_events.learning.signals` of openedx-events 11.2.

use events_core::event;

use super::data_assessment::{
    CcxCoursePassingStatusData, CoursePassingStatusData, ExamAttemptData, ExternalGraderScoreData,
    OraSubmissionData, PersistentCourseGradeData, XBlockSkillVerificationData,
};

/// Emitted when a user's grade in a course run was computed anew.
#[event(type = "org.openedx.learning.course.persistent_grade_summary.changed.v1")]
pub struct PersistentGradeSummaryChanged {
    /// The grade as it is now.
    pub grade: PersistentCourseGradeData,
}

/// Emitted when a user's grade in a course run changed; it says whether the user passes.
#[event(type = "org.openedx.learning.course.passing.status.updated.v1")]
pub struct CoursePassingStatusUpdated {
    /// Whether who passes what.
    pub course_passing_status: CoursePassingStatusData,
}

/// Emitted when a user's grade in a custom course (CCX) changed; it says whether the user passes.
#[event(type = "org.openedx.learning.ccx.course.passing.status.updated.v1")]
pub struct CcxCoursePassingStatusUpdated {
    /// Whether who passes what.
    pub course_passing_status: CcxCoursePassingStatusData,
}

/// Emitted when a learner handed in an exam.
#[event(type = "org.openedx.learning.exam.attempt.submitted.v1")]
pub struct ExamAttemptSubmitted {
    /// The attempt.
    pub exam_attempt: ExamAttemptData,
}

/// Emitted when an attempt at an exam was marked as rejected.
#[event(type = "org.openedx.learning.exam.attempt.rejected.v1")]
pub struct ExamAttemptRejected {
    /// The attempt.
    pub exam_attempt: ExamAttemptData,
}

/// Emitted when an attempt at an exam was marked as verified.
#[event(type = "org.openedx.learning.exam.attempt.verified.v1")]
pub struct ExamAttemptVerified {
    /// The attempt.
    pub exam_attempt: ExamAttemptData,
}

/// Emitted when an attempt at an exam broke off with an error.
#[event(type = "org.openedx.learning.exam.attempt.errored.v1")]
pub struct ExamAttemptErrored {
    /// The attempt.
    pub exam_attempt: ExamAttemptData,
}

/// Emitted when an attempt at an exam was reset, so that the learner can try again.
#[event(type = "org.openedx.learning.exam.attempt.reset.v1")]
pub struct ExamAttemptReset {
    /// The attempt.
    pub exam_attempt: ExamAttemptData,
}

/// Emitted when a user handed in an open response assessment (ORA).
///
/// Upstream's annotation says that the event bus cannot carry this event; since 11.2 it can.
#[event(type = "org.openedx.learning.ora.submission.created.v1")]
pub struct OraSubmissionCreated {
    /// What was handed in.
    pub submission: OraSubmissionData,
}

/// Emitted when a grader outside the platform has scored a submission.
///
/// Upstream lists this event as one that cannot be serialized; it can.
#[event(type = "org.openedx.learning.external_grader.score.submitted.v1")]
pub struct ExternalGraderScoreSubmitted {
    /// The score.
    pub score: ExternalGraderScoreData,
}

/// Emitted when users have confirmed or rejected skills that a block is tagged with.
#[event(
    type = "org.openedx.learning.xblock.skill.verified.v1",
    signal = XBLOCK_SKILL_VERIFIED,
    key = xblock_info.usage_key,
)]
pub struct XBlockSkillVerified {
    /// The block, and the skills.
    pub xblock_info: XBlockSkillVerificationData,
}
