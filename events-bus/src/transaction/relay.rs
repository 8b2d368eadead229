//! Relays: events of committed transactions are sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use events_core::delivery::Redelivery;
use events_core::{BoxError, ReceiverInfo};

use super::{OutboxRow, OutboxSource, decode};
use crate::backoff::Backoff;
use crate::producer::tap;
use crate::trace::TraceContext;

const BATCH: usize = 100;
const WAIT: Duration = Duration::from_millis(200);

/// A thread that sends what is in an outbox.
#[derive(Debug)]
pub(crate) struct Relay {
    thread: Option<JoinHandle<()>>,
    stop: Arc<AtomicBool>,
}

impl Relay {
    pub(crate) fn start(source: Box<dyn OutboxSource>) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::Builder::new()
            .name("events-relay".to_owned())
            .spawn(move || run(source, &stopped))?;
        Ok(Self {
            thread: Some(thread),
            stop,
        })
    }

    /// Has it end after the event that it is at.
    pub(crate) fn stop(&mut self, deadline: Instant) -> bool {
        self.stop.store(true, Ordering::Release);
        let Some(thread) = self.thread.take() else {
            return true;
        };
        let deadline = deadline.max(Instant::now() + Duration::from_millis(50));
        while !thread.is_finished() {
            if Instant::now() >= deadline {
                return false;
            }
            thread::sleep(Duration::from_millis(1));
        }
        thread.join().is_ok()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
    }
}

fn run(mut source: Box<dyn OutboxSource>, stop: &AtomicBool) {
    let mut backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(5));
    let mut unfinished = Unfinished::default();
    while !stop.load(Ordering::Acquire) {
        match round(&mut *source, &mut unfinished, stop) {
            Ok(true) => backoff.reset(),
            Ok(false) => source.wait(backoff.next().min(Duration::from_secs(1))),
            Err(error) => {
                tracing::warn!(
                    target: "events_bus::relay", outbox = source.name(), %error,
                    "the outbox cannot be read, which is tried again"
                );
                thread::sleep(backoff.next().min(Duration::from_secs(1)));
            }
        }
    }
}

/// What a send did not get to whoever keeps it: it is tried again by those alone.
#[derive(Debug, Default)]
struct Unfinished {
    number: i64,
    receivers: Vec<String>,
}

/// Sends what is there. `false` if a row could not be sent, or another relay leads.
fn round(
    source: &mut dyn OutboxSource,
    unfinished: &mut Unfinished,
    stop: &AtomicBool,
) -> Result<bool, BoxError> {
    if !source.lead()? {
        return Ok(false);
    }
    let rows = source.read(BATCH)?;
    if rows.is_empty() {
        source.wait(WAIT);
        return Ok(true);
    }
    let mut sent = Vec::with_capacity(rows.len());
    let mut all = true;
    for (number, row) in rows {
        if stop.load(Ordering::Acquire) {
            break;
        }
        match send(number, &row, unfinished) {
            Ok(true) => sent.push(number),
            // In order: the others wait.
            Ok(false) => {
                all = false;
                break;
            }
            Err(problem) => {
                tracing::error!(
                    target: "events_bus::relay", outbox = source.name(), event_type = row.event_type, event_id = %row.event_id, problem,
                    "an event of the outbox cannot be sent, and is set aside"
                );
                source.set_aside(number, &problem)?;
            }
        }
    }
    source.remove(&sent)?;
    Ok(all)
}

/// Sends an event. `false` if whoever is to keep it has not taken it.
fn send(number: i64, row: &OutboxRow, unfinished: &mut Unfinished) -> Result<bool, String> {
    let (event, metadata) = decode(row)?;
    let again = unfinished.number == number;
    let only = |info: &ReceiverInfo| {
        !again
            || unfinished
                .receivers
                .iter()
                .any(|receiver| info.is_called(receiver))
    };
    let trace = row
        .trace
        .as_deref()
        .and_then(|parent| TraceContext::parse(parent, None));
    let responses = TraceContext::enter(trace, || {
        let how = Redelivery::from_outbox().only(&only);
        event.get().redeliver(&metadata, how)
    });
    // The bus and the durable store must have it. What other receivers make of it is theirs, as in any send.
    let left: Vec<_> = responses
        .failures()
        .map(|failure| failure.receiver())
        .filter(|receiver| receiver.is_durable || receiver.id == tap::ID)
        .map(|receiver| receiver.id.to_string())
        .collect();
    let is_sent = left.is_empty();
    *unfinished = Unfinished {
        number,
        receivers: left,
    };
    Ok(is_sent)
}
