//! Events of the analytics subdomain: tracking logs.

mod data;
mod signals;

pub use data::TrackingLogData;
pub use signals::{TRACKING_EVENT_EMITTED, TrackingEventEmitted};
