//! Grades, exams and submissions. Source: `openedx_events.learning.data` of openedx-events 11.2.

use std::collections::BTreeMap;

use events_core::{DateTime, EventData};

use super::data::{CcxCourseData, CourseData, UserData};
use crate::keys::{CourseKey, UsageKey};

/// The grade that a user has in a course run.
#[derive(Debug, Clone, PartialEq, EventData)]
pub struct PersistentCourseGradeData {
    /// The id of the user whose grade it is.
    pub user_id: i64,
    /// The course run.
    pub course: CourseData,
    /// When the course was last edited before the grade was computed.
    pub course_edited_timestamp: DateTime,
    /// The version of the course.
    pub course_version: String,
    /// A hash of the grading policy.
    pub grading_policy_hash: String,
    /// The grade as a number.
    pub percent_grade: f64,
    /// The grade as a letter.
    pub letter_grade: String,
    /// When the user passed.
    pub passed_timestamp: DateTime,
}

/// Whether a user's grade suffices to pass a course run.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EventData)]
pub struct CoursePassingStatusData {
    /// Whether it does.
    pub is_passing: bool,
    /// The course run.
    pub course: CourseData,
    /// The user.
    pub user: UserData,
}

/// Whether a user's grade suffices to pass a custom course (CCX).
///
/// On the wire the course comes last here, and not in [`CoursePassingStatusData`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, EventData)]
pub struct CcxCoursePassingStatusData {
    /// Whether it does.
    pub is_passing: bool,
    /// The user.
    pub user: UserData,
    /// The custom course.
    pub course: CcxCourseData,
}

/// A user's attempt at an exam of the service edx-exams: one with a time limit or a proctor.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EventData)]
pub struct ExamAttemptData {
    /// Who takes the exam.
    pub student_user: UserData,
    /// The course run.
    pub course_key: CourseKey,
    /// The content that is the exam.
    pub usage_key: UsageKey,
    /// The type of the exam: `timed`, `proctored`…
    pub exam_type: String,
    /// Who caused the event, where that is known; it may be an instructor.
    pub requesting_user: Option<UserData>,
}

/// What a user hands in for an open response assessment.
///
/// The lists about files belong together: the first of each is about the first file.
#[derive(Clone, PartialEq, Eq, Hash, EventData)]
#[event_data(name = "ORASubmissionAnswer")]
pub struct OraSubmissionAnswer {
    /// The texts of the answer.
    #[event_data(pii)]
    pub parts: Vec<BTreeMap<String, String>>,
    /// The keys of the files.
    pub file_keys: Vec<String>,
    /// How the user describes the files.
    #[event_data(pii)]
    pub file_descriptions: Vec<String>,
    /// How the user named the files.
    #[event_data(pii)]
    pub file_names: Vec<String>,
    /// The sizes of the files.
    pub file_sizes: Vec<i64>,
    /// Where the files can be fetched.
    #[event_data(pii)]
    pub file_urls: Vec<String>,
}

/// A submission to an open response assessment (ORA).
#[derive(Debug, Clone, PartialEq, Eq, Hash, EventData)]
#[event_data(name = "ORASubmissionData")]
pub struct OraSubmissionData {
    /// The submission's id.
    pub uuid: String,
    /// The user, by an id that does not tell who it is.
    pub anonymous_user_id: String,
    /// The block of the assessment.
    pub location: String,
    /// Which attempt of the user this is.
    pub attempt_number: i64,
    /// When the submission was made.
    pub created_at: DateTime,
    /// When it was handed in.
    pub submitted_at: DateTime,
    /// What was handed in.
    pub answer: OraSubmissionAnswer,
}

/// What a grader outside the platform says of a submission.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EventData)]
pub struct ExternalGraderScoreData {
    /// How many points there are.
    pub points_possible: i64,
    /// How many of them the user has.
    pub points_earned: i64,
    /// The key of the course run, as text.
    pub course_id: String,
    /// What the grader has to say.
    pub score_msg: String,
    /// The submission.
    pub submission_id: i64,
    /// The id of the user who submitted.
    pub user_id: String,
    /// The problem.
    pub module_id: String,
    /// The submission's key in the queue.
    pub queue_key: String,
    /// The queue.
    pub queue_name: String,
}

/// What users said of the skills that a block is tagged with.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EventData)]
pub struct XBlockSkillVerificationData {
    /// The key of the block.
    pub usage_key: UsageKey,
    /// The ids of the skills that it does teach.
    pub verified_skills: Vec<i64>,
    /// The ids of the skills that it does not.
    pub ignored_skills: Vec<i64>,
}
