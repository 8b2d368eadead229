//! Names of topics, and which of them are internal.

use std::fmt;

/// Prefix of the names of internal topics: those that hold an outbox or the work of durable receivers. Nobody outside is to
/// read them.
pub const INTERNAL: &str = "events:";

/// Prefix of the names of outboxes.
pub const OUTBOX: &str = "events:outbox:";

/// The topic in which events wait until they are published to another one.
pub fn outbox(topic: &str) -> String {
    format!("{OUTBOX}{topic}")
}

/// The topic that an outbox is for.
pub fn of_outbox(topic: &str) -> Option<&str> {
    topic.strip_prefix(OUTBOX)
}

/// The topic in which the work of a service's durable receivers waits.
pub fn durable(service: &str) -> String {
    format!("{INTERNAL}durable:{service}")
}

/// The service whose durable receivers have their work in a topic.
pub fn of_durable(topic: &str) -> Option<&str> {
    topic.strip_prefix(INTERNAL)?.strip_prefix("durable:")
}

/// Returns the topic that holds the work of a service's receivers of relayed events.
pub fn relay(service: &str) -> String {
    format!("{INTERNAL}relay:{service}")
}

/// Returns the service whose receivers of relayed events have their work in a topic.
pub fn of_relay(topic: &str) -> Option<&str> {
    topic.strip_prefix(INTERNAL)?.strip_prefix("relay:")
}

/// Returns `true` if a topic is internal.
pub fn is_internal(topic: &str) -> bool {
    topic.starts_with(INTERNAL)
}

/// A name cannot be that of a topic or a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameError {
    what: &'static str,
    given: Box<str>,
    problem: &'static str,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} `{}` {}; write a name such as `user-events`",
            self.what,
            self.given.escape_debug(),
            self.problem
        )
    }
}

impl std::error::Error for NameError {}

/// Checks that a text can be the name of a topic (`what` says `topic`), a group or a consumer.
///
/// # Errors
/// When it is empty, longer than 200 bytes, has white space, control characters or braces, or is internal.
pub fn check(what: &'static str, name: &str) -> Result<(), NameError> {
    let problem = if name.is_empty() {
        "is empty"
    } else if name.len() > 200 {
        "is longer than 200 bytes"
    } else if name
        .chars()
        .any(|char| char.is_whitespace() || char.is_control() || matches!(char, '{' | '}'))
    {
        "has white space, control characters or braces"
    } else if is_internal(name) {
        "begins with `events:`, as only internal topics do"
    } else {
        return Ok(());
    };
    Err(NameError {
        what,
        given: name.chars().take(200).collect::<String>().into(),
        problem,
    })
}
