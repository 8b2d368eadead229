//! The events of the enterprise subdomain. Source: `openedx_events.enterprise.signals` of openedx-events 11.2.
//!
//! What a ledger is: <https://github.com/openedx/openedx-ledger/tree/main/docs/decisions>.

use events_core::event;

use super::data::{
    EnterpriseGroup, LearnerCreditEnterpriseCourseEnrollment, LedgerTransaction, SubsidyRedemption,
};

/// Emitted when an enterprise subsidy was spent.
///
/// No service of the platform sends it at present; what becomes of it is discussed at
/// <https://github.com/openedx/openedx-events/issues/445>.
#[event(type = "org.openedx.enterprise.subsidy.redeemed.v1")]
pub struct SubsidyRedeemed {
    /// What was spent, on what.
    pub redemption: SubsidyRedemption,
}

/// Emitted when the spending of an enterprise subsidy was undone.
///
/// No service of the platform sends it at present; what becomes of it is discussed at
/// <https://github.com/openedx/openedx-events/issues/445>.
#[event(type = "org.openedx.enterprise.subsidy.redemption-reversed.v1")]
pub struct SubsidyRedemptionReversed {
    /// What was undone.
    pub redemption: SubsidyRedemption,
}

/// Emitted when a transaction was entered in a ledger.
#[event(type = "org.openedx.enterprise.subsidy_ledger_transaction.created.v1")]
pub struct LedgerTransactionCreated {
    /// The new transaction.
    pub ledger_transaction: LedgerTransaction,
}

/// Emitted when a transaction of a ledger became final.
#[event(type = "org.openedx.enterprise.subsidy_ledger_transaction.committed.v1")]
pub struct LedgerTransactionCommitted {
    /// The transaction that became final.
    pub ledger_transaction: LedgerTransaction,
}

/// Emitted when a transaction of a ledger failed.
#[event(type = "org.openedx.enterprise.subsidy_ledger_transaction.failed.v1")]
pub struct LedgerTransactionFailed {
    /// The transaction that failed.
    pub ledger_transaction: LedgerTransaction,
}

/// Emitted when a transaction of a ledger was undone.
#[event(type = "org.openedx.enterprise.subsidy_ledger_transaction.reversed.v1")]
pub struct LedgerTransactionReversed {
    /// The transaction that was undone.
    pub ledger_transaction: LedgerTransaction,
}

/// Emitted when an enrollment that learner credit paid for was revoked; mostly because the learner left the course.
#[event(type = "org.openedx.enterprise.learner_credit_course_enrollment.revoked.v1")]
pub struct LearnerCreditCourseEnrollmentRevoked {
    /// The enrollment that was revoked.
    pub learner_credit_course_enrollment: LearnerCreditEnterpriseCourseEnrollment,
}

/// Emitted when a group of an enterprise customer was deleted.
#[event(type = "org.openedx.enterprise.enterprise_group.deleted.v1")]
pub struct EnterpriseGroupDeleted {
    /// The group that is gone.
    pub enterprise_group: EnterpriseGroup,
}
