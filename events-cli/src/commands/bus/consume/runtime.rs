//! The runtime of `async fn` receivers.

#[cfg(feature = "tokio")]
use std::io;

#[cfg(feature = "tokio")]
use tokio::runtime::{Builder, Handle, Runtime, RuntimeFlavor};

/// Returns the current runtime, or a new one. A runtime with a single thread does not help: the command blocks that thread.
#[cfg(feature = "tokio")]
pub(super) fn of_receivers() -> io::Result<(Option<Runtime>, Handle)> {
    if let Ok(handle) = Handle::try_current()
        && handle.runtime_flavor() != RuntimeFlavor::CurrentThread
    {
        return Ok((None, handle));
    }
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    Ok((Some(runtime), handle))
}

/// Ends a runtime that the command created. Its receivers had time to finish.
#[cfg(feature = "tokio")]
pub(super) fn end(runtime: Option<Runtime>) {
    if let Some(runtime) = runtime {
        runtime.shutdown_background();
    }
}

/// Warns about a missing runtime if a receiver needs one.
#[cfg(not(feature = "tokio"))]
pub(super) fn hint(output: &mut crate::commands::Output<'_>) -> std::io::Result<()> {
    let mut receivers = events_core::registry::receivers();
    if let Some(receiver) = receivers.find(|receiver| receiver.is_async) {
        let message = format!(
            "receiver `{}` is an `async fn`, and this command has no runtime for it: enable the feature `tokio` of events-cli",
            receiver.id
        );
        output.err.note("hint", message)?;
    }
    Ok(())
}
