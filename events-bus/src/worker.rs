//! Background threads: they are told to stop, waited for, and miss no panic.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Interval in which [`Worker::join`] looks whether its thread has ended.
const POLL: Duration = Duration::from_millis(1);

/// Minimum time that [`Worker::join`] waits for a thread that is about to end.
const GRACE: Duration = Duration::from_millis(50);

/// A background thread.
///
/// Dropping it asks the thread to stop and does not wait.
#[derive(Debug)]
pub(crate) struct Worker {
    thread: Option<JoinHandle<()>>,
    stop: Arc<Stop>,
}

/// Reason why [`Worker::join`] did not see an orderly end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unfinished {
    /// The thread still runs.
    Running,
    /// The thread panicked.
    Panicked,
}

impl Worker {
    /// Starts a thread. `run` returns soon after its stop request is set.
    ///
    /// # Errors
    /// Returns an error if the operating system starts no thread.
    pub(crate) fn start(
        name: &str,
        run: impl FnOnce(&Stop) + Send + 'static,
    ) -> std::io::Result<Self> {
        let stop = Arc::new(Stop::default());
        let given = Arc::clone(&stop);
        let thread = thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || run(&given))?;
        Ok(Self {
            thread: Some(thread),
            stop,
        })
    }

    /// Asks the thread to stop and returns at once.
    pub(crate) fn stop(&self) {
        self.stop.set();
    }

    /// Asks the thread to stop and waits for its end, at most until the deadline.
    ///
    /// # Errors
    /// Returns an error if the thread still runs or has panicked.
    pub(crate) fn join(&mut self, deadline: Instant) -> Result<(), Unfinished> {
        self.stop();
        let deadline = deadline.max(Instant::now() + GRACE);
        while self
            .thread
            .as_ref()
            .is_some_and(|thread| !thread.is_finished())
        {
            if Instant::now() >= deadline {
                return Err(Unfinished::Running);
            }
            thread::sleep(POLL);
        }
        match self.thread.take().map(JoinHandle::join) {
            Some(Err(_)) => Err(Unfinished::Panicked),
            _ => Ok(()),
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The stop request of a worker.
#[derive(Debug, Default)]
pub(crate) struct Stop {
    is_set: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    fn set(&self) {
        *self.is_set.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    /// Returns `true` if the worker is to stop.
    pub(crate) fn is_set(&self) -> bool {
        *self.is_set.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sleeps for a time, or until the worker is to stop. Returns `true` if it is.
    pub(crate) fn sleep(&self, time: Duration) -> bool {
        let is_set = self.is_set.lock().unwrap_or_else(PoisonError::into_inner);
        let (is_set, _) = self
            .changed
            .wait_timeout_while(is_set, time, |is_set| !*is_set)
            .unwrap_or_else(PoisonError::into_inner);
        *is_set
    }
}

/// Calls a function and returns the message of its panic as an error.
///
/// # Errors
/// Returns the text of the panic if the function panics.
pub(crate) fn catch<T>(call: impl FnOnce() -> T) -> Result<T, Box<str>> {
    catch_unwind(AssertUnwindSafe(call)).map_err(|payload| {
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        text.unwrap_or("a panic without a text").into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_is_told_to_stop() {
        let mut worker = Worker::start("test", |stop| while !stop.sleep(Duration::from_mins(1)) {})
            .expect("a thread");
        assert_eq!(
            worker.join(Instant::now() + Duration::from_secs(20)),
            Ok(())
        );
        assert_eq!(worker.join(Instant::now()), Ok(()));
    }

    #[test]
    fn a_worker_that_does_not_stop_is_reported() {
        let (end, ended) = std::sync::mpsc::channel::<()>();
        let mut worker = Worker::start("test", move |_| {
            let _ended = ended.recv();
        })
        .expect("a thread");
        assert_eq!(worker.join(Instant::now()), Err(Unfinished::Running));
        drop(end);
        assert_eq!(
            worker.join(Instant::now() + Duration::from_secs(20)),
            Ok(())
        );
    }

    #[test]
    fn a_worker_that_panicked_is_reported() {
        let mut worker = Worker::start("test", |_| panic!("on purpose")).expect("a thread");
        let deadline = Instant::now() + Duration::from_secs(20);
        assert_eq!(worker.join(deadline), Err(Unfinished::Panicked));
    }

    #[test]
    fn the_text_of_a_panic_is_kept() {
        let number = 7;
        assert_eq!(catch(|| number), Ok(7));
        assert_eq!(catch(|| panic!("plain")), Err::<(), _>("plain".into()));
        assert_eq!(
            catch(|| panic!("number {number}")),
            Err::<(), _>("number 7".into())
        );
    }
}
