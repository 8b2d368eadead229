//! Listeners of a dispatcher that threads share.

use std::any::Any;
use std::hint::black_box;

use mod_events::{Event, EventDispatcher};

use crate::column::Shared;

#[derive(Clone, Debug)]
struct Sent {
    number: i64,
}

impl Event for Sent {
    fn as_any(&self) -> &dyn Any {
        self
    }
}

pub struct Listeners(EventDispatcher);

impl Shared for Listeners {
    fn new(count: usize) -> Self {
        let dispatcher = EventDispatcher::new();
        connect!(
            count,
            dispatcher.on(|sent: &Sent| {
                black_box(sent.number);
            })
        );
        assert_eq!(dispatcher.listener_count::<Sent>(), count);
        Self(dispatcher)
    }

    #[inline]
    fn send(&self, number: i64) {
        self.0.emit(Sent { number });
    }
}
