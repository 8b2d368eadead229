//! Events of the authz subdomain: who may do what.

mod data;
mod signals;

pub use data::RoleAssignmentData;
pub use signals::{
    ROLE_ASSIGNMENT_CREATED, ROLE_ASSIGNMENT_DELETED, RoleAssignmentCreated, RoleAssignmentDeleted,
};
