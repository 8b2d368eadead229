//! `async fn` receivers: tasks of the tokio runtime that the sender is in.

use core::fmt;
use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::Poll;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::outcome::Failure;
use super::run::{contain, log};
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
            Err(_) => Err(shut_down()),
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
    let unfinished = Unfinished(Some((receiver, delivery.info().event_type)));
    let future = async move {
        // From here on the task owns it, whether it is ever polled or not.
        let mut unfinished = unfinished;
        let mut future = pin!(async move { future.await.into_outcome() });
        let ended = poll_fn(|context| match contain(|| future.as_mut().poll(context)) {
            Ok(poll) => poll.map_err(Failure::Error),
            Err(panic) => Poll::Ready(Err(panic)),
        });
        let outcome = ended.await;
        // Logged by the task itself, so that a failure is in the log also when nobody waits for it.
        unfinished.ended(outcome.as_ref().err());
        outcome
    };
    #[cfg(feature = "testing")]
    let future = crate::testing::join_current(future);
    let handle = runtime.spawn(future);
    let index = delivery.cursor.get();
    delivery.change(|details| details.spawned(Task { index, handle }));
    Ok(())
}

/// The receiver and the event type of a task that has not ended. Dropped with the task when its runtime goes down.
struct Unfinished(Option<(&'static str, &'static str)>);

impl Unfinished {
    fn ended(&mut self, failure: Option<&Failure>) {
        if let (Some((receiver, event_type)), Some(failure)) = (self.0.take(), failure) {
            log(receiver, event_type, failure);
        }
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        self.ended(Some(&shut_down()));
    }
}

/// Nobody aborts the tasks of receivers, so only the end of their runtime ends them early.
fn shut_down() -> Failure {
    Failure::Error("the tokio runtime was shut down before the receiver ended".into())
}
