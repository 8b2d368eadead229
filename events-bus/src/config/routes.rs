//! Which events are published, and to which topics.

use super::KeyPath;

/// Which events are published, and to which topics: made by [`BusConfig::with_route`](super::BusConfig::with_route).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Routes(Vec<(String, Vec<Route>)>);

impl Routes {
    /// The routes of an event type; none where it stays in the process.
    pub fn for_event(&self, event_type: &str) -> &[Route] {
        self.0
            .iter()
            .find(|(of, _)| of == event_type)
            .map_or(&[], |(_, routes)| routes)
    }

    /// All routes, by event type, in the order in which they were given.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[Route])> {
        self.0.iter().map(|(of, routes)| (&**of, &**routes))
    }

    /// Adds a route, or replaces the one to the same topic.
    pub(super) fn set(&mut self, event_type: &str, route: Route) {
        let index = self.0.iter().position(|(of, _)| of == event_type);
        let index = index.unwrap_or_else(|| {
            self.0.push((event_type.to_owned(), Vec::new()));
            self.0.len() - 1
        });
        let Some((_, routes)) = self.0.get_mut(index) else {
            return;
        };
        match routes.iter_mut().find(|other| other.base == route.base) {
            Some(other) => *other = route,
            None => routes.push(route),
        }
    }

    /// Gives all topics another prefix.
    pub(super) fn rename(&mut self, prefix: Option<&str>) {
        for route in self.0.iter_mut().flat_map(|(_, routes)| routes) {
            route.topic = full_topic(prefix, &route.base);
        }
    }
}

/// A topic that an event is published to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Route {
    /// The full name of the topic, with the prefix.
    pub topic: String,
    /// The field that is the key of its events here; none where it is the event's own.
    pub key: Option<KeyPath>,
    /// Whether anything is published.
    pub enabled: bool,
    /// The name without the prefix.
    base: String,
}

impl Route {
    pub(super) fn new(topic: &str, prefix: Option<&str>, key: Option<KeyPath>) -> Self {
        Self {
            topic: full_topic(prefix, topic),
            key,
            enabled: true,
            base: topic.to_owned(),
        }
    }

    /// The name of the topic without the prefix.
    pub fn base_topic(&self) -> &str {
        &self.base
    }
}

pub(super) fn full_topic(prefix: Option<&str>, topic: &str) -> String {
    match prefix {
        Some(prefix) => format!("{prefix}-{topic}"),
        None => topic.to_owned(),
    }
}
