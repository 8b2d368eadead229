//! A mail server that keeps what it is given.

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
pub struct Outbox(Mutex<Vec<(String, String)>>);

/// The outbox of this process.
pub fn outbox() -> &'static Outbox {
    static OUTBOX: Outbox = Outbox(Mutex::new(Vec::new()));
    &OUTBOX
}

impl Outbox {
    /// Sends a mail.
    ///
    /// # Errors
    /// When the address has no `@`.
    pub fn send(&self, address: &str, text: String) -> Result<(), MailError> {
        if !address.contains('@') {
            return Err(MailError::Refused);
        }
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((address.to_owned(), text));
        Ok(())
    }

    /// The mails that were sent to an address.
    pub fn sent_to(&self, address: &str) -> Vec<String> {
        let mails = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        mails
            .iter()
            .filter(|(to, _)| to == address)
            .map(|(_, text)| text.clone())
            .collect()
    }
}
