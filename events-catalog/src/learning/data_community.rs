//! Discussions and notifications. Source: `openedx_events.learning.data` of openedx-events 11.2.

use std::collections::BTreeMap;

use events_core::EventData;

use super::data::UserData;
use crate::keys::{CourseKey, UsageKey};

/// A topic of a course's discussions, and the part of the course it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EventData)]
pub struct DiscussionTopicContext {
    /// The title of the topic.
    pub title: String,
    /// The unit it belongs to.
    pub usage_key: Option<UsageKey>,
    /// The group it is for, where the provider knows no cohorts.
    pub group_id: Option<i64>,
    /// The topic's id at the provider.
    pub external_id: Option<String>,
    /// Its place among the topics.
    pub ordering: Option<i64>,
    /// Where in the course it is: the section, the subsection…
    pub context: BTreeMap<String, String>,
}

/// How the discussions of a course run are set up.
#[expect(
    clippy::struct_excessive_bools,
    reason = "these are the fields of the platform's record"
)]
#[derive(Debug, Clone, PartialEq, Eq, Hash, EventData)]
pub struct CourseDiscussionConfigurationData {
    /// The key of the course run.
    pub course_key: CourseKey,
    /// Who provides the discussions: `legacy`, `openedx`…
    pub provider_type: String,
    /// Whether there are discussions.
    pub enabled: bool,
    /// Whether they are shown beside the content; without effect unless `enabled`.
    pub enable_in_context: bool,
    /// Whether graded units have topics, too.
    pub enable_graded_units: bool,
    /// Whether each unit says for itself if it has a topic.
    pub unit_level_visibility: bool,
    /// What the provider wants to know besides.
    pub plugin_configuration: BTreeMap<String, bool>,
    /// The topics.
    pub contexts: Vec<DiscussionTopicContext>,
}

/// A thread of a forum, a response to one, or a comment on a response.
#[derive(Clone, PartialEq, Eq, Hash, EventData)]
pub struct DiscussionThreadData {
    /// The text.
    #[event_data(pii)]
    pub body: String,
    /// The topic it belongs to.
    pub commentable_id: String,
    /// The id of the thread, response or comment.
    pub id: String,
    /// Whether `body` is only the beginning of the text.
    pub truncated: bool,
    /// Where it can be read.
    pub url: String,
    /// Who wrote it.
    pub user: UserData,
    /// The course run.
    pub course_id: CourseKey,
    /// The type of a thread: `discussion`, `question`.
    pub thread_type: Option<String>,
    /// Whether the author's name is hidden.
    pub anonymous: Option<bool>,
    /// Whether the author's name is hidden from other learners.
    pub anonymous_to_peers: Option<bool>,
    /// The title of a thread.
    #[event_data(pii)]
    pub title: Option<String>,
    /// Whether `title` is only the beginning of the title.
    pub title_truncated: Option<bool>,
    /// The group that can see it.
    pub group_id: Option<i64>,
    /// The team it belongs to.
    pub team_id: Option<i64>,
    /// The category it is in.
    pub category_id: Option<i64>,
    /// The name of that category.
    pub category_name: Option<String>,
    /// What a response or a comment belongs to.
    pub discussion: Option<BTreeMap<String, String>>,
    /// The author's roles in the course.
    pub user_course_roles: Vec<String>,
    /// The author's roles in the forums.
    pub user_forums_roles: Vec<String>,
    /// What the author chose when posting, such as to follow the thread.
    pub options: BTreeMap<String, bool>,
}

/// A notification for certain users.
#[derive(Clone, PartialEq, Eq, Hash, EventData)]
pub struct UserNotificationData {
    /// The ids of the users.
    pub user_ids: Vec<i64>,
    /// The type of the notification, which says what the context has to hold.
    pub notification_type: String,
    /// Where the notification leads.
    pub content_url: String,
    /// The app that it belongs to: `discussion`, `grading`…
    pub app_name: String,
    /// The course run.
    pub course_key: CourseKey,
    /// What the text of the notification is filled with: names of people and what they wrote, among the rest.
    #[event_data(pii)]
    pub context: BTreeMap<String, String>,
}

/// A notification for those users of a course run who match.
#[derive(Clone, PartialEq, Eq, Hash, EventData)]
pub struct CourseNotificationData {
    /// The course run.
    pub course_key: CourseKey,
    /// The app that it belongs to: `discussion`, `grading`…
    pub app_name: String,
    /// The type of the notification, which says what the context has to hold.
    pub notification_type: String,
    /// Where the notification leads.
    pub content_url: String,
    /// What the text of the notification is filled with: names of people and what they wrote, among the rest.
    #[event_data(pii)]
    pub content_context: BTreeMap<String, String>,
    /// Who is to have it: for each kind of filter (`enrollment`, `role`, `cohort`…) the values that match.
    pub audience_filters: BTreeMap<String, Vec<String>>,
}
