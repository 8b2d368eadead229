//! One contender with any number of receivers.

use std::hint::black_box;

use crate::support::{Contender, contender};

/// Sends as often as it is told; from any thread.
pub type Operation = Box<dyn Fn(u64) + Sync>;

/// One contender, to be built with a number of receivers.
pub struct Column {
    pub name: &'static str,
    pub contender: fn(usize) -> Contender<'static>,
    pub operation: fn(usize) -> Operation,
}

/// Threads share it.
pub trait Shared: Sync + 'static {
    fn new(count: usize) -> Self;
    fn send(&self, number: i64);
}

/// Every thread needs one of its own.
pub trait Own: 'static {
    fn new(count: usize) -> Self;
    fn send(&mut self, number: i64);
}

pub fn shared<P: Shared>(name: &'static str) -> Column {
    Column {
        name,
        contender: |count| {
            let peer = P::new(count);
            contender("", move |times| {
                (0..times).for_each(|_| peer.send(black_box(17)));
            })
        },
        operation: |count| {
            let peer = P::new(count);
            Box::new(move |times| (0..times).for_each(|_| peer.send(black_box(17))))
        },
    }
}

pub fn own<P: Own>(name: &'static str) -> Column {
    Column {
        name,
        contender: |count| {
            let mut peer = P::new(count);
            contender("", move |times| {
                (0..times).for_each(|_| peer.send(black_box(17)));
            })
        },
        // Not every world may move to another thread. To build one is part of what is measured, and less than a
        // hundredth of it.
        operation: |count| {
            Box::new(move |times| {
                let mut peer = P::new(count);
                (0..times).for_each(|_| peer.send(black_box(17)));
            })
        },
    }
}
