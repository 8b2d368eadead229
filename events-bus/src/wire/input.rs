//! A body that is read from front to back: the primitive types and blocks of Avro's binary encoding.

use events_core::codec::Items;

use super::fault::Fault;

/// How many items without any bytes (records without fields) a body may have. Nothing else bounds them.
const EMPTY_ITEMS: usize = 1024;

/// How deep records, lists and maps may be nested. The types of events are not recursive: this is beyond them all, and
/// far from the end of the stack.
pub(super) const DEPTH: u32 = 128;

/// The rest of a body.
#[derive(Debug, Clone)]
pub(super) struct Input<'de> {
    rest: &'de [u8],
    /// How many more items without any bytes there may be.
    empty_items: usize,
    /// How many more levels there may be.
    levels: u32,
}

impl<'de> Input<'de> {
    #[inline]
    pub(super) fn new(body: &'de [u8]) -> Self {
        Self {
            rest: body,
            empty_items: EMPTY_ITEMS,
            levels: DEPTH,
        }
    }

    /// What is left.
    #[inline]
    pub(super) fn rest(&self) -> &'de [u8] {
        self.rest
    }

    /// Goes on with other bytes.
    #[inline]
    pub(super) fn go_to(&mut self, rest: &'de [u8]) {
        self.rest = rest;
    }

    /// How many bytes are left.
    #[inline]
    pub(super) fn left(&self) -> usize {
        self.rest.len()
    }

    /// Refuses what is left after the last field.
    #[inline]
    pub(super) fn end(&self) -> Result<(), Fault> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(Fault::LeftOver)
        }
    }

    /// One level down.
    #[inline]
    pub(super) fn enter(&mut self) -> Result<(), Fault> {
        match self.levels.checked_sub(1) {
            Some(levels) => {
                self.levels = levels;
                Ok(())
            }
            None => Err(Fault::TooDeep),
        }
    }

    /// One level up.
    #[inline]
    pub(super) fn leave(&mut self) {
        self.levels += 1;
    }

    /// A number: zigzag, seven bits a byte, the lowest first.
    #[inline]
    pub(super) fn long(&mut self) -> Result<i64, Fault> {
        let number = match self.rest.split_first() {
            Some((&byte, rest)) if byte < 0x80 => {
                self.rest = rest;
                u64::from(byte)
            }
            _ => self.long_number()?,
        };
        Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    fn long_number(&mut self) -> Result<u64, Fault> {
        let mut number = 0;
        for (index, &byte) in self.rest.iter().enumerate().take(10) {
            // The tenth byte has room for the last bit.
            if index == 9 && byte > 1 {
                break;
            }
            number |= u64::from(byte & 0x7F) << (7 * index);
            if byte < 0x80 {
                self.rest = self.rest.get(index + 1..).unwrap_or_default();
                return Ok(number);
            }
        }
        Err(if self.rest.len() < 10 {
            Fault::Truncated
        } else {
            Fault::NumberTooLong
        })
    }

    #[inline]
    pub(super) fn boolean(&mut self) -> Result<bool, Fault> {
        match self.rest.split_first() {
            Some((&byte @ (0 | 1), rest)) => {
                self.rest = rest;
                Ok(byte == 1)
            }
            Some(_) => Err(Fault::NotBoolean),
            None => Err(Fault::Truncated),
        }
    }

    #[inline]
    pub(super) fn double(&mut self) -> Result<f64, Fault> {
        match self.rest.split_first_chunk() {
            Some((bytes, rest)) => {
                self.rest = rest;
                Ok(f64::from_le_bytes(*bytes))
            }
            None => Err(Fault::Truncated),
        }
    }

    /// Bytes after their length.
    #[inline]
    pub(super) fn bytes(&mut self) -> Result<&'de [u8], Fault> {
        let length = self.length()?;
        match self.rest.split_at_checked(length) {
            Some((bytes, rest)) => {
                self.rest = rest;
                Ok(bytes)
            }
            None => Err(Fault::LengthBeyondEnd),
        }
    }

    /// UTF-8 after its length in bytes.
    #[inline]
    pub(super) fn text(&mut self) -> Result<&'de str, Fault> {
        match core::str::from_utf8(self.bytes()?) {
            Ok(text) => Ok(text),
            Err(_) => Err(Fault::NotUtf8),
        }
    }

    /// Whether the union of null and a type holds the type.
    #[inline]
    pub(super) fn is_some(&mut self) -> Result<bool, Fault> {
        match self.long()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Fault::NotInUnion),
        }
    }

    #[inline]
    fn length(&mut self) -> Result<usize, Fault> {
        let length = self.long()?;
        if length < 0 {
            return Err(Fault::NegativeLength);
        }
        usize::try_from(length).map_err(|_| Fault::LengthBeyondEnd)
    }
}

/// Stands for a block that states no size. A size is at most what is left of the body.
const NO_SIZE: usize = usize::MAX;

/// The blocks of a list or a map: each with a count of items, the last with a count of zero. A negative count stands
/// before the size of the block in bytes.
#[derive(Debug)]
pub(super) struct Blocks {
    /// Items of this block that were not asked for yet.
    pending: usize,
    /// Items of this block.
    count: usize,
    /// How many bytes were left where the block's items begin.
    began: usize,
    /// The size that the block states.
    size: Option<usize>,
    ended: bool,
}

impl Blocks {
    /// Reads the head of the first block.
    #[inline]
    pub(super) fn new(input: &mut Input<'_>) -> Result<Self, Fault> {
        let mut blocks = Self {
            pending: 0,
            count: 0,
            began: 0,
            size: None,
            ended: false,
        };
        blocks.open(input)?;
        Ok(blocks)
    }

    /// Whether there is one more item, whose bytes come next.
    #[inline]
    pub(super) fn next(&mut self, input: &mut Input<'_>) -> Result<bool, Fault> {
        if self.pending == 0 {
            if self.ended {
                return Ok(false);
            }
            self.turn(input)?;
            if self.ended {
                return Ok(false);
            }
        }
        self.pending -= 1;
        Ok(true)
    }

    /// Goes on to the next block, after the last item of this one.
    #[inline]
    pub(super) fn turn(&mut self, input: &mut Input<'_>) -> Result<(), Fault> {
        self.close(input)?;
        self.open(input)
    }

    /// The block whose head was just read, for whoever counts its items; none pending at the end.
    #[inline]
    pub(super) fn to_items(&self, input: &Input<'_>) -> Items {
        Items {
            pending: self.pending,
            room: self.size_hint(input),
            memo: [self.count, self.began, self.size.unwrap_or(NO_SIZE)],
        }
    }

    /// The block again, with all its items counted.
    #[inline]
    pub(super) fn from_items(items: &Items) -> Self {
        let [count, began, size] = items.memo;
        Self {
            pending: 0,
            count,
            began,
            size: (size != NO_SIZE).then_some(size),
            ended: false,
        }
    }

    /// How much room to make: what the block states, bounded by what can be there.
    #[inline]
    pub(super) fn size_hint(&self, input: &Input<'_>) -> usize {
        self.pending.min(input.left())
    }

    #[inline]
    fn open(&mut self, input: &mut Input<'_>) -> Result<(), Fault> {
        let count = input.long()?;
        if count == 0 {
            self.pending = 0;
            self.ended = true;
            return Ok(());
        }
        self.size = if count < 0 {
            let size = input.length()?;
            if size > input.left() {
                return Err(Fault::LengthBeyondEnd);
            }
            Some(size)
        } else {
            None
        };
        self.count = match usize::try_from(count.unsigned_abs()) {
            // Items without bytes are few, see `close`; all others have one at least.
            Ok(count) if count <= input.left().saturating_add(input.empty_items) => count,
            _ => return Err(Fault::CountBeyondEnd),
        };
        self.pending = self.count;
        self.began = input.left();
        Ok(())
    }

    /// Looks back at a block that was read.
    #[inline]
    fn close(&self, input: &mut Input<'_>) -> Result<(), Fault> {
        let size = self.began - input.left();
        if self.size.is_some_and(|stated| stated != size) {
            return Err(Fault::BlockSize);
        }
        if size < self.count {
            match input.empty_items.checked_sub(self.count - size) {
                Some(left) => input.empty_items = left,
                None => return Err(Fault::TooManyEmptyItems),
            }
        }
        Ok(())
    }
}
