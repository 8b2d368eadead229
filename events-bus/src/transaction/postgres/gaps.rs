//! Gaps: numbers of rows that were not seen although later ones were.
//!
//! A row gets its number before its transaction commits. So a lower number may become visible after a higher one. A gap is looked
//! at until no transaction is left that was running when it was noticed.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Maximum number of gaps. The oldest are dropped: the relay finds their rows when it looks from the beginning.
const MAX: usize = 2_000;
/// Maximum number of gaps before the first row that is seen.
const BEFORE_FIRST: i64 = 200;
/// Time for which a gap stays in any case: a transaction takes its number a moment before it takes its id.
const GRACE: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(super) struct Gaps {
    gaps: BTreeMap<i64, Gap>,
    /// The highest number that was seen.
    highest: Option<i64>,
}

#[derive(Debug)]
struct Gap {
    /// Transactions with this id or a later one began after the gap was noticed.
    next: i64,
    noticed: Instant,
}

impl Gaps {
    pub(super) fn numbers(&self) -> Vec<i64> {
        self.gaps.keys().copied().collect()
    }

    /// Notes the numbers of a read, in ascending order. `oldest` is the id of the oldest running transaction, `next` the next id.
    pub(super) fn note(&mut self, numbers: impl Iterator<Item = i64>, oldest: i64, next: i64) {
        let now = Instant::now();
        self.gaps
            .retain(|_, gap| oldest < gap.next || now.duration_since(gap.noticed) < GRACE);
        for number in numbers {
            let highest = self.highest.unwrap_or(i64::MIN);
            if number <= highest {
                self.gaps.remove(&number);
                continue;
            }
            let most = match self.highest {
                Some(_) => i64::try_from(MAX).unwrap_or(i64::MAX),
                None => BEFORE_FIRST,
            };
            let first = highest.max(number.saturating_sub(most)).max(0);
            for gap in first.saturating_add(1)..number {
                let noticed = now;
                self.gaps.insert(gap, Gap { next, noticed });
            }
            self.highest = Some(number);
        }
        while self.gaps.len() > MAX {
            self.gaps.pop_first();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_looked_at_until_its_transactions_have_ended() {
        let mut gaps = Gaps::default();
        gaps.note([1, 2, 5].into_iter(), 10, 12);
        assert_eq!(gaps.numbers(), [3, 4]);
        gaps.note([3].into_iter(), 10, 13);
        assert_eq!(gaps.numbers(), [4], "the row of one has come");
        for gap in gaps.gaps.values_mut() {
            gap.noticed -= GRACE;
        }
        gaps.note([].into_iter(), 11, 14);
        assert_eq!(gaps.numbers(), [4], "transaction 11 may still commit it");
        gaps.note([].into_iter(), 12, 14);
        assert!(gaps.numbers().is_empty(), "it was rolled back");
    }

    #[test]
    fn gaps_are_bounded() {
        let mut gaps = Gaps::default();
        gaps.note([1_000_000].into_iter(), 1, 2);
        assert_eq!(gaps.numbers().len(), 199);
        gaps.note((1_000_001..1_010_000).map(|n| n * 2), 1, 2);
        assert_eq!(gaps.numbers().len(), MAX);
        gaps.note([i64::MAX].into_iter(), 1, 2);
        gaps.note([i64::MIN].into_iter(), 1, 2);
    }
}
