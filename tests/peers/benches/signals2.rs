//! Slots of a signal that threads share.

use std::hint::black_box;

use signals2::{Connect1, Emit1, Signal};

use crate::column::Shared;

pub struct Slots(Signal<(i64,)>);

impl Shared for Slots {
    fn new(count: usize) -> Self {
        let signal = Signal::new();
        connect!(
            count,
            signal.connect(|number| {
                black_box(number);
            })
        );
        assert_eq!(signal.count(), count);
        Self(signal)
    }

    #[inline]
    fn send(&self, number: i64) {
        self.0.emit(number);
    }
}
