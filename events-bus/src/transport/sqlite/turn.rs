//! Turns at the write lock: between the threads of a process, and between processes.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError as Taken};
use std::thread;
use std::time::{Duration, Instant};

use super::file;

/// A lock that a thread cannot take again before a thread that waits for it.
///
/// A thread that publishes in a loop lets go of a plain mutex for a few microseconds, too short for another one to wake up. Here
/// the first thread that waits holds the gate, so that nobody passes it.
#[derive(Debug)]
pub(super) struct Turn<T> {
    gate: Mutex<()>,
    inner: Mutex<T>,
}

impl<T> Turn<T> {
    pub(super) const fn new(value: T) -> Self {
        Self {
            gate: Mutex::new(()),
            inner: Mutex::new(value),
        }
    }

    /// Waits for its turn. A panic of a former holder changes nothing: its transaction is rolled back.
    pub(super) fn lock(&self) -> MutexGuard<'_, T> {
        let _gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the lock if nobody holds it or waits for it.
    pub(super) fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        fn free<T>(lock: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
            match lock.try_lock() {
                Ok(guard) => Some(guard),
                Err(Taken::Poisoned(poisoned)) => Some(poisoned.into_inner()),
                Err(Taken::WouldBlock) => None,
            }
        }
        let _gate = free(&self.gate)?;
        free(&self.inner)
    }
}

/// Time between two looks at the line. A process that writes in a loop goes on for about this long while another one waits.
const LOOK: Duration = Duration::from_millis(10);
/// Maximum time for which a process steps back.
const STEP_BACK: Duration = Duration::from_millis(25);
/// Time for which a process does not look again after it stepped back in vain: the other one may be stopped.
const IN_VAIN: Duration = Duration::from_millis(75);
/// Time between two looks while it steps back.
const PAUSE: Duration = Duration::from_micros(300);

/// The line of processes that wait for the write lock of SQLite, which has no queue.
///
/// A process that waits holds a shared lock on a file beside the store. A process that writes looks from time to time whether it
/// could lock that file for itself, and steps back if not. The line is a courtesy: the store is as safe without it.
#[derive(Debug)]
pub(super) struct Line {
    /// `None` if the file cannot be made.
    file: Option<File>,
    next_look: Instant,
}

impl Line {
    pub(super) fn beside(store: &Path) -> Self {
        let path = file::beside(store, "-turn");
        Self {
            file: file::private().create(true).truncate(false).open(path).ok(),
            next_look: Instant::now(),
        }
    }

    /// Lets the processes that wait go first. Blocks for at most 25 ms.
    pub(super) fn step_back(&mut self) {
        let begun = Instant::now();
        if begun < self.next_look {
            return;
        }
        self.next_look = begun + LOOK;
        while self.is_awaited() {
            let now = Instant::now();
            if now.duration_since(begun) >= STEP_BACK {
                self.next_look = now + IN_VAIN;
                return;
            }
            self.next_look = now + LOOK;
            thread::sleep(PAUSE);
        }
    }

    fn is_awaited(&self) -> bool {
        let Some(file) = &self.file else { return false };
        match file.try_lock() {
            Ok(()) => {
                // A failure would leave a lock that only closing the file ends: others would step back in vain.
                drop(file.unlock());
                false
            }
            Err(TryLockError::WouldBlock) => true,
            Err(TryLockError::Error(_)) => false,
        }
    }

    /// Announces that this process waits, until the place is dropped.
    pub(super) fn join(&self) -> Place<'_> {
        let mut place = Place {
            file: self.file.as_ref(),
            is_announced: false,
        };
        place.announce();
        place
    }
}

/// Place in the line.
#[derive(Debug)]
pub(super) struct Place<'a> {
    file: Option<&'a File>,
    is_announced: bool,
}

impl Place<'_> {
    /// Announces it, unless that is done. Another process that looks at the line is in the way for a moment.
    pub(super) fn announce(&mut self) {
        if let Some(file) = self.file
            && !self.is_announced
        {
            self.is_announced = file.try_lock_shared().is_ok();
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some(file) = self.file
            && self.is_announced
        {
            drop(file.unlock());
        }
    }
}

/// Returns the pause before the next attempt of a process that has waited for this long: short at first, since its turn lasts only
/// for as long as the others step back.
pub(super) fn pause(waited: Duration) -> Duration {
    match waited.as_millis() {
        0..20 => Duration::from_micros(300),
        20..1000 => Duration::from_millis(1),
        _ => Duration::from_millis(4),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// A thread lets go and locks again at once: the one that waits comes first, each time.
    #[test]
    fn a_thread_that_waits_is_not_passed() {
        let turn = Turn::new(0_u32);
        let asked = AtomicU32::new(0);
        thread::scope(|scope| {
            let mut guard = turn.lock();
            scope.spawn(|| {
                for _ in 0..20 {
                    asked.fetch_add(1, Ordering::SeqCst);
                    *turn.lock() += 1;
                }
            });
            for round in 1..=20 {
                while asked.load(Ordering::SeqCst) < round {
                    thread::yield_now();
                }
                // It waits at the lock by then.
                thread::sleep(Duration::from_millis(5));
                drop(guard);
                guard = turn.lock();
                assert!(*guard >= round, "passed in round {round}");
            }
        });
    }

    #[test]
    fn a_lock_with_a_thread_that_waits_is_not_free() {
        let turn = Turn::new(());
        let guard = turn.lock();
        assert!(turn.try_lock().is_none());
        drop(guard);
        assert!(turn.try_lock().is_some());
    }

    #[test]
    fn a_process_steps_back_while_another_one_waits() {
        let folder = std::env::temp_dir().join(format!("events-line-{}", std::process::id()));
        let (mut one, two) = (Line::beside(&folder), Line::beside(&folder));
        let time = |line: &mut Line| {
            line.next_look = Instant::now();
            let begun = Instant::now();
            line.step_back();
            begun.elapsed()
        };
        assert!(time(&mut one) < STEP_BACK);
        let place = two.join();
        assert!(place.is_announced);
        assert!(time(&mut one) >= STEP_BACK);
        // In vain, so it does not look again for a moment.
        assert!(one.next_look > Instant::now() + IN_VAIN / 2);
        drop(place);
        assert!(time(&mut one) < STEP_BACK);
        drop(std::fs::remove_file(file::beside(&folder, "-turn")));
    }
}
