//! Keys that belong to a stream. The hash tag puts them into the slot of the stream itself, whose name has no braces.

use crate::transport::Member;

/// Set of the topics that anybody published to or joined through this transport.
pub(super) const TOPICS: &str = "events:topics";

/// Stream of the records that were requeued for a group.
pub(super) fn redelivery(topic: &str, group: &str) -> String {
    format!("events:{{{topic}}}:redelivery:{group}")
}

/// Lease of a group: the consumer that holds it. It expires.
pub(super) fn lead(topic: &str, group: &str) -> String {
    format!("events:{{{topic}}}:lead:{group}")
}

/// Current epoch of a group, a space and its consumer; the counter alone once the lead was released. It never expires.
pub(super) fn epoch(topic: &str, group: &str) -> String {
    format!("events:{{{topic}}}:epoch:{group}")
}

/// Hash of the trial marks of a group's pending entries, by their ids.
pub(super) fn trials(topic: &str, group: &str) -> String {
    format!("events:{{{topic}}}:trials:{group}")
}

/// Hash of the states of a group's retry queue, by entry and receiver.
pub(super) fn retry(topic: &str, group: &str) -> String {
    format!("events:{{{topic}}}:retry:{group}")
}

/// Hash of the records of a group's retry queue, by entry and receiver.
pub(super) fn retry_records(topic: &str, group: &str) -> String {
    format!("events:{{{topic}}}:retry-records:{group}")
}

/// Hash of the claims on a group's retry queue, by entry and receiver: `deliveries trials touched consumer`.
pub(super) fn retry_claims(topic: &str, group: &str) -> String {
    format!("events:{{{topic}}}:retry-claims:{group}")
}

/// Number of entries that another program removed before the group was given them.
pub(super) fn lost(topic: &str, group: &str) -> String {
    format!("events:{{{topic}}}:lost:{group}")
}

/// Hash of the receivers that handled events in a stretch of time, by the event's id.
pub(super) fn handled(topic: &str, group: &str, bucket: u64) -> String {
    format!("events:{{{topic}}}:handled:{group}:{bucket}")
}

/// Stream of the dead letters.
pub(super) fn dead(topic: &str) -> String {
    format!("events:{{{topic}}}:dead")
}

/// Memory of what an incarnation of an outbox published to the topic.
pub(super) fn published(topic: &str, incarnation: impl std::fmt::Display) -> String {
    format!("events:{{{topic}}}:published:{incarnation}")
}

/// Every key of a group except the duplicate window.
pub(super) fn of_group(topic: &str, group: &str) -> [String; 8] {
    [
        redelivery(topic, group),
        lead(topic, group),
        epoch(topic, group),
        trials(topic, group),
        retry(topic, group),
        retry_records(topic, group),
        retry_claims(topic, group),
        lost(topic, group),
    ]
}

/// Epoch of a member as scripts expect it: empty if it has none.
pub(super) fn epoch_argument(member: Member<'_>) -> String {
    member
        .epoch
        .map_or_else(String::new, |epoch| epoch.to_string())
}
