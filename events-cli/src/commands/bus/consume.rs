//! `events consume`: the receivers of this binary are run with the events of topics.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use events_bus::config::StartAt;
use events_bus::{Bus, Handled, ReceiverResult};
use events_core::EventMetadata;
use serde_json::{Value, json};

use super::args::ConsumeArgs;
use super::letters;
use super::{Output, open};
use crate::Status;
use crate::commands::Failure;
use crate::configuration::Applied;

/// How long what is under way may take at the end.
const DRAIN: Duration = Duration::from_secs(10);

/// The id of the receiver by which a bus publishes, which is none of those that are consumed with.
const PRODUCER: &str = "events_bus.producer";

/// One entry, as it is printed.
struct Line {
    first: bool,
    value: Value,
    text: String,
}

pub(super) fn consume(
    args: &ConsumeArgs,
    applied: &Applied,
    output: &mut Output<'_>,
) -> Result<Status, Failure> {
    let mut config = open::configuration(&args.bus, applied)?;
    config.subscriptions.clear();
    config.consumer.start = match args.from.as_str() {
        "beginning" => StartAt::Beginning,
        "now" => StartAt::Now,
        other => {
            return Err(Failure::Usage(format!(
                "`--from {}` is neither `beginning` nor `now`, where a new group can begin; for a part of what was published, \
                 begin with `now`, and have the part given to the group by `events replay --from`",
                other.escape_debug()
            )));
        }
    };
    if let Some(workers) = args.workers {
        config.consumer.workers = workers.into();
    }
    if let Some(max_attempts) = args.max_attempts {
        config.retry.max_attempts = max_attempts;
    }
    if let Some(count) = args.count {
        // Not many more than are asked for are read.
        config.consumer.max_in_flight = config.consumer.max_in_flight.min(count.max(1));
    }
    if args.crash_at.is_some() {
        // One at a time, so that what was handled before is settled.
        config.consumer.workers = 1;
        config.consumer.max_in_flight = 1;
        config.consumer.lease = Duration::from_secs(1);
    }
    let crash_at = args.crash_at;
    let handled_so_far = AtomicUsize::new(0);
    let topics: Vec<&str> = args.topics.iter().map(String::as_str).collect();
    let config = config.with_subscription(&args.group, &topics);

    let (sender, lines) = mpsc::sync_channel::<Line>(1000);
    let (stop, stopped) = mpsc::channel::<()>();
    // A second handler in one process is refused: an embedding program has its own, and calls of this end by --timeout.
    let interrupt = stop.clone();
    let _ = ctrlc::set_handler(move || {
        let _ = interrupt.send(());
    });
    let bus = Bus::builder(config)
        .on_handled(move |handled| {
            let count = handled_so_far.fetch_add(1, Ordering::Relaxed) + 1;
            if crash_at == Some(count) {
                std::process::abort();
            }
            // Who reads may be gone; then there is nobody to tell.
            let _ = sender.send(line(handled));
        })
        .start()
        .map_err(|error| Failure::Bus(error.to_string()))?;
    drop(stop);
    let seen = print(args, &lines, &stopped, output);
    drop(lines);
    let ended = bus.shutdown(DRAIN);
    let seen = seen?;
    if let Err(error) = ended {
        writeln!(output.err, "warning: {error}")?;
    }
    Ok(match args.count {
        Some(count) if seen < count => Status::Problems,
        _ => Status::Ok,
    })
}

/// Prints what comes, until there is enough of it.
fn print(
    args: &ConsumeArgs,
    lines: &mpsc::Receiver<Line>,
    stopped: &mpsc::Receiver<()>,
    output: &mut Output<'_>,
) -> io::Result<usize> {
    let timeout = args.timeout.map(|seconds| {
        Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::from_hours(24 * 365))
    });
    let deadline = timeout.map(|timeout| Instant::now() + timeout);
    let mut seen = 0;
    while args.count.is_none_or(|count| seen < count) {
        if stopped.try_recv().is_ok() {
            break;
        }
        let left = deadline.map_or(Duration::from_millis(100), |deadline| {
            deadline
                .saturating_duration_since(Instant::now())
                .min(Duration::from_millis(100))
        });
        match lines.recv_timeout(left) {
            Ok(line) => {
                // A receiver that is tried again is no further entry.
                seen += usize::from(line.first);
                let written = if output.json {
                    writeln!(output.out, "{}", line.value)
                } else {
                    writeln!(output.out, "{}", line.text)
                };
                match written.and_then(|()| output.out.flush()) {
                    Err(error) if error.kind() == io::ErrorKind::BrokenPipe => break,
                    written => written?,
                }
            }
            Err(RecvTimeoutError::Timeout) => {
                if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                    break;
                }
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    Ok(seen)
}

fn line(handled: &Handled<'_>) -> Line {
    let receivers: Vec<_> = handled
        .receivers()
        .into_iter()
        .filter(|report| &*report.receiver != PRODUCER)
        .collect();
    let reports: Vec<Value> = receivers
        .iter()
        .map(|report| match &report.result {
            ReceiverResult::Again {
                error,
                attempts,
                delay,
            } => json!({
                "id": &*report.receiver,
                "result": "retry",
                "error": &**error,
                "attempts": attempts,
                "delay_ms": u64::try_from(delay.as_millis()).unwrap_or(u64::MAX),
            }),
            ReceiverResult::Dead { error, attempts } => json!({
                "id": &*report.receiver,
                "result": "dead",
                "error": &**error,
                "attempts": attempts,
            }),
            _ => json!({ "id": &*report.receiver, "result": "handled" }),
        })
        .collect();
    let record = handled.record().ok();
    let metadata = record.map(|record| &record.metadata);
    let dead = handled
        .dead()
        .map(|(reason, error)| json!({ "reason": reason.as_str(), "error": error }));
    let data = record.and_then(|record| letters::data(record, true));
    let event_type = metadata.map_or("?", |metadata| metadata.event_type());
    let value = json!({
        "event_type": metadata.map(EventMetadata::event_type),
        "data": data,
        "metadata": metadata.and_then(|metadata| serde_json::to_value(metadata).ok()),
        "topic": handled.topic(),
        "group": handled.group(),
        "entry": handled.entry().to_string(),
        "deliveries": handled.deliveries(),
        "key": record.and_then(|record| record.key.as_deref()),
        "receivers": reports,
        "dead": dead,
    });
    let mut parts = vec![format!(
        "{}  {}  {event_type}",
        handled.entry(),
        handled.topic()
    )];
    parts.extend(metadata.map(|metadata| format!("  {}", metadata.id())));
    parts.extend(
        handled
            .dead()
            .map(|(reason, error)| format!("\n    dead letter ({reason}): {error}")),
    );
    parts.extend(receivers.iter().map(|report| match &report.result {
        ReceiverResult::Again {
            error,
            attempts,
            delay,
        } => format!(
            "\n    {}: failed, attempt {attempts}, again in {delay:.1?}: {error}",
            report.receiver
        ),
        ReceiverResult::Dead { error, attempts } => format!(
            "\n    {}: dead letter after {attempts} attempts: {error}",
            report.receiver
        ),
        _ => format!("\n    {}: handled", report.receiver),
    }));
    Line {
        first: handled.is_first(),
        value,
        text: parts.concat(),
    }
}
