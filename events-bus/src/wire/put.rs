//! The primitive types of Avro's binary encoding, written to the end of a `Vec`.

/// A number: zigzag, seven bits a byte, the lowest first.
#[inline]
pub(super) fn long(out: &mut Vec<u8>, number: i64) {
    zigzagged(
        out,
        (number.cast_unsigned() << 1) ^ (number >> 63).cast_unsigned(),
    );
}

/// Seven bits a byte, the lowest first.
#[inline]
fn zigzagged(out: &mut Vec<u8>, number: u64) {
    if number < 0x80 {
        out.push(low(number));
    } else if number < 0x4000 {
        // The length of most texts that are no names.
        out.extend_from_slice(&[low(number) | 0x80, low(number >> 7)]);
    } else {
        long_number(out, number);
    }
}

fn long_number(out: &mut Vec<u8>, number: u64) {
    let (bytes, len) = varint(number);
    out.extend_from_slice(bytes.get(..len).unwrap_or_default());
}

/// The bytes of a number that was zigzagged, and how many there are.
fn varint(mut number: u64) -> ([u8; 10], usize) {
    let mut bytes = [0; 10];
    let mut len = 0;
    for byte in &mut bytes {
        len += 1;
        *byte = low(number) & 0x7F;
        number >>= 7;
        if number == 0 {
            break;
        }
        *byte |= 0x80;
    }
    (bytes, len)
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "it is what is asked for")]
fn low(number: u64) -> u8 {
    number as u8
}

/// A count of items or bytes.
#[inline]
pub(super) fn count(out: &mut Vec<u8>, count: usize) {
    zigzagged(out, (count as u64) << 1);
}

/// A count of items or bytes, in front of what stands from `start` to the end.
pub(super) fn count_before(out: &mut Vec<u8>, start: usize, count: usize) {
    let (bytes, len) = varint((count as u64) << 1);
    out.splice(start..start, bytes.into_iter().take(len));
}

#[inline]
pub(super) fn bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    count(out, bytes.len());
    out.extend_from_slice(bytes);
}

/// A text by its `Display`, written in place. An error is what the `Display` gave.
#[inline]
pub(super) fn display(
    out: &mut Vec<u8>,
    text: &(impl core::fmt::Display + ?Sized),
) -> core::fmt::Result {
    use core::fmt::Write;

    let start = out.len();
    // Room for the length of a text of less than 64 bytes, which most are.
    out.push(0);
    write!(Text(out), "{text}")?;
    let len = out.len() - start - 1;
    let (bytes, count) = varint((len as u64) << 1);
    let [first, second, ..] = bytes;
    if let Some(place) = out.get_mut(start) {
        *place = first;
    }
    match count {
        1 => {}
        2 => out.insert(start + 1, second),
        _ => drop(out.splice(start..=start, bytes.into_iter().take(count))),
    }
    Ok(())
}

struct Text<'a>(&'a mut Vec<u8>);

impl core::fmt::Write for Text<'_> {
    #[inline]
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}
