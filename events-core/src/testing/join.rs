//! Which scope a thread or task is in.

use core::cell::RefCell;
use core::future::Future;
use core::marker::PhantomData;
use core::pin::Pin;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{Context, Poll};

use super::scope::ScopeHandle;

/// The number of scopes there are, in all threads: with none, a send looks no further.
pub(super) static ACTIVE: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static CURRENT: RefCell<Option<ScopeHandle>> = const { RefCell::new(None) };
}

/// The scope that this thread is in.
#[inline]
pub(crate) fn current() -> Option<ScopeHandle> {
    // A thread that is in a scope has itself seen the count go up, or was handed the scope by one that had.
    if ACTIVE.load(Ordering::Relaxed) == 0 {
        None
    } else {
        lookup()
    }
}

#[cold]
fn lookup() -> Option<ScopeHandle> {
    // Without the thread-local there is no scope: the thread is about to end.
    CURRENT
        .try_with(|current| current.borrow().clone())
        .ok()
        .flatten()
}

fn replace(scope: Option<ScopeHandle>) -> Option<ScopeHandle> {
    CURRENT
        .try_with(|current| current.replace(scope))
        .ok()
        .flatten()
}

/// Keeps this thread in a scope until it is dropped; then the thread is back where it was.
#[must_use = "the thread leaves the scope when this is dropped; bind it: `let _entered = handle.enter();`"]
#[derive(Debug)]
pub struct Entered {
    before: Option<ScopeHandle>,
    /// It is this thread that is to leave.
    not_send: PhantomData<*const ()>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        drop(replace(self.before.take()));
    }
}

impl ScopeHandle {
    /// Enters the scope on this thread.
    pub fn enter(&self) -> Entered {
        Entered {
            before: replace(Some(self.clone())),
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
