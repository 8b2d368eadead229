//! Running something that panics without noise on standard error.

use core::any::Any;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::thread;

/// Runs the function; where it panics, gives what it said, and nobody else hears it. Panics of other threads are heard
/// as always.
pub(super) fn catch(function: fn()) -> Result<(), String> {
    let mine = thread::current().id();
    let before = Arc::new(panic::take_hook());
    let others = Arc::clone(&before);
    panic::set_hook(Box::new(move |info| {
        if thread::current().id() != mine {
            others(info);
        }
    }));
    let outcome = panic::catch_unwind(AssertUnwindSafe(function));
    drop(panic::take_hook());
    panic::set_hook(match Arc::try_unwrap(before) {
        Ok(before) => before,
        // Another thread is panicking just now, and still holds it.
        Err(before) => Box::new(move |info| before(info)),
    });
    outcome.map_err(|payload| message(&*payload))
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&'static str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("(a payload that is not text)").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_panics_is_heard_by_the_caller_only() {
        assert_eq!(catch(|| panic!("plain")), Err("plain".to_owned()));
        assert_eq!(
            catch(|| panic!("formatted {}", 1)),
            Err("formatted 1".to_owned())
        );
        assert_eq!(catch(|| ()), Ok(()));
    }
}
