//! Python's `datetime.isoformat()` of an instant in UTC, written without the heap.

use jiff::civil::DateTime;

/// `YYYY-MM-DDTHH:MM:SS[.ffffff]+00:00` in place.
#[derive(Debug, Clone, Copy)]
pub(super) struct UtcText {
    bytes: [u8; Self::LONGEST],
    len: usize,
}

impl UtcText {
    const LONGEST: usize = 32;

    /// `civil` is of the years 1 to 9999 and in whole microseconds; a fraction of zero is not written, as in Python.
    pub(super) fn new(civil: DateTime) -> Self {
        let mut text = Self {
            bytes: [0; Self::LONGEST],
            len: 0,
        };
        text.digits::<4>(u32::from(civil.year().unsigned_abs()));
        for (mark, value) in [
            (b'-', civil.month()),
            (b'-', civil.day()),
            (b'T', civil.hour()),
            (b':', civil.minute()),
            (b':', civil.second()),
        ] {
            text.push(&[mark]);
            text.digits::<2>(u32::from(value.unsigned_abs()));
        }
        let micros = civil.subsec_nanosecond().unsigned_abs() / 1000;
        if micros != 0 {
            text.push(b".");
            text.digits::<6>(micros);
        }
        text.push(b"+00:00");
        text
    }

    pub(super) fn as_str(&self) -> &str {
        // Nothing but ASCII was written: the default is never taken.
        self.bytes
            .get(..self.len)
            .and_then(|bytes| str::from_utf8(bytes).ok())
            .unwrap_or_default()
    }

    /// Lengths add up to [`Self::LONGEST`] at most; what would not fit is dropped rather than a reason to panic.
    fn push(&mut self, bytes: &[u8]) {
        let end = self.len + bytes.len();
        if let Some(place) = self.bytes.get_mut(self.len..end) {
            place.copy_from_slice(bytes);
            self.len = end;
        }
    }

    fn digits<const N: usize>(&mut self, mut value: u32) {
        let mut digits = [b'0'; N];
        for digit in digits.iter_mut().rev() {
            // A remainder of ten is one digit: the fallback is never taken.
            *digit += u8::try_from(value % 10).unwrap_or(0);
            value /= 10;
        }
        self.push(&digits);
    }
}
