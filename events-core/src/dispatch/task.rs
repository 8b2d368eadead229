//! `async fn` receivers: tasks of the tokio runtime that the sender is in.

use core::fmt;
use core::future::Future;

use tokio::runtime::Handle;
use tokio::task::{JoinError, JoinHandle};

use super::outcome::Failure;
use super::run::{log, panic_message};
use super::{BoxError, Delivery, IntoOutcome};

/// A receiver that runs as a task.
pub(crate) struct Task {
    pub(crate) index: usize,
    handle: JoinHandle<Result<(), Failure>>,
}

impl Task {
    pub(crate) async fn join(self) -> Result<(), Failure> {
        match self.handle.await {
            Ok(outcome) => outcome,
            // The runtime shuts down: the task was dropped where it stood.
            Err(error) => Err(Failure::Error(Box::new(error))),
        }
    }
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Task({})", self.index)
    }
}

/// Starts a receiver as a task of the caller's runtime. It joins the testing scope that the sender is in.
///
/// # Errors
/// When there is no runtime: nobody would ever run the receiver.
pub fn spawn<F>(delivery: &Delivery<'_>, receiver: &'static str, future: F) -> Result<(), BoxError>
where
    F: Future + Send + 'static,
    F::Output: IntoOutcome,
{
    let runtime = Handle::try_current().map_err(|_| {
        "an `async fn` receiver runs on the tokio runtime of the sender, and the sender is in none: send from a task, \
         or enter the runtime (`let _guard = runtime.enter();`) before sending"
    })?;
    let event_type = delivery.info().event_type;
    let future = async move { future.await.into_outcome() };
    #[cfg(feature = "testing")]
    let future = crate::testing::join_current(future);
    let task = runtime.spawn(future);
    // A second task watches the first, so that a failure is logged also when nobody waits for it.
    let handle = runtime.spawn(async move {
        let failure = match task.await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => Failure::Error(error),
            Err(error) => ended(error),
        };
        log(receiver, event_type, &failure);
        Err(failure)
    });
    delivery.tasks.borrow_mut().push(Task {
        index: delivery.cursor.get(),
        handle,
    });
    Ok(())
}

fn ended(error: JoinError) -> Failure {
    match error.try_into_panic() {
        Ok(payload) => Failure::Panic(panic_message(payload)),
        Err(error) => Failure::Error(Box::new(error)),
    }
}
