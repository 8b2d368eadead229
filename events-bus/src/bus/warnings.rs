//! Warnings that a bus logs once after its start: about the transport, and about work that nobody will do.
//!
//! A thread asks for them, because a transport that does not answer must not delay the start.

use std::time::Duration;

use super::durable;
use crate::backoff::Backoff;
use crate::transport::{SharedTransport, TopicStatus, TransportError, names};
use crate::worker::{Stop, Worker, catch};

/// Everything that is looked at.
pub(super) struct Warnings {
    /// The transport and the store of the outbox.
    pub(super) transports: Vec<SharedTransport>,
    /// The store of durable work.
    pub(super) durable: SharedTransport,
    /// The topic of this service's durable work.
    pub(super) own_topic: String,
}

impl Warnings {
    /// Starts the thread.
    ///
    /// # Errors
    /// Returns an error if the operating system starts no thread.
    pub(super) fn start(self) -> std::io::Result<Worker> {
        Worker::start("events-start", move |stop| self.run(stop))
    }

    fn run(&self, stop: &Stop) {
        for transport in &self.transports {
            until_answered(stop, || {
                for warning in transport.warnings()? {
                    tracing::warn!(target: "events_bus", transport = transport.name(), "{warning}");
                }
                Ok(())
            });
        }
        until_answered(stop, || {
            let stranded = stranded(&self.durable.topics()?, &self.own_topic);
            if !stranded.is_empty() {
                tracing::warn!(
                    target: "events_bus", stranded = stranded.join(", "),
                    "work of durable receivers waits under another service name, and no process of that name is running; start the \
                     service under its old name, or `set_service_name` back to it, until the work is done"
                );
            }
            Ok(())
        });
    }
}

/// Calls something until the transport answers or the worker is to stop.
fn until_answered(stop: &Stop, mut ask: impl FnMut() -> Result<(), TransportError>) {
    let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(30));
    loop {
        match catch(&mut ask) {
            Ok(Ok(())) => return,
            Ok(Err(error)) => {
                tracing::debug!(target: "events_bus", %error, "cannot ask the transport for warnings, retrying");
            }
            Err(panic) => {
                tracing::error!(target: "events_bus", panic, "the transport panicked when it was asked for warnings");
                return;
            }
        }
        if stop.sleep(backoff.next()) {
            return;
        }
    }
}

/// Returns the other services whose durable work waits while nobody leads it, with the number of entries.
fn stranded(topics: &[TopicStatus], own: &str) -> Vec<String> {
    let mut stranded = Vec::new();
    for topic in topics.iter().filter(|topic| topic.topic != own) {
        let Some(service) = names::of_durable(&topic.topic) else {
            continue;
        };
        let groups = topic.groups.iter();
        let group = groups.clone().find(|group| group.group == durable::GROUP);
        let waiting = match group {
            // The service stored work and never started its consumer.
            None => topic.entries,
            Some(group) if group.leader.is_some() => 0,
            Some(group) => group.lag().unwrap_or(group.pending) + group.parked,
        };
        if waiting > 0 {
            stranded.push(format!("{waiting} entries of `{service}`"));
        }
    }
    stranded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::GroupStatus;

    fn topic(service: &str, entries: u64, groups: &[(&str, u64, Option<&str>)]) -> TopicStatus {
        let mut status = TopicStatus::new(names::durable(service));
        status.entries = entries;
        for (name, unread, leader) in groups {
            let mut group = GroupStatus::new(*name);
            group.unread = Some(*unread);
            group.leader = leader.map(str::to_owned);
            status.groups.push(group);
        }
        status
    }

    #[test]
    fn work_that_nobody_does_is_named() {
        let mut parked = topic("parked", 5, &[(durable::GROUP, 0, None)]);
        parked.groups[0].parked = 2;
        let topics = [
            topic("own", 3, &[(durable::GROUP, 3, None)]),
            topic("done", 3, &[(durable::GROUP, 0, None)]),
            topic("busy", 3, &[(durable::GROUP, 3, Some("one"))]),
            topic("gone", 9, &[(durable::GROUP, 4, None)]),
            topic("never", 7, &[]),
            parked,
            TopicStatus::new("orders"),
        ];
        assert_eq!(
            stranded(&topics, &names::durable("own")),
            [
                "4 entries of `gone`",
                "7 entries of `never`",
                "2 entries of `parked`"
            ]
        );
    }
}
