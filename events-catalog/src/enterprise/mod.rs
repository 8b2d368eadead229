//! Events of the enterprise subdomain: subsidies, their ledger, and the enrollments that they pay for.

mod data;
mod signals;

pub use data::{
    EnterpriseCourseEnrollment, EnterpriseCustomerUser, EnterpriseGroup,
    LearnerCreditEnterpriseCourseEnrollment, LedgerTransaction, LedgerTransactionReversal,
    SubsidyRedemption,
};
pub use signals::{
    ENTERPRISE_GROUP_DELETED, EnterpriseGroupDeleted, LEARNER_CREDIT_COURSE_ENROLLMENT_REVOKED,
    LEDGER_TRANSACTION_COMMITTED, LEDGER_TRANSACTION_CREATED, LEDGER_TRANSACTION_FAILED,
    LEDGER_TRANSACTION_REVERSED, LearnerCreditCourseEnrollmentRevoked, LedgerTransactionCommitted,
    LedgerTransactionCreated, LedgerTransactionFailed, LedgerTransactionReversed, SUBSIDY_REDEEMED,
    SUBSIDY_REDEMPTION_REVERSED, SubsidyRedeemed, SubsidyRedemptionReversed,
};
