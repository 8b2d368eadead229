//! Observers of a world, which watch for a global event.

use std::hint::black_box;

use bevy_ecs::event::Event;
use bevy_ecs::observer::{Observer, On};
use bevy_ecs::world::World;

use crate::column::Own;

#[derive(Event)]
struct Sent {
    number: i64,
}

pub struct Observers(World);

impl Own for Observers {
    fn new(count: usize) -> Self {
        let mut world = World::new();
        connect!(
            count,
            world.add_observer(|sent: On<'_, '_, Sent>| {
                black_box(sent.number);
            })
        );
        world.flush();
        assert_eq!(world.query::<&Observer>().iter(&world).count(), count);
        Self(world)
    }

    #[inline]
    fn send(&mut self, number: i64) {
        self.0.trigger(Sent { number });
    }
}
