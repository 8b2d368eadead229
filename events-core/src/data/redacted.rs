//! What stands for personal data where people read.

use core::fmt;

/// Shows `<redacted>`: in `Debug` output, the value of a field with `#[event_data(pii)]`.
#[derive(Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "a name for what has no parts")]
pub struct Redacted;

impl fmt::Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}
