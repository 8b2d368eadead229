//! What the events of the authz subdomain carry. Source: `openedx_events.authz.data` of openedx-events 11.2.

use events_core::EventData;

/// A role that a subject has within a scope.
#[derive(Clone, PartialEq, Eq, Hash, EventData)]
pub struct RoleAssignmentData {
    /// What was done: `created`, `deleted`.
    pub operation: String,
    /// Who has the role; a user's name after the kind of subject: `user^ada`.
    #[event_data(pii)]
    pub subject: String,
    /// The role: `course_admin`.
    pub role: String,
    /// Where the role holds: the key of a course run or a library, or an organization.
    pub scope: String,
    /// The database id of the user who did it, where it is known.
    pub actor_id: Option<i64>,
}
