//! A channel of tokio's that every receiver hears: the sender's thread sends, and then receives for each of them.

use std::hint::black_box;

use tokio::sync::broadcast::{Receiver, Sender, channel};

use crate::column::Own;

#[derive(Clone)]
struct Sent {
    number: i64,
}

pub struct Channel {
    sender: Sender<Sent>,
    receivers: Vec<Receiver<Sent>>,
}

impl Own for Channel {
    fn new(count: usize) -> Self {
        let (sender, first) = channel(16);
        let mut receivers = vec![first];
        receivers.resize_with(count, || sender.subscribe());
        assert_eq!(sender.receiver_count(), count);
        Self { sender, receivers }
    }

    #[inline]
    fn send(&mut self, number: i64) {
        assert!(self.sender.send(Sent { number }).is_ok());
        for receiver in &mut self.receivers {
            let sent = receiver
                .try_recv()
                .expect("every receiver is as far as the sender");
            black_box(sent.number);
        }
    }
}
