//! The events of the authz subdomain. Source: `openedx_events.authz.signals` of openedx-events 11.2.
//!
//! Their event types have no version at the end: that is how the platform sends them.

use events_core::event;

use super::data::RoleAssignmentData;

/// Emitted when a subject was given a role.
///
/// The key is the subject: upstream's annotation names `user.pii.username`, which is not a field.
#[event(type = "org.openedx.authz.role_assignment.created", key = role_assignment.subject, unversioned)]
pub struct RoleAssignmentCreated {
    /// The role, and who has it.
    pub role_assignment: RoleAssignmentData,
}

/// Emitted when a role was taken from a subject.
///
/// The key is the subject: upstream's annotation names `user.pii.username`, which is not a field.
#[event(type = "org.openedx.authz.role_assignment.deleted", key = role_assignment.subject, unversioned)]
pub struct RoleAssignmentDeleted {
    /// The role, and who had it.
    pub role_assignment: RoleAssignmentData,
}
