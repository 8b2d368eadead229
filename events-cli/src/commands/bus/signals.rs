//! Termination by SIGINT (Ctrl-C) and SIGTERM.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use signal_hook::SigId;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// The signals that end a command.
const SIGNALS: [i32; 2] = [SIGINT, SIGTERM];

/// Number of commands that handle the signals themselves.
static RUNNING: AtomicUsize = AtomicUsize::new(0);

/// `true` if a signal has its default effect. The first signal sets it, so that the second one ends the process.
static BY_DEFAULT: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// Records SIGINT and SIGTERM until it is dropped.
pub(super) struct Interrupts {
    asked: Arc<AtomicBool>,
    ids: Vec<SigId>,
}

impl Interrupts {
    pub(super) fn watch() -> io::Result<Self> {
        let by_default = BY_DEFAULT.get_or_init(|| {
            let by_default = Arc::new(AtomicBool::new(true));
            for signal in SIGNALS {
                // It accepts both signals. If it fails, the first signal ends the process.
                let _ = flag::register_conditional_default(signal, Arc::clone(&by_default));
            }
            by_default
        });
        RUNNING.fetch_add(1, Ordering::SeqCst);
        by_default.store(false, Ordering::SeqCst);
        let mut interrupts = Self {
            asked: Arc::default(),
            ids: Vec::new(),
        };
        for signal in SIGNALS {
            interrupts
                .ids
                .push(flag::register(signal, Arc::clone(&interrupts.asked))?);
            interrupts
                .ids
                .push(flag::register(signal, Arc::clone(by_default))?);
        }
        Ok(interrupts)
    }

    /// Returns `true` if a signal arrived.
    pub(super) fn are_there(&self) -> bool {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Drop for Interrupts {
    fn drop(&mut self) {
        for id in self.ids.drain(..) {
            signal_hook::low_level::unregister(id);
        }
        if RUNNING.fetch_sub(1, Ordering::SeqCst) == 1
            && let Some(by_default) = BY_DEFAULT.get()
        {
            by_default.store(true, Ordering::SeqCst);
        }
    }
}

/// Ends the process at once, as `kill -9` does.
pub(super) fn die() -> ! {
    #[cfg(unix)]
    let _ = signal_hook::low_level::raise(signal_hook::consts::SIGKILL);
    std::process::abort()
}
