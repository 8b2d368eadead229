//! What the events of the enterprise subdomain carry. Source: `openedx_events.enterprise.data` of openedx-events 11.2.

use events_core::{DateTime, EventData, Uuid};

use crate::keys::CourseKey;

/// A subsidy that was spent on content.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EventData)]
pub struct SubsidyRedemption {
    /// The subsidy.
    pub subsidy_identifier: String,
    /// The content that it was spent on.
    pub content_key: String,
    /// The LMS id of the user who benefits.
    pub lms_user_id: i64,
}

/// The undoing of a transaction, as for an unenrollment or a refund.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EventData)]
pub struct LedgerTransactionReversal {
    /// The reversal's id.
    pub uuid: Uuid,
    /// When the record was made.
    pub created: DateTime,
    /// When the record was last changed.
    pub modified: DateTime,
    /// What its client chose so that doing it twice has the effect of doing it once.
    pub idempotency_key: String,
    /// How much it moves, in the unit of the ledger: cents of USD, for instance.
    pub quantity: i64,
    /// How far it is: `created`, `pending`, `committed` or `failed`.
    pub state: String,
}

/// A movement of value into a ledger or out of it, such as the payment for an enrollment.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EventData)]
pub struct LedgerTransaction {
    /// The transaction's id.
    pub uuid: Uuid,
    /// When the record was made.
    pub created: DateTime,
    /// When the record was last changed.
    pub modified: DateTime,
    /// What its client chose so that doing it twice has the effect of doing it once.
    pub idempotency_key: String,
    /// How much it moves, in the unit of the ledger: cents of USD, for instance.
    pub quantity: i64,
    /// How far it is: `created`, `pending`, `committed` or `failed`.
    pub state: String,
    /// The ledger.
    pub ledger_uuid: Uuid,
    /// The policy that allowed it.
    pub subsidy_access_policy_uuid: Uuid,
    /// The LMS id of the user it is for.
    pub lms_user_id: i64,
    /// The course run it is for.
    pub content_key: CourseKey,
    /// The course of that course run.
    pub parent_content_key: Option<String>,
    /// The record of the enrollment that it pays for.
    pub fulfillment_identifier: Option<String>,
    /// What undid it, where something did.
    pub reversal: Option<LedgerTransactionReversal>,
}

/// The link between a user and an enterprise customer.
#[expect(
    clippy::struct_excessive_bools,
    reason = "these are the fields of the platform's record"
)]
#[derive(Debug, Clone, PartialEq, Eq, Hash, EventData)]
pub struct EnterpriseCustomerUser {
    /// The link's id.
    pub id: i64,
    /// When the record was made.
    pub created: DateTime,
    /// When the record was last changed.
    pub modified: DateTime,
    /// The enterprise customer.
    pub enterprise_customer_uuid: Uuid,
    /// The LMS id of the user.
    pub user_id: i64,
    /// Whether this is the one of the user's links that counts at present.
    pub active: bool,
    /// Whether the user is linked to the customer.
    pub linked: bool,
    /// Whether the user may be linked again after the link ended.
    pub is_relinkable: bool,
    /// Whether to save this link as active makes the user's other links inactive.
    pub should_inactivate_other_customers: bool,
    /// The invitation by which the user was linked.
    pub invite_key: Option<Uuid>,
}

/// The enrollment of an enterprise learner in a course run.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EventData)]
pub struct EnterpriseCourseEnrollment {
    /// The enrollment's id.
    pub id: i64,
    /// When the record was made.
    pub created: DateTime,
    /// When the record was last changed.
    pub modified: DateTime,
    /// The learner, by the link to the enterprise customer.
    pub enterprise_customer_user: EnterpriseCustomerUser,
    /// The course run.
    pub course_id: CourseKey,
    /// Whether the learner put the course aside in the learner portal.
    pub saved_for_later: bool,
    /// How the enrollment came about: `enrollment_task`, `management_command`…
    pub source_slug: Option<String>,
    /// Whether the enrollment in the LMS ended.
    pub unenrolled: Option<bool>,
    /// When the enrollment in the LMS ended.
    pub unenrolled_at: Option<DateTime>,
}

/// An enrollment that learner credit pays for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EventData)]
pub struct LearnerCreditEnterpriseCourseEnrollment {
    /// The record's id.
    pub uuid: Uuid,
    /// When the record was made.
    pub created: DateTime,
    /// When the record was last changed.
    pub modified: DateTime,
    /// The kind of subsidy: `learner_credit`, `license`, `coupon_code`.
    pub fulfillment_type: String,
    /// Whether the subsidy was withdrawn.
    pub is_revoked: bool,
    /// The course entitlement that the subsidy pays for.
    pub enterprise_course_entitlement_uuid: Option<Uuid>,
    /// The course enrollment that the subsidy pays for.
    pub enterprise_course_enrollment: Option<EnterpriseCourseEnrollment>,
    /// The transaction of the ledger that paid.
    pub transaction_id: Option<Uuid>,
}

/// A group of an enterprise customer's learners.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EventData)]
pub struct EnterpriseGroup {
    /// The group's id.
    pub uuid: Uuid,
}
