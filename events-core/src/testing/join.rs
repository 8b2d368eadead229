//! Which scope a thread or task is in.

use core::cell::RefCell;
use core::future::Future;
use core::marker::PhantomData;
use core::pin::Pin;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use core::task::{Context, Poll};

use super::scope::ScopeHandle;

/// The number of scopes there are, in all threads: with none, a send looks no further.
pub(super) static ACTIVE: AtomicUsize = AtomicUsize::new(0);

/// Tells the entries of a thread apart: scopes need not end in the order in which they began.
static NEXT_ENTRY: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// The scopes that this thread is in; the last is the one that counts.
    static ENTERED: RefCell<Vec<(u64, ScopeHandle)>> = const { RefCell::new(Vec::new()) };
}

/// Whether there is a scope at all, on any thread.
#[inline]
pub(crate) fn is_active() -> bool {
    ACTIVE.load(Ordering::Relaxed) != 0
}

/// The scope that this thread is in.
#[inline]
pub(crate) fn current() -> Option<ScopeHandle> {
    // A thread that is in a scope has itself seen the count go up, or was handed the scope by one that had.
    if is_active() { lookup() } else { None }
}

#[cold]
fn lookup() -> Option<ScopeHandle> {
    // Without the thread-local there is no scope: the thread is about to end.
    ENTERED
        .try_with(|entered| Some(entered.borrow().last()?.1.clone()))
        .ok()
        .flatten()
}

/// Keeps this thread in a scope until it is dropped; then the thread is in the scope that it entered last, of those it
/// has not left.
#[must_use = "the thread leaves the scope when this is dropped; bind it: `let _entered = handle.enter();`"]
#[derive(Debug)]
pub struct Entered {
    entry: u64,
    /// It is this thread that is to leave.
    not_send: PhantomData<*const ()>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        let left = ENTERED.try_with(|entered| {
            let mut entered = entered.borrow_mut();
            let place = entered
                .iter()
                .rposition(|(entry, _)| *entry == self.entry)?;
            Some(entered.remove(place))
        });
        // The last handle of a scope drops what the scope holds, foreign closures included: not under the borrow.
        drop(left);
    }
}

impl ScopeHandle {
    /// Enters the scope on this thread.
    pub fn enter(&self) -> Entered {
        let entry = NEXT_ENTRY.fetch_add(1, Ordering::Relaxed);
        // Without the thread-local the thread is about to end, and in no scope.
        let _: Result<(), _> =
            ENTERED.try_with(|entered| entered.borrow_mut().push((entry, self.clone())));
        Entered {
            entry,
            not_send: PhantomData,
        }
    }

    /// Has a future run inside the scope, wherever it is polled: `tokio::spawn(handle.join(future))`.
    pub fn join<F: Future>(&self, future: F) -> InScope<F> {
        InScope {
            scope: Some(self.clone()),
            future: Box::pin(future),
        }
    }
}

/// Has a future run inside the scope that this thread is in, if any.
#[cfg(feature = "tokio")]
pub(crate) fn join_current<F: Future>(future: F) -> InScope<F> {
    InScope {
        scope: current(),
        future: Box::pin(future),
    }
}

/// A future that runs inside a scope. See [`ScopeHandle::join`].
#[derive(Debug)]
pub struct InScope<F> {
    scope: Option<ScopeHandle>,
    future: Pin<Box<F>>,
}

impl<F: Future> Future for InScope<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let _entered = self.scope.as_ref().map(ScopeHandle::enter);
        self.future.as_mut().poll(context)
    }
}
