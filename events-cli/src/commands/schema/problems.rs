//! Problems of schema folders, as facts.

use std::path::Path;

use events_core::schema::folder::Problem;
use serde::Serialize;

use super::packages::Skipped;
use crate::text::Page;

/// Something that is wrong.
#[derive(Debug, Serialize)]
pub(super) struct ProblemFacts {
    kind: &'static str,
    event_type: Option<String>,
    /// The path of the file.
    file: String,
    message: String,
    remedy: String,
}

impl ProblemFacts {
    pub(super) fn new(folder: &Path, problem: Problem) -> Self {
        Self {
            kind: problem.kind.id(),
            event_type: problem.event_type,
            file: folder.join(problem.file).display().to_string(),
            message: problem.message,
            remedy: problem.remedy,
        }
    }
}

/// Numbered, each with its file, which is a line of its own: to copy, or to click on.
pub(super) fn lay_out<'p>(page: &mut Page, problems: impl Iterator<Item = &'p ProblemFacts>) {
    for (index, problem) in problems.enumerate() {
        page.blank();
        let number = format!("{}. ", index + 1);
        page.line(&format!("  {number}{}", problem.file));
        let indent = 2 + number.len();
        let mut kind = format!("[{}] ", problem.kind);
        // Further lines are items of a list.
        for line in problem.message.lines() {
            let below = if kind.is_empty() { "  " } else { "" };
            page.hanging(indent, below, &format!("{kind}{line}"));
            kind.clear();
        }
        page.hanging(indent, "remedy: ", &problem.remedy);
    }
}

/// The crates whose files are not here.
pub(super) fn lay_out_skipped(page: &mut Page, skipped: &[Skipped]) {
    if skipped.is_empty() {
        return;
    }
    page.blank();
    page.line("Left out");
    for skipped in skipped {
        page.hanging(2, "- ", &skipped.because);
    }
}
