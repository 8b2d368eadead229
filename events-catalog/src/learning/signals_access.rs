//! The events of cohorts, of roles in a course, and of launches from outside. Source: `openedx_events.learning.signals`
//! of openedx-events 11.2.

use events_core::event;

use super::data_access::{CohortData, CourseAccessRoleData, LtiProviderLaunchData};

/// Emitted when a user came into a cohort, or into another one.
#[event(type = "org.openedx.learning.cohort_membership.changed.v1")]
pub struct CohortMembershipChanged {
    /// The user and the cohort.
    pub cohort: CohortData,
}

/// Emitted when a user was given a role in a course run.
#[event(type = "org.openedx.learning.user.course_access_role.added.v1", key = course_access_role_data.course_key)]
pub struct CourseAccessRoleAdded {
    /// The role, and who has it.
    pub course_access_role_data: CourseAccessRoleData,
}

/// Emitted when a role in a course run was taken from a user.
#[event(type = "org.openedx.learning.user.course_access_role.removed.v1", key = course_access_role_data.course_key)]
pub struct CourseAccessRoleRemoved {
    /// The role, and who had it.
    pub course_access_role_data: CourseAccessRoleData,
}

/// Emitted when a user has come to content of the platform from another platform, by LTI.
#[event(type = "org.openedx.learning.lti_provider.launch.success.v1")]
pub struct LtiProviderLaunchSuccess {
    /// Who came, to what, and what the other platform said.
    pub launch_data: LtiProviderLaunchData,
}
