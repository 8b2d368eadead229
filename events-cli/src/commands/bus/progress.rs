//! The progress bar of commands that take their time.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Returns a bar that counts to a number of steps. It is drawn on standard error if that is a terminal.
pub(super) fn bar(steps: u64, is_process: bool) -> ProgressBar {
    let target = if is_process {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let bar = ProgressBar::with_draw_target(Some(steps), target);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {percent} %  {msg}  {eta} left") {
        bar.set_style(style);
    }
    bar
}
