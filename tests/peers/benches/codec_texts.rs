//! The two events with texts in the place of keys and date-times: the same bytes.

use std::collections::BTreeMap;

use events_core::{EventData, event};
use serde_json::{from_value, to_value};

use crate::samples;

#[derive(Debug, Clone, PartialEq, EventData)]
pub struct UserPersonalData {
    pub username: String,
    pub email: String,
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, EventData)]
pub struct UserData {
    pub id: i64,
    pub is_active: bool,
    pub pii: UserPersonalData,
}

#[derive(Debug, Clone, PartialEq, EventData)]
pub struct CourseData {
    pub course_key: String,
    pub display_name: String,
    pub start: Option<String>,
    pub end: Option<String>,
}

#[derive(Debug, Clone, PartialEq, EventData)]
pub struct CourseEnrollmentData {
    pub user: UserData,
    pub course: CourseData,
    pub mode: String,
    pub is_active: bool,
    pub creation_date: String,
    pub created_by: Option<UserData>,
}

#[event(type = "org.example.peers.enrollment.created.v1")]
pub struct TextEnrollment {
    pub enrollment: CourseEnrollmentData,
}

#[derive(Debug, Clone, PartialEq, EventData)]
pub struct DiscussionThreadData {
    pub body: String,
    pub commentable_id: String,
    pub id: String,
    pub truncated: bool,
    pub url: String,
    pub user: UserData,
    pub course_id: String,
    pub thread_type: Option<String>,
    pub anonymous: Option<bool>,
    pub anonymous_to_peers: Option<bool>,
    pub title: Option<String>,
    pub title_truncated: Option<bool>,
    pub group_id: Option<i64>,
    pub team_id: Option<i64>,
    pub category_id: Option<i64>,
    pub category_name: Option<String>,
    pub discussion: Option<BTreeMap<String, String>>,
    pub user_course_roles: Vec<String>,
    pub user_forums_roles: Vec<String>,
    pub options: BTreeMap<String, bool>,
}

#[event(type = "org.example.peers.thread.created.v1")]
pub struct TextThread {
    pub thread: DiscussionThreadData,
}

pub fn enrollment() -> TextEnrollment {
    let sample = to_value(samples::enrollment()).expect("it is JSON");
    from_value(sample).expect("it has the same fields")
}

pub fn thread() -> TextThread {
    let sample = to_value(samples::thread()).expect("it is JSON");
    from_value(sample).expect("it has the same fields")
}
