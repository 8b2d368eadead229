//! Text that is written during constant evaluation, where nothing can be allocated.

/// At most `N` bytes of UTF-8. What does not fit is cut, and ends with `…`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<const N: usize> {
    bytes: [u8; N],
    len: usize,
    cut: bool,
}

impl<const N: usize> Text<N> {
    pub(super) const fn new() -> Self {
        Self {
            bytes: [0; N],
            len: 0,
            cut: false,
        }
    }

    pub(super) const fn as_str(&self) -> &str {
        match core::str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(text) => text,
            Err(_) => "…",
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// Back to an earlier length.
    pub(super) const fn truncate(&mut self, len: usize) {
        if len < self.len {
            self.len = len;
            self.cut = false;
        }
    }

    pub(super) const fn push(&mut self, text: &str) {
        const MARK: &[u8] = "…".as_bytes();
        if self.cut {
            return;
        }
        let text = text.as_bytes();
        let room = N - MARK.len() - self.len;
        let mut count = text.len();
        if count > room {
            count = room;
            // Not in the middle of a character.
            while count > 0 && text[count] & 0xC0 == 0x80 {
                count -= 1;
            }
        }
        self.append(text, count);
        if count < text.len() {
            self.append(MARK, MARK.len());
            self.cut = true;
        }
    }

    const fn append(&mut self, text: &[u8], count: usize) {
        let mut index = 0;
        while index < count {
            self.bytes[self.len] = text[index];
            self.len += 1;
            index += 1;
        }
    }

    pub(super) const fn push_number(&mut self, number: u64) {
        if number >= 10 {
            self.push_number(number / 10);
        }
        let digit = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"][(number % 10) as usize];
        self.push(digit);
    }
}

/// `==` for constant evaluation.
pub(super) const fn equal(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut index = 0;
    while index < a.len() {
        if a[index] != b[index] {
            return false;
        }
        index += 1;
    }
    true
}

pub(super) const fn contains(texts: &[&str], wanted: &str) -> bool {
    let mut index = 0;
    while index < texts.len() {
        if equal(texts[index], wanted) {
            return true;
        }
        index += 1;
    }
    false
}
