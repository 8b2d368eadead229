//! The events of discussions and notifications. Source: `openedx_events.learning.signals` of openedx-events 11.2.

use events_core::event;

use super::data_community::{
    CourseDiscussionConfigurationData, CourseNotificationData, DiscussionThreadData,
    UserNotificationData,
};

/// Emitted when the discussions of a course run were set up differently.
///
/// Upstream's annotation says that the event bus cannot carry this event; since 11.2 it can.
#[event(type = "org.openedx.learning.discussions.configuration.changed.v1")]
pub struct CourseDiscussionsChanged {
    /// How they are set up now.
    pub configuration: CourseDiscussionConfigurationData,
}

/// Emitted when somebody began a thread in a forum.
///
/// Upstream's annotation says that the event bus cannot carry this event; since 11.2 it can.
#[event(type = "org.openedx.learning.forum.thread.created.v1")]
pub struct ForumThreadCreated {
    /// The thread.
    pub thread: DiscussionThreadData,
}

/// Emitted when somebody responded to a thread in a forum.
///
/// Upstream's annotation says that the event bus cannot carry this event; since 11.2 it can.
#[event(type = "org.openedx.learning.forum.thread.response.created.v1")]
pub struct ForumThreadResponseCreated {
    /// The response.
    pub thread: DiscussionThreadData,
}

/// Emitted when somebody commented on a response in a forum.
///
/// Upstream's annotation says that the event bus cannot carry this event; since 11.2 it can.
#[event(type = "org.openedx.learning.forum.thread.response.comment.created.v1")]
pub struct ForumResponseCommentCreated {
    /// The comment.
    pub thread: DiscussionThreadData,
}

/// Emitted by an app that wants certain users to be notified.
///
/// Upstream's annotation says that the event bus cannot carry this event; since 11.2 it can.
#[event(type = "org.openedx.learning.user.notification.requested.v1")]
pub struct UserNotificationRequested {
    /// The notification, and who is to have it.
    pub notification_data: UserNotificationData,
}

/// Emitted by an app that wants the users of a course run to be notified.
///
/// Upstream's annotation says that the event bus cannot carry this event; since 11.2 it can.
#[event(type = "org.openedx.learning.course.notification.requested.v1")]
pub struct CourseNotificationRequested {
    /// The notification, and who is to have it.
    pub course_notification_data: CourseNotificationData,
}
