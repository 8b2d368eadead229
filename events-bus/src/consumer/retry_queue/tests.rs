//! The retry queue against a model.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;

use super::*;

/// Deliveries of a lane in the model: when each is due, and whether it is stored, claimed and aside.
type ModelLane = BTreeMap<EntryId, (Instant, bool, bool, bool)>;

fn place(entry: EntryId, receiver: &str, key: Option<&str>) -> Place {
    Place {
        id: (entry, receiver.into()),
        key: key.map(Arc::from),
    }
}

const fn entry(number: u64) -> EntryId {
    EntryId::new(number, 0)
}

fn take_all(queue: &RetryQueue, now: Instant) -> Vec<EntryId> {
    let taken = queue.take_due(now, 100, usize::MAX, 1);
    taken.iter().map(|place| place.id.0).collect()
}

#[test]
fn a_lane_has_one_delivery_at_a_time_and_the_earliest_entry_first() {
    let queue = RetryQueue::new(true);
    let now = Instant::now();
    let (five, six) = (
        place(entry(5), "r", Some("k")),
        place(entry(6), "r", Some("k")),
    );
    queue.park(&five, 1, now, 1);
    queue.park(&six, 1, now, 0);
    assert!(take_all(&queue, now).is_empty(), "none is stored");
    queue.stored(&six);
    assert!(take_all(&queue, now).is_empty(), "the first is not stored");
    queue.stored(&five);
    assert_eq!(take_all(&queue, now), [entry(5)]);
    // A requeued entry of the key comes before both, and waits for the one that runs.
    let requeued = place(entry(1).in_redelivery(), "r", Some("k"));
    queue.park(&requeued, 1, now, 1);
    queue.stored(&requeued);
    assert!(take_all(&queue, now).is_empty());
    queue.finished(&five);
    assert_eq!(take_all(&queue, now), [entry(1).in_redelivery()]);
    queue.put_back(&requeued, now + Duration::from_secs(1));
    assert!(take_all(&queue, now).is_empty());
    assert_eq!(queue.next_due(), Some(now + Duration::from_secs(1)));
    assert_eq!(
        take_all(&queue, now + Duration::from_secs(1)),
        [entry(1).in_redelivery()]
    );
    queue.finished(&requeued);
    assert_eq!(take_all(&queue, now), [entry(6)]);
    queue.finished(&six);
    assert_eq!(queue.len(), 0);
    assert!(!queue.blocks_any("k"));
}

#[test]
fn sizes_bound_what_is_taken_and_unknown_ones_are_assumed() {
    let queue = RetryQueue::new(false);
    let now = Instant::now();
    for number in 0..10 {
        let place = place(entry(number), "r", Some("k"));
        queue.park(&place, 100, now, 0);
        queue.stored(&place);
    }
    assert_eq!(queue.take_due(now, 100, 250, 1).len(), 2);
    assert_eq!(queue.take_due(now, 100, 1, 1).len(), 1);
    assert_eq!(queue.take_due(now, 3, usize::MAX, 1).len(), 3);
    let listed: Vec<_> = (100..110)
        .map(|number| {
            let state = RetryState {
                receiver: "r".into(),
                key: None,
                attempts: 1,
                error: "no".into(),
                due: Timestamp::now(),
                delay: Duration::ZERO,
            };
            (entry(number), state)
        })
        .collect();
    let queue = RetryQueue::new(true);
    queue.refresh(&listed, queue.mark(), now);
    assert_eq!(queue.len(), 10);
    assert_eq!(queue.take_due(now, 100, 1000, usize::MAX).len(), 1);
    assert_eq!(queue.take_due(now, 100, 1000, 400).len(), 2);
}

#[test]
fn without_order_a_refresh_forgets_what_is_gone_and_keeps_what_is_new() {
    let queue = RetryQueue::new(false);
    let now = Instant::now();
    let places = [1, 2, 3].map(|number| place(entry(number), "r", Some("k")));
    queue.park(&places[0], 1, now, 0);
    queue.stored(&places[0]);
    let since = queue.mark();
    queue.park(&places[1], 1, now, 0);
    queue.stored(&places[1]);
    queue.park(&places[2], 1, now, 0);
    queue.refresh(&[], since, now);
    assert_eq!(queue.len(), 2);
    assert_eq!(take_all(&queue, now), [entry(2)]);
    assert!(!queue.blocks_any("k"));
}

#[test]
fn without_order_only_what_another_consumer_ran_is_put_back() {
    let queue = RetryQueue::new(false);
    let now = Instant::now();
    let later = now + Duration::from_secs(1);
    let one = place(entry(1), "r", Some("k"));
    queue.park(&one, 1, now, 1);
    queue.stored(&one);
    assert_eq!(take_all(&queue, now), [entry(1)]);
    assert!(queue.put_back_if_run(&one, 2, later));
    assert!(take_all(&queue, now).is_empty());
    assert_eq!(take_all(&queue, later), [entry(1)]);
    assert!(!queue.put_back_if_run(&one, 2, later));
}

#[derive(Debug, Clone)]
enum Step {
    Park(u64, usize, usize, u64, bool),
    Store,
    Take,
    Finish(usize),
    Fail(usize, u64),
    PutBack(usize),
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..40_u64, 0..2_usize, 0..3_usize, 0..50_u64, any::<bool>()).prop_map(
            |(entry, receiver, key, delay, failed)| Step::Park(entry, receiver, key, delay, failed)
        ),
        3 => Just(Step::Store),
        4 => Just(Step::Take),
        3 => (0..8_usize).prop_map(Step::Finish),
        2 => (0..8_usize, 0..50_u64).prop_map(|(index, delay)| Step::Fail(index, delay)),
        1 => (0..8_usize).prop_map(Step::PutBack),
        2 => (1..40_u64).prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 0..200)
}

proptest! {
    /// A model: lanes as sorted maps. Of a lane of which nothing is claimed, the first deliveries are taken that are stored and
    /// due, up to the first with a failure; and everything is taken in the end.
    #[test]
    fn lanes_are_as_sorted_maps(steps in steps()) {
        let queue = RetryQueue::new(true);
        let origin = Instant::now();
        let mut now = origin;
        // (receiver, key) → entry → (due, stored, claimed, has failed)
        let mut model: BTreeMap<(usize, usize), ModelLane> = BTreeMap::new();
        let (receivers, keys) = (["a", "b"], ["x", "y", "z"]);
        let name = |lane: &(usize, usize), id: EntryId| place(id, receivers[lane.0], Some(keys[lane.1]));
        let end = (0..400).flat_map(|_| [Step::Store, Step::Take, Step::Finish(0), Step::Wait(10)]);
        for step in steps.into_iter().chain(end) {
            let claimed: Vec<_> = model
                .iter()
                .flat_map(|(lane, entries)| {
                    let of = entries.iter().filter(|(_, state)| state.2);
                    of.map(|(id, _)| (*lane, *id))
                })
                .collect();
            match step {
                Step::Park(number, receiver, key, delay, failed) => {
                    let lane = (receiver, key);
                    let entries = model.entry(lane).or_default();
                    if entries.contains_key(&entry(number)) {
                        continue;
                    }
                    let due = now + Duration::from_millis(delay);
                    entries.insert(entry(number), (due, false, false, failed));
                    queue.park(&name(&lane, entry(number)), 1, due, u32::from(failed));
                }
                Step::Store => {
                    for (lane, entries) in &mut model {
                        for (id, state) in entries.iter_mut().filter(|(_, state)| !state.1) {
                            state.1 = true;
                            queue.stored(&name(lane, *id));
                        }
                    }
                }
                Step::Take => {
                    let mut expected = BTreeSet::new();
                    for (lane, entries) in &mut model {
                        if entries.values().any(|state| state.2) {
                            continue;
                        }
                        let mut has_failed = false;
                        for (index, (id, state)) in entries.iter_mut().take(RUN).enumerate() {
                            has_failed |= state.3;
                            if !state.1 || state.0 > now || (index > 0 && has_failed) {
                                break;
                            }
                            state.2 = true;
                            expected.insert((*lane, *id));
                        }
                    }
                    let taken = queue.take_due(now, 1000, usize::MAX, 1);
                    let taken: Vec<_> = taken.into_iter().map(|place| (place.id, place.key)).collect();
                    let expected: Vec<_> = expected
                        .iter()
                        .map(|(lane, id)| name(lane, *id))
                        .map(|place| (place.id, place.key))
                        .collect();
                    prop_assert_eq!(taken.len(), expected.len(), "{:?} {:?}", &taken, &expected);
                    for one in &expected {
                        prop_assert!(taken.contains(one));
                    }
                }
                Step::Finish(index) => {
                    if let Some((lane, id)) = claimed.get(index) {
                        model.get_mut(lane).unwrap().remove(id);
                        queue.finished(&name(lane, *id));
                    }
                }
                Step::Fail(index, delay) => {
                    if let Some((lane, id)) = claimed.get(index) {
                        let due = now + Duration::from_millis(delay);
                        model.get_mut(lane).unwrap().insert(*id, (due, false, false, true));
                        queue.park(&name(lane, *id), 1, due, 1);
                    }
                }
                Step::PutBack(index) => {
                    if let Some((lane, id)) = claimed.get(index) {
                        model.get_mut(lane).unwrap().entry(*id).and_modify(|state| *state = (now, true, false, state.3));
                        queue.put_back(&name(lane, *id), now);
                    }
                }
                Step::Wait(millis) => now += Duration::from_millis(millis),
            }
            let count: usize = model.values().map(BTreeMap::len).sum();
            prop_assert_eq!(queue.len(), count);
            for (key, name) in keys.iter().enumerate() {
                let blocks = model.iter().any(|(lane, entries)| lane.1 == key && !entries.is_empty());
                prop_assert_eq!(queue.blocks_any(name), blocks);
            }
        }
        // A lane whose first delivery is claimed and never finished would keep the others: the end finishes all of them.
        prop_assert_eq!(queue.len(), 0);
    }
}
