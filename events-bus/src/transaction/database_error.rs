//! Texts of database errors: with their causes, and without the values that a database repeats.

use std::error::Error;
use std::fmt::Write;

/// Returns the text of an error and its sources, each once.
pub(super) fn text(error: &(dyn Error + 'static)) -> String {
    let mut text = String::new();
    for error in std::iter::successors(Some(error), |error| (*error).source()) {
        let part = one(error);
        if text.ends_with(&part) {
            continue;
        }
        let separator = if text.is_empty() { "" } else { ": " };
        // Writing to a string does not fail.
        let _ = write!(text, "{separator}{part}");
    }
    text
}

fn one(error: &(dyn Error + 'static)) -> String {
    // The text of the error contains the detail, which repeats the row that a constraint refuses.
    #[cfg(feature = "postgres")]
    if let Some(error) = error.downcast_ref::<postgres::error::DbError>() {
        return format!("{} ({})", error.message(), error.code().code());
    }
    error.to_string()
}
