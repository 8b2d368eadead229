//! Requests of several threads that share one commit.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::turn::Turn;

/// Requests that wait for the next thread that gets the writer.
///
/// An answer comes only from a commit that returned. If the thread that commits panics, or answers too few requests, the others
/// get `None`.
#[derive(Debug)]
pub(super) struct GroupCommit<Q, A> {
    waiting: Mutex<Vec<Arc<Slot<Q, A>>>>,
}

#[derive(Debug)]
struct Slot<Q, A> {
    request: Q,
    answer: Mutex<Option<A>>,
}

impl<Q, A> Slot<Q, A> {
    fn answer(&self) -> MutexGuard<'_, Option<A>> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<Q, A> Default for GroupCommit<Q, A> {
    fn default() -> Self {
        Self {
            waiting: Mutex::default(),
        }
    }
}

impl<Q, A> GroupCommit<Q, A> {
    /// Returns the answer to a request: of a thread that committed it, or of `commit`, which gets every request that waits and
    /// answers them in order. `None` if the outcome is unknown.
    pub(super) fn submit<W>(
        &self,
        request: Q,
        writer: &Turn<W>,
        commit: impl FnOnce(&mut W, &[&Q]) -> Vec<A>,
    ) -> Option<A> {
        let own = Arc::new(Slot {
            request,
            answer: Mutex::new(None),
        });
        self.waiting().push(Arc::clone(&own));
        let mut writer = writer.lock();
        let slots = {
            let mut waiting = self.waiting();
            if !waiting.iter().any(|slot| Arc::ptr_eq(slot, &own)) {
                // Another thread took it.
                return own.answer().take();
            }
            std::mem::take(&mut *waiting)
        };
        let requests: Vec<&Q> = slots.iter().map(|slot| &slot.request).collect();
        let answers = commit(&mut writer, &requests);
        for (slot, answer) in slots.iter().zip(answers) {
            *slot.answer() = Some(answer);
        }
        own.answer().take()
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Arc<Slot<Q, A>>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::thread;
    use std::time::{Duration, Instant};

    use super::*;

    /// Waits until a number of requests wait.
    fn await_requests(group: &GroupCommit<u32, u32>, count: usize) {
        let begun = Instant::now();
        while group.waiting().len() < count {
            assert!(begun.elapsed() < Duration::from_secs(10), "nobody came");
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Lets four threads submit while the writer is held, and returns what each got: `None` for a panic.
    #[expect(
        clippy::option_option,
        reason = "a panic, no answer, and an answer are told apart"
    )]
    fn submit_together(
        commit: fn(&mut Vec<u32>, &[&u32]) -> Vec<u32>,
    ) -> (Vec<Option<Option<u32>>>, Vec<u32>) {
        let group = GroupCommit::<u32, u32>::default();
        let writer = Turn::new(Vec::new());
        let held = writer.lock();
        let answers = thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|number| {
                    let (group, writer) = (&group, &writer);
                    scope.spawn(move || {
                        catch_unwind(AssertUnwindSafe(|| group.submit(number, writer, commit))).ok()
                    })
                })
                .collect();
            await_requests(&group, 4);
            drop(held);
            threads
                .into_iter()
                .map(|thread| thread.join().ok().flatten())
                .collect()
        });
        let committed = writer.lock().clone();
        (answers, committed)
    }

    #[test]
    fn every_thread_gets_the_answer_to_its_own_request() {
        let (answers, committed) = submit_together(|log, requests| {
            log.extend(requests.iter().map(|number| **number));
            requests.iter().map(|number| **number * 10).collect()
        });
        let expected: Vec<_> = (0..4).map(|number| Some(Some(number * 10))).collect();
        assert_eq!(answers, expected);
        assert_eq!(committed.len(), 4, "each is committed once");
    }

    #[test]
    fn a_panic_while_committing_is_an_unknown_outcome_for_the_others() {
        let (answers, _) = submit_together(|_, _| panic!("out of luck"));
        let panicked = answers.iter().filter(|answer| answer.is_none()).count();
        let unknown = answers
            .iter()
            .filter(|answer| **answer == Some(None))
            .count();
        assert_eq!((panicked, unknown), (1, 3), "{answers:?}");
    }

    #[test]
    fn a_missing_answer_is_an_unknown_outcome() {
        let (answers, _) = submit_together(|_, requests| vec![7; requests.len() - 1]);
        let answered = answers
            .iter()
            .filter(|answer| **answer == Some(Some(7)))
            .count();
        let unknown = answers
            .iter()
            .filter(|answer| **answer == Some(None))
            .count();
        assert_eq!((answered, unknown), (3, 1), "{answers:?}");
    }

    #[test]
    fn the_writer_goes_on_after_a_panic() {
        let group = GroupCommit::<u32, u32>::default();
        let writer = Turn::new(());
        let result = catch_unwind(AssertUnwindSafe(|| {
            group.submit(1, &writer, |(), _| panic!("out of luck"))
        }));
        assert!(result.is_err());
        let answer = group.submit(2, &writer, |(), requests| {
            requests.iter().map(|number| **number).collect()
        });
        assert_eq!(answer, Some(2));
    }
}
