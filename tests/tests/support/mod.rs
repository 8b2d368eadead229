//! What several test binaries share.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// Runs a test on a thread of its own and fails if it takes longer than a minute: a deadlock is a failure with a name,
/// not a build that hangs.
#[track_caller]
pub(crate) fn within_a_minute(test: impl FnOnce() + Send + 'static) {
    let (done, wait) = channel();
    let thread = std::thread::spawn(move || {
        test();
        let _ = done.send(());
    });
    match wait.recv_timeout(Duration::from_mins(1)) {
        Err(RecvTimeoutError::Timeout) => panic!("deadlock: the test did not end within a minute"),
        Ok(()) | Err(RecvTimeoutError::Disconnected) => {
            if let Err(panic) = thread.join() {
                std::panic::resume_unwind(panic);
            }
        }
    }
}
