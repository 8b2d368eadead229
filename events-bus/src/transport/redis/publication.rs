//! Memory of what an incarnation of an outbox published, as the server keeps it.
//!
//! The value of the key is `<epoch> <last number> <nonce>`, a line break, and 16 bytes for each event id of the last batch. The nonce
//! is new for each write: a look at the first line tells whether anybody else has written.

use events_core::Uuid;

use crate::transport::rules::Publication;

/// Number of bytes that the first line has at most.
pub(super) const HEAD: usize = 96;

/// Writes the memory of a publication.
pub(super) fn write(publication: &Publication, nonce: u64) -> Vec<u8> {
    let epoch = publication
        .epoch
        .map_or_else(|| "-".to_owned(), |epoch| epoch.to_string());
    let mut text = format!("{epoch} {} {nonce:016x}\n", publication.last).into_bytes();
    text.reserve(publication.ids.len() * 16);
    for id in &publication.ids {
        text.extend_from_slice(id.as_bytes());
    }
    text
}

/// Returns the first line of a value, without the line break.
pub(super) fn head(value: &[u8]) -> &[u8] {
    let end = value.iter().position(|byte| *byte == b'\n');
    &value[..end.unwrap_or(value.len())]
}

/// Reads the memory of a publication. `None` if it is damaged.
pub(super) fn read(value: &[u8]) -> Option<Publication> {
    let head = head(value);
    let mut words = std::str::from_utf8(head).ok()?.split(' ');
    let epoch = match words.next()? {
        "-" => None,
        epoch => Some(epoch.parse().ok()?),
    };
    let last = words.next()?.parse().ok()?;
    let (ids, []) = value.get(head.len() + 1..)?.as_chunks::<16>() else {
        return None;
    };
    let ids = ids.iter().map(|id| Uuid::from_bytes(*id)).collect();
    Some(Publication { epoch, last, ids })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::Epoch;

    #[test]
    fn what_is_written_is_read() {
        let mut publication = Publication::default();
        assert_eq!(read(&write(&publication, 1)), Some(publication.clone()));
        publication.epoch = Some(Epoch::new(u64::MAX, 10));
        publication.last = u64::MAX;
        // Ids hold any bytes, line breaks among them.
        publication.ids = vec![Uuid::from_bytes([10; 16]), Uuid::from_bytes([0; 16])];
        let value = write(&publication, u64::MAX);
        assert!(head(&value).len() < HEAD);
        assert_eq!(read(&value), Some(publication));
        for end in 0..value.len() {
            assert_ne!(read(&value[..end]), read(&value), "{end}");
        }
        assert_eq!(read(b"17"), None, "the number of an older version");
    }
}
