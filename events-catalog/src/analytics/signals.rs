//! The events of the analytics subdomain. Source: `openedx_events.analytics.signals` of openedx-events 11.2.

use events_core::event;

use super::data::TrackingLogData;

/// Emitted for each entry of the tracking log.
#[event(type = "org.openedx.analytics.tracking.event.emitted.v1", key = tracking_log.name)]
pub struct TrackingEventEmitted {
    /// The entry.
    pub tracking_log: TrackingLogData,
}
