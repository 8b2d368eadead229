//! The keys beside a stream. The hash tag puts them all into the slot of the stream itself, whose name has no braces.

/// The set of the topics that anybody published to or joined through this transport.
pub(super) const TOPICS: &str = "events:topics";

/// The stream of what was given to a group once more.
pub(super) fn again(topic: &str, group: &str) -> String {
    format!("events:{{{topic}}}:again:{group}")
}

/// The hash of the progress of a group's pending entries, by their ids.
pub(super) fn progress(topic: &str, group: &str) -> String {
    format!("events:{{{topic}}}:progress:{group}")
}

/// The hash of the receivers that handled events in a stretch of time, by the event's id.
pub(super) fn handled(topic: &str, group: &str, bucket: u64) -> String {
    format!("events:{{{topic}}}:handled:{group}:{bucket}")
}

/// The consumer that leads a group.
pub(super) fn lead(topic: &str, group: &str) -> String {
    format!("events:{{{topic}}}:lead:{group}")
}

/// The stream of the dead letters.
pub(super) fn dead(topic: &str) -> String {
    format!("events:{{{topic}}}:dead")
}

/// The largest number that an outbox has published to the topic.
pub(super) fn published(topic: &str, outbox: &str) -> String {
    format!("events:{{{topic}}}:published:{outbox}")
}
