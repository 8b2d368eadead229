//! Writes a body in one pass, by what is given to it.

use core::fmt;

use events_core::codec::{Memo, Sink, Stopped};

use super::put;

/// Writes to the end of a `Vec`. It knows no schema: the type's implementation of `Serialize` is one.
pub(super) struct Body<'a> {
    out: &'a mut Vec<u8>,
}

impl<'a> Body<'a> {
    #[inline]
    pub(super) fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out }
    }
}

impl Sink for Body<'_> {
    #[inline]
    fn boolean(&mut self, value: bool) {
        self.out.push(u8::from(value));
    }

    #[inline]
    fn long(&mut self, value: i64) {
        put::long(self.out, value);
    }

    #[inline]
    fn double(&mut self, value: f64) {
        self.out.extend_from_slice(&value.to_le_bytes());
    }

    #[inline]
    fn text(&mut self, value: &str) {
        put::bytes(self.out, value.as_bytes());
    }

    #[inline]
    fn display(&mut self, value: &dyn fmt::Display) -> fmt::Result {
        put::display(self.out, value)
    }

    #[inline]
    fn bytes(&mut self, value: &[u8]) {
        put::bytes(self.out, value);
    }

    #[inline]
    fn optional(&mut self, is_some: bool) {
        self.out.push(if is_some { 2 } else { 0 });
    }

    /// The items are one block.
    #[inline]
    fn list(&mut self, len: Option<usize>) -> usize {
        match len {
            Some(0) => KNOWN,
            Some(len) => {
                put::count(self.out, len);
                KNOWN
            }
            // Nothing is written yet where it is not known.
            None => self.out.len(),
        }
    }

    #[inline]
    fn map(&mut self, len: Option<usize>) -> usize {
        self.list(len)
    }

    /// Keys are texts in ascending order.
    #[inline]
    fn key(&mut self, memo: &mut Memo, key: &str) -> Result<(), Stopped> {
        let beginning = beginning(key.as_bytes());
        if !ascends(memo, key, beginning, self.out) {
            return Err(Stopped);
        }
        put::bytes(self.out, key.as_bytes());
        let end = self.out.len();
        *memo = Memo([beginning, (end - key.len()) as u64, end as u64]);
        Ok(())
    }

    #[inline]
    fn end(&mut self, began: usize, count: usize) {
        if began != KNOWN && count > 0 {
            put::count_before(self.out, began, count);
        }
        self.out.push(0);
    }
}

/// Stands for the place where a list or a map begins, if its number of items was written there at once.
const KNOWN: usize = usize::MAX;

/// Whether the key comes after the last one, of which is remembered: its first bytes as a number, where it begins, and
/// where it ends. By the number, keys with another beginning are told apart without looking at what was just written,
/// for which the processor would have to wait.
#[inline]
fn ascends(last: &Memo, key: &str, beginning: u64, out: &[u8]) -> bool {
    let Memo([last, start, end]) = *last;
    // Before the end of a key stands its length at least.
    if end == 0 || last < beginning {
        return true;
    }
    last == beginning && out.get(index(start)..index(end)) < Some(key.as_bytes())
}

/// What was a place in the `Vec` before.
#[inline]
fn index(place: u64) -> usize {
    usize::try_from(place).unwrap_or(usize::MAX)
}

/// The first eight bytes, the first of them the highest. What is shorter is followed by zeros, as if it were equal to
/// what has zeros there.
#[inline]
fn beginning(key: &[u8]) -> u64 {
    if let Some(bytes) = key.first_chunk() {
        return u64::from_be_bytes(*bytes);
    }
    (0..8).fold(0, |number, index| {
        number << 8 | u64::from(key.get(index).copied().unwrap_or(0))
    })
}
