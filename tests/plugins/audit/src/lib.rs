//! An example plugin: keeps a line of JSON for every event, without its payload's personal data.

use std::sync::{Mutex, PoisonError};

use events_core::{AnyEvent, EventMetadata, receiver};

events_core::plugin!();

static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Writes down that an event happened. Runs before everybody else, so that what they do is in order, too.
///
/// # Errors
/// When the metadata cannot be written as JSON.
#[receiver(any, id = "audit.record", priority = -100)]
pub fn record(event: AnyEvent<'_>, metadata: &EventMetadata) -> Result<(), serde_json::Error> {
    let line = serde_json::to_string(metadata)?;
    let key = event.key().map_or_else(String::new, |key| {
        format!(" (key of {} characters)", key.chars().count())
    });
    LINES
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(line + &key);
    Ok(())
}

/// The lines with this text in them.
pub fn lines_with(text: &str) -> Vec<String> {
    let lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
    lines
        .iter()
        .filter(|line| line.contains(text))
        .cloned()
        .collect()
}
