//! What the events of the analytics subdomain carry. Source: `openedx_events.analytics.data` of openedx-events 11.2.

use events_core::{DateTime, EventData};

/// An entry of the tracking log.
#[derive(Clone, PartialEq, Eq, Hash, EventData)]
pub struct TrackingLogData {
    /// The name of the tracking event, such as `edx.course.enrollment.activated`.
    pub name: String,
    /// When it happened.
    pub timestamp: DateTime,
    /// What belongs to this kind of tracking event: a JSON object as text.
    #[event_data(pii)]
    pub data: String,
    /// In what context it happened: a JSON object as text, with the user's name and address on the network among the rest.
    #[event_data(pii)]
    pub context: String,
}
