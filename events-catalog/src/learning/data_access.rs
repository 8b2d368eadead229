//! Cohorts, roles in a course, and launches from outside. Source: `openedx_events.learning.data` of openedx-events 11.2.

use std::collections::BTreeMap;

use events_core::EventData;

use super::data::{CourseData, UserData};
use crate::keys::{CourseKey, UsageKey};

/// A user's place in a cohort of a course run.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EventData)]
pub struct CohortData {
    /// The user.
    pub user: UserData,
    /// The course run.
    pub course: CourseData,
    /// The name of the cohort.
    pub name: String,
}

/// A role that a user has in a course run.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EventData)]
pub struct CourseAccessRoleData {
    /// The user.
    pub user: UserData,
    /// The organization of the course.
    pub org_key: String,
    /// The key of the course run.
    pub course_key: CourseKey,
    /// The role: `staff`, `instructor`…
    pub role: String,
}

/// What the other platform said when a user came from it by LTI.
#[derive(Clone, PartialEq, Eq, Hash, EventData)]
pub struct LtiProviderLaunchParamsData {
    /// The user's roles in the terms of LTI, with commas between them.
    pub roles: String,
    /// Where in the other platform the user comes from.
    pub context_id: String,
    /// Who the user is to the other platform.
    #[event_data(pii)]
    pub user_id: String,
    /// The other parameters of the launch; LTI has some for names and email addresses.
    #[event_data(pii)]
    pub extra_params: BTreeMap<String, String>,
}

/// The arrival of a user at content of the platform from another platform, by LTI.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EventData)]
pub struct LtiProviderLaunchData {
    /// The user, as this platform knows them.
    pub user: UserData,
    /// The course run of the content.
    pub course_key: CourseKey,
    /// The content.
    pub usage_key: UsageKey,
    /// What the other platform said.
    pub launch_params: LtiProviderLaunchParamsData,
}
