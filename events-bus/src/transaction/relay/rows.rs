//! Rows that were read and are still in the database: which of their destinations are done.

use std::collections::HashMap;

/// Maximum number of rows that are known at the same time.
const MAX: usize = 100_000;

#[derive(Default)]
pub(super) struct Rows {
    rows: HashMap<i64, Row>,
    /// Counts looks from the beginning.
    look: u32,
}

/// A set of destinations, by their index among those of the row.
type Set = u64;

struct Row {
    all: Set,
    given: Set,
    done: Set,
    look: u32,
}

impl Rows {
    /// Returns `true` if no more rows can be taken.
    pub(super) fn is_full(&self) -> bool {
        self.rows.len() >= MAX
    }

    pub(super) fn clear(&mut self) {
        self.rows.clear();
    }

    /// Returns `true` if a row has nothing to give: each of its destinations has got it.
    pub(super) fn is_given(&mut self, number: i64) -> bool {
        let look = self.look;
        self.rows.get_mut(&number).is_some_and(|row| {
            row.look = look;
            row.given == row.all
        })
    }

    /// Returns `true` if a destination has not got a row yet, and notes that it gets it.
    pub(super) fn give(&mut self, number: i64, index: u32, count: usize) -> bool {
        let all = Set::MAX >> (64 - count.clamp(1, 64));
        let look = self.look;
        let row = self.rows.entry(number).or_insert(Row {
            all,
            given: 0,
            done: 0,
            look,
        });
        // Routes do not change, so neither does the number of destinations.
        let bit = 1 << index;
        let is_new = row.given & bit == 0;
        row.given |= bit;
        is_new
    }

    /// Notes that a destination acknowledged a row. Returns `true` if the row is done.
    pub(super) fn done(&mut self, number: i64, index: u32) -> bool {
        let Some(row) = self.rows.get_mut(&number) else {
            return false;
        };
        let was_done = row.done == row.all;
        row.done |= 1 << index;
        row.done == row.all && !was_done
    }

    /// Forgets a row that has left the database, or is quarantined.
    pub(super) fn remove(&mut self, number: i64) {
        self.rows.remove(&number);
    }

    /// Begins a look from the beginning.
    pub(super) fn begin_look(&mut self) {
        self.look = self.look.wrapping_add(1);
    }

    /// Forgets the rows that the look has not found and that nothing is under way for: another program removed them.
    pub(super) fn end_look(&mut self) {
        let look = self.look;
        self.rows
            .retain(|_, row| row.look == look || row.given != row.done || row.given == row.all);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_done_when_each_destination_is() {
        let mut rows = Rows::default();
        assert!(rows.give(7, 0, 3) && rows.give(7, 2, 3));
        assert!(!rows.give(7, 2, 3), "it has got it");
        assert!(!rows.is_given(7), "one has not got it");
        assert!(!rows.done(7, 0) && !rows.done(7, 2));
        assert!(rows.give(7, 1, 3));
        assert!(rows.is_given(7));
        assert!(rows.done(7, 1));
        assert!(!rows.done(7, 1), "it is done once");
        assert!(!rows.done(8, 0), "unknown");
        let mut rows = Rows::default();
        for index in 0..64 {
            assert!(rows.give(1, index, 64));
        }
        assert!(rows.is_given(1));
    }

    #[test]
    fn a_row_that_somebody_else_removed_is_forgotten() {
        let mut rows = Rows::default();
        for number in 1..=3 {
            rows.give(number, 0, 2);
            rows.done(number, 0);
        }
        rows.give(4, 0, 2);
        rows.begin_look();
        assert!(!rows.is_given(2));
        rows.end_look();
        assert_eq!(
            rows.rows.len(),
            2,
            "the row that was found, and the one under way"
        );
    }
}
