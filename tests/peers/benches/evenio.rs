//! Handlers of a world, for a global event.

use std::collections::BTreeSet;
use std::hint::black_box;

use evenio::event::{GlobalEvent, Receiver};
use evenio::world::World;

use crate::column::Own;

#[derive(GlobalEvent)]
struct Sent {
    number: i64,
}

pub struct Handlers(World);

impl Own for Handlers {
    fn new(count: usize) -> Self {
        let mut world = World::new();
        let mut handlers = BTreeSet::new();
        // A handler is added once for each type: it matters that these are 64 types.
        connect!(
            count,
            handlers.insert(world.add_handler(|sent: Receiver<'_, Sent>| {
                black_box(sent.event.number);
            }))
        );
        assert_eq!(handlers.len(), count);
        Self(world)
    }

    #[inline]
    fn send(&mut self, number: i64) {
        self.0.send(Sent { number });
    }
}
