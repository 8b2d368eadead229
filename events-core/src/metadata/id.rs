//! Ids of events: making them, and reading the ways Python reads.

use uuid::Uuid;

use crate::time::Timestamp;

const VERSION_7: u128 = 0x7 << 76;
const VARIANT: u128 = 0b10 << 62;

/// A UUID of version 7 for an event sent at `time`: sortable by time, unique by 62 random bits per microsecond.
///
/// The layout is RFC 9562's: 48 bits of milliseconds, then the fraction of the millisecond in the 12 bits that follow
/// the version (section 6.2, method 3), then the random bits. A time before 1970 counts as 1970.
///
/// The random numbers are those of a generator that each thread has for itself, so that senders never wait for each
/// other. They are not meant to be unpredictable.
pub(crate) fn new_id(time: Timestamp) -> Uuid {
    let micros = u64::try_from(time.as_micros()).unwrap_or(0);
    let milliseconds = micros / 1000;
    // 0..1000 microseconds spread over 0..4096.
    let fraction = (micros % 1000) * 4096 / 1000;
    let random = random::bits() >> 2;
    Uuid::from_u128(
        u128::from(milliseconds) << 80
            | VERSION_7
            | u128::from(fraction) << 64
            | VARIANT
            | u128::from(random),
    )
}

mod random {
    use std::cell::Cell;
    use std::hash::{BuildHasher, RandomState};

    use fastrand::Rng;

    thread_local! {
        // Seeded by the standard library's random state, which asks the operating system. fastrand's own seed is made
        // of the time since boot and the thread's number, and two hosts that boot one image together share both.
        static RNG: Cell<Rng> = Cell::new(Rng::with_seed(RandomState::new().hash_one(fastrand::u64(..))));
    }

    /// 64 random bits, from this thread's own generator.
    pub(super) fn bits() -> u64 {
        // The cell has no destructor, so it can be reached even while the thread's other locals are being destroyed.
        RNG.with(|cell| {
            let mut rng = cell.replace(Rng::with_seed(0));
            let bits = rng.u64(..);
            cell.set(rng);
            bits
        })
    }
}

/// Reads an id as Python's `uuid.UUID(text)` does: `urn:` and `uuid:` are dropped wherever they stand, braces around
/// it, and every hyphen; 32 hexadecimal digits have to remain.
///
/// Of what Python's `int(text, 16)` then takes, only ASCII digits are taken here.
pub(crate) fn parse_id(text: &str) -> Option<Uuid> {
    // The usual spelling, and the fast way. Other lengths are not uuid's to judge: it takes `URN:UUID:`, Python does not.
    if text.len() == 36
        && let Ok(id) = Uuid::try_parse(text)
    {
        return Some(id);
    }
    let text = text.replace("urn:", "").replace("uuid:", "");
    let mut value = 0;
    let mut digits = 0;
    for digit in text
        .trim_matches(['{', '}'])
        .chars()
        .filter(|&char| char != '-')
    {
        value = value << 4 | u128::from(digit.to_digit(16)?);
        digits += 1;
        if digits > 32 {
            return None;
        }
    }
    (digits == 32).then(|| Uuid::from_u128(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CANONICAL: &str = "6f1f5d3e-2b1a-11ef-9c6e-0242ac120002";

    #[test]
    fn an_id_is_a_uuid_of_version_7_that_carries_the_time() {
        let time: Timestamp = "2024-06-11T14:12:45.320819+00:00".parse().expect("a time");
        let id = new_id(time);
        assert_eq!(id.get_version_num(), 7);
        assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
        let bits = id.as_u128();
        assert_eq!(bits >> 80, 1_718_115_165_320);
        assert_eq!(bits >> 64 & 0xfff, 819 * 4096 / 1000);
        assert_ne!(new_id(time), id);
    }

    #[test]
    fn ids_are_sorted_by_their_microsecond() {
        let ids = (0..5000_i64).map(|n| new_id(Timestamp::from_micros(n * 7).expect("a time")));
        assert!(ids.is_sorted());
    }

    #[test]
    fn times_at_the_ends_of_the_range_have_ids() {
        assert_eq!(new_id(Timestamp::MIN).as_u128() >> 80, 0);
        assert_eq!(new_id(Timestamp::MAX).as_u128() >> 80, 253_402_300_799_999);
    }

    #[test]
    fn ids_are_unique_across_threads() {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                std::thread::spawn(|| {
                    (0..10_000)
                        .map(|_| new_id(Timestamp::UNIX_EPOCH))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        let mut ids: Vec<_> = threads
            .into_iter()
            .flat_map(|thread| thread.join().expect("no panic"))
            .collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 40_000);
    }

    #[test]
    fn the_spellings_that_python_reads() {
        let id = Uuid::try_parse(CANONICAL).expect("an id");
        for text in [
            CANONICAL,
            "6F1F5D3E-2B1A-11EF-9C6E-0242AC120002",
            "{6f1f5d3e2b1a11ef9c6e0242ac120002",
            "}}6f1f5d3e-2b1a-11ef-9c6e-0242ac120002{",
            "uuid:6f1f5d3e-2b1a-11ef-9c6e-0242ac120002",
            "urn:{uuid:6f1f5d3e-2b1a-11ef-9c6e-0242ac120002}",
            "--6f1f5d3e-2b1a-11ef-9c6e-0242ac12-0002-",
        ] {
            assert_eq!(parse_id(text), Some(id), "{text}");
        }
    }

    #[test]
    fn the_spellings_that_python_refuses() {
        for text in [
            "",
            "6f1f5d3e2b1a11ef9c6e0242ac12000",
            "6f1f5d3e2b1a11ef9c6e0242ac1200022",
            "URN:UUID:6f1f5d3e-2b1a-11ef-9c6e-0242ac120002",
            "6f1f5d3e2b1a11ef9c6e0242ac12{}0002",
            "6f1f5d3e2b1a11ef9c6e0242ac12000g",
            "\u{1f980}",
        ] {
            assert_eq!(parse_id(text), None, "{text}");
        }
    }
}
