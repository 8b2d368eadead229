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

    /// The routes of an event type, which may be none so far.
    pub(super) fn entry(&mut self, event_type: &str) -> &mut Vec<Route> {
        let index = self.0.iter().position(|(of, _)| of == event_type);
        let index = index.unwrap_or_else(|| {
            self.0.push((event_type.to_owned(), Vec::new()));
            self.0.len() - 1
        });
        &mut self.0[index].1
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
    fn new(topic: &str, prefix: Option<&str>) -> Self {
        Self {
            topic: full_topic(prefix, topic),
            key: None,
            enabled: true,
            base: topic.to_owned(),
        }
    }

    /// Among these, the one to a topic, whose name is given without the prefix. It is added where there is none.
    pub(super) fn among<'a>(
        routes: &'a mut Vec<Self>,
        topic: &str,
        prefix: Option<&str>,
    ) -> &'a mut Self {
        let index = routes.iter().position(|route| route.base == topic);
        let index = index.unwrap_or_else(|| {
            routes.push(Self::new(topic, prefix));
            routes.len() - 1
        });
        &mut routes[index]
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
