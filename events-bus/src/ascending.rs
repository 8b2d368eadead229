//! A map whose keys mostly come in ascending order, and leave it in that order: what was handed out and is not settled.

use std::collections::VecDeque;

/// So many keys that have left may stay besides as many as are there.
const GAPS: usize = 64;

/// A sorted queue. What leaves it in the middle leaves a gap; the first and the last are never gaps.
#[derive(Debug)]
pub(crate) struct Ascending<K, V> {
    items: VecDeque<(K, Option<V>)>,
    len: usize,
}

impl<K, V> Default for Ascending<K, V> {
    fn default() -> Self {
        Self {
            items: VecDeque::new(),
            len: 0,
        }
    }
}

impl<K: Copy + Ord, V> Ascending<K, V> {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    fn find(&self, key: K) -> Result<usize, usize> {
        match self.items.front() {
            Some((first, _)) if *first == key => Ok(0),
            _ => self.items.binary_search_by_key(&key, |(key, _)| *key),
        }
    }

    /// Inserts a value and returns the one that it replaces.
    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V> {
        let is_next = self.items.back().is_none_or(|(last, _)| *last < key);
        if is_next {
            self.items.push_back((key, Some(value)));
            self.len += 1;
            return None;
        }
        match self.find(key) {
            Ok(index) => {
                let old = self.items[index].1.replace(value);
                self.len += usize::from(old.is_none());
                old
            }
            Err(index) => {
                self.items.insert(index, (key, Some(value)));
                self.len += 1;
                None
            }
        }
    }

    pub(crate) fn remove(&mut self, key: K) -> Option<V> {
        let index = self.find(key).ok()?;
        let value = self.items[index].1.take()?;
        self.len -= 1;
        while self.items.front().is_some_and(|(_, value)| value.is_none()) {
            self.items.pop_front();
        }
        while self.items.back().is_some_and(|(_, value)| value.is_none()) {
            self.items.pop_back();
        }
        if self.items.len() > 2 * self.len + GAPS {
            self.items.retain(|(_, value)| value.is_some());
        }
        Some(value)
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = K> {
        let there = self.items.iter().filter(|(_, value)| value.is_some());
        there.map(|(key, _)| *key)
    }
}

/// Methods for the memory transport.
#[cfg(any(feature = "memory", test))]
impl<K: Copy + Ord, V> Ascending<K, V> {
    pub(crate) fn get_mut(&mut self, key: K) -> Option<&mut V> {
        let index = self.find(key).ok()?;
        self.items[index].1.as_mut()
    }

    pub(crate) fn last(&self) -> Option<&V> {
        self.items.back()?.1.as_ref()
    }

    /// The first key that is not before this one.
    pub(crate) fn first_from(&self, from: K) -> Option<K> {
        let index = self.items.partition_point(|(key, _)| *key < from);
        let (key, _) = self
            .items
            .range(index..)
            .find(|(_, value)| value.is_some())?;
        Some(*key)
    }

    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.items
            .iter_mut()
            .filter_map(|(_, value)| value.as_mut())
    }

    /// Iterates over the values after a key, or over all of them.
    pub(crate) fn after_mut(&mut self, after: Option<K>) -> impl Iterator<Item = (K, &mut V)> {
        let index = after.map_or(0, |after| {
            self.items.partition_point(|(key, _)| *key <= after)
        });
        self.items
            .range_mut(index..)
            .filter_map(|(key, value)| Some((*key, value.as_mut()?)))
    }

    pub(crate) fn retain(&mut self, keep: impl Fn(K) -> bool) {
        self.items
            .retain(|(key, value)| value.is_some() && keep(*key));
        self.len = self.items.len();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    enum Step {
        Next,
        Insert(u16),
        Remove(u16),
        RemoveFirst,
        Change(u16),
        RetainFrom(u16),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let key = 0..200_u16;
        prop::collection::vec(
            prop_oneof![
                8 => Just(Step::Next),
                1 => key.clone().prop_map(Step::Insert),
                5 => key.clone().prop_map(Step::Remove),
                2 => Just(Step::RemoveFirst),
                1 => key.prop_map(Step::Change),
                1 => (0..20_u16).prop_map(Step::RetainFrom),
            ],
            0..400,
        )
    }

    proptest! {
        #[test]
        fn it_is_as_a_map(steps in steps()) {
            let mut ours = Ascending::default();
            let mut map = BTreeMap::new();
            for (value, step) in steps.into_iter().enumerate() {
                match step {
                    Step::Next => {
                        let key = map.last_key_value().map_or(0, |(key, _)| key + 1);
                        ours.insert(key, value);
                        map.insert(key, value);
                    }
                    Step::Insert(key) => {
                        prop_assert_eq!(ours.insert(key, value), map.insert(key, value));
                    }
                    Step::Remove(key) => prop_assert_eq!(ours.remove(key), map.remove(&key)),
                    Step::RemoveFirst => {
                        if let Some((key, value)) = map.pop_first() {
                            prop_assert_eq!(ours.remove(key), Some(value));
                        }
                    }
                    Step::Change(key) => {
                        prop_assert_eq!(ours.get_mut(key).map(|old| *old), map.get(&key).copied());
                        if let Some(old) = ours.get_mut(key) {
                            *old = value;
                            map.insert(key, value);
                        }
                    }
                    Step::RetainFrom(first) => {
                        ours.retain(|key| key >= first);
                        map.retain(|key, _| *key >= first);
                    }
                }
                prop_assert_eq!(ours.len(), map.len());
                prop_assert_eq!(ours.keys().collect::<Vec<_>>(), map.keys().copied().collect::<Vec<_>>());
                prop_assert_eq!(ours.last(), map.values().last());
                prop_assert_eq!(ours.first_from(50), map.range(50..).next().map(|(key, _)| *key));
                let behind: Vec<_> = ours.after_mut(Some(70)).map(|(key, value)| (key, *value)).collect();
                prop_assert_eq!(behind, map.range(71..).map(|(key, value)| (*key, *value)).collect::<Vec<_>>());
                // Gaps do not add up, whatever stays at the front.
                prop_assert!(ours.items.len() <= 2 * map.len() + GAPS);
            }
        }
    }

    #[test]
    fn what_stays_at_the_front_does_not_keep_what_has_left_behind_it() {
        let mut ours = Ascending::default();
        ours.insert(0, ());
        for key in 1..10_000 {
            ours.insert(key, ());
            if key > 10 {
                ours.remove(key - 5);
            }
        }
        assert!(ours.items.len() < 200, "{}", ours.items.len());
    }
}
