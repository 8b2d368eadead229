//! A mail server that keeps what it is given.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// A mail could not be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MailError {
    /// The address has no `@`.
    #[error("the mail server refused the address: it has no `@`")]
    Refused,
}

/// The mails that were sent, as `(address, text)`.
#[derive(Debug)]
pub struct Outbox {
    mails: Mutex<Vec<(String, String)>>,
    accepts_any: AtomicBool,
}

/// The outbox of this process.
pub fn outbox() -> &'static Outbox {
    static OUTBOX: Outbox = Outbox {
        mails: Mutex::new(Vec::new()),
        accepts_any: AtomicBool::new(false),
    };
    &OUTBOX
}

impl Outbox {
    /// Sends a mail.
    ///
    /// # Errors
    /// When the address has no `@`.
    pub fn send(&self, address: &str, text: String) -> Result<(), MailError> {
        if !address.contains('@') && !self.accepts_any.load(Ordering::Relaxed) {
            return Err(MailError::Refused);
        }
        self.mails
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((address.to_owned(), text));
        Ok(())
    }

    /// Whether the server takes addresses without an `@`, as one that was repaired does.
    pub fn accept_any_address(&self, any: bool) {
        self.accepts_any.store(any, Ordering::Relaxed);
    }

    /// The mails that were sent to an address.
    pub fn sent_to(&self, address: &str) -> Vec<String> {
        let mails = self.mails.lock().unwrap_or_else(PoisonError::into_inner);
        mails
            .iter()
            .filter(|(to, _)| to == address)
            .map(|(_, text)| text.clone())
            .collect()
    }
}
