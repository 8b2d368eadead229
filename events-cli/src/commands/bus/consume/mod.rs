//! `events consume`: run the receivers of this binary with the events of topics.

mod entry;
mod limit;
mod runtime;
mod start;

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use events_bus::config::Subscription;
use events_bus::transport::{SharedTransport, Transport, names};
use events_bus::{Bus, StartError, StartProblem};

use self::entry::Told;
use self::limit::Limited;
use self::start::Begin;
use super::args::ConsumeArgs;
use super::open::BusInUse;
use super::signals::{self, Interrupts};
use crate::Status;
use crate::commands::{Answer, Failure, Output};
use crate::configuration::Applied;
use crate::text::count;

/// Maximum time for running receivers when the command stops.
const DRAIN: Duration = Duration::from_secs(10);

/// Interval between two checks for the end.
const TICK: Duration = Duration::from_millis(20);

/// Time after which the command explains why no entry arrives.
const PATIENCE: Duration = Duration::from_secs(2);

/// Maximum number of unprinted reports. Receivers wait for the printer beyond it.
const UNPRINTED: usize = 1000;

pub(crate) fn consume(
    args: &ConsumeArgs,
    applied: &Applied,
    output: &mut Output<'_>,
) -> Result<Answer, Failure> {
    let mut bus = BusInUse::new(applied)?;
    let topics = topics(args, &bus)?;
    let begin = Begin::new(args.from.as_deref(), bus.config.consumer.start)?;
    configure(args, &mut bus)?;
    let transport = bus.open_or_make()?;
    // The consumer would retry an unreachable bus forever: this call fails at once.
    begin.check(&*transport, &topics, &args.group)?;
    for topic in &topics {
        begin.join(&*transport, topic, &args.group)?;
    }
    let limited: SharedTransport = match args.count {
        Some(limit) => Arc::new(Limited::new(Arc::clone(&transport), limit)),
        None => Arc::clone(&transport),
    };
    let form = output.form;
    let (sender, told) = mpsc::sync_channel(UNPRINTED);
    let (crash_at, handled_so_far) = (args.crash_at, AtomicU64::new(0));
    let interrupts = Interrupts::watch()?;
    #[cfg(feature = "tokio")]
    let (runtime, handle) = runtime::of_receivers()?;
    let builder = Bus::builder(bus.config);
    #[cfg(feature = "tokio")]
    let builder = builder.runtime(handle);
    #[cfg(not(feature = "tokio"))]
    runtime::hint(output)?;
    let started = builder
        .transport(limited)
        .on_handled(move |handled| {
            if let Some(told) = Told::new(handled, form) {
                // The printer may have stopped already.
                let _ = sender.send(told);
                // The process must end before this entry is settled.
                if crash_at.is_some_and(|number| {
                    number <= handled_so_far.fetch_add(1, Ordering::SeqCst) + 1
                }) {
                    loop {
                        thread::park();
                    }
                }
            }
        })
        .start()?;
    let mut course = Course {
        args,
        output,
        seen: Seen::default(),
        unheard: false,
    };
    let ran = course.run(&started, &*transport, &topics, &told, &interrupts);
    let stopped = course.stop(started, &told);
    #[cfg(feature = "tokio")]
    runtime::end(runtime);
    ran.and(stopped.map_err(Failure::from))?;
    let seen = course.seen;
    if !output.form.is_json() {
        seen.tell(output)?;
    }
    Ok(Answer::told(match args.count {
        Some(count) if seen.entries < count => Status::Problems,
        _ if seen.is_cut_short => Status::Problems,
        _ => Status::Ok,
    }))
}

/// Returns the full names of the topics.
fn topics(args: &ConsumeArgs, bus: &BusInUse) -> Result<Vec<String>, Failure> {
    let mut topics: Vec<String> = Vec::new();
    for topic in &args.topics {
        let full = bus.config.full_topic(topic);
        names::check("topic", &full).map_err(|error| Failure::Usage(error.to_string()))?;
        if !topics.contains(&full) {
            topics.push(full);
        }
    }
    names::check("group", &args.group).map_err(|error| Failure::Usage(error.to_string()))?;
    Ok(topics)
}

/// Restricts the configuration to the consumer of the command line.
fn configure(args: &ConsumeArgs, bus: &mut BusInUse) -> Result<(), Failure> {
    let config = &mut bus.config;
    let mut topics = args.topics.clone();
    topics.sort_unstable();
    topics.dedup();
    config.subscriptions = vec![Subscription::new(&args.group, topics)];
    let consumer = &mut config.consumer;
    consumer.workers = args.workers.unwrap_or(consumer.workers);
    consumer.lease = args.lease.unwrap_or(consumer.lease);
    if args.crash_at.is_some() {
        // With one entry at a time, the earlier entries are settled.
        (consumer.workers, consumer.max_in_flight) = (1, 1);
    }
    let retry = &mut config.retry;
    retry.max_attempts = args.max_attempts.unwrap_or(retry.max_attempts);
    if let Some(first) = args.first_delay {
        retry.first_delay = first;
        retry.max_delay = retry.max_delay.max(first);
    }
    config.check().map_err(|errors| {
        let options = [
            ("`bus.consumer.workers`", "`--workers`"),
            ("`bus.consumer.lease`", "`--lease`"),
            ("`bus.retry.max_attempts`", "`--max-attempts`"),
            ("`bus.retry.first_delay`", "`--first-delay`"),
        ];
        let text = errors.to_string();
        Failure::Usage(
            options
                .iter()
                .fold(text, |text, (key, option)| text.replace(key, option)),
        )
    })
}

/// Counts of a run.
#[derive(Default)]
struct Seen {
    entries: u64,
    /// Number of reports, including those about retries.
    told: u64,
    dead: usize,
    again: usize,
    /// `true` if receivers were still running at the end.
    is_cut_short: bool,
}

impl Seen {
    fn note(&mut self, told: &Told) {
        self.entries += u64::from(told.is_first);
        self.told += 1;
        self.dead += told.dead;
        self.again += told.again;
    }

    fn tell(&self, output: &mut Output<'_>) -> io::Result<()> {
        let entries = if self.entries == 1 {
            "entry"
        } else {
            "entries"
        };
        quietly(writeln!(
            output.out,
            "{} {entries}, {}, {} put off",
            self.entries,
            count(self.dead, "dead letter"),
            count(self.again, "attempt"),
        ))
    }
}

/// A run of the command.
struct Course<'a, 'o> {
    args: &'a ConsumeArgs,
    output: &'a mut Output<'o>,
    seen: Seen,
    /// `true` if the reader of standard output has closed it.
    unheard: bool,
}

impl Course<'_, '_> {
    /// Prints reports until the run ends.
    fn run(
        &mut self,
        bus: &Bus,
        transport: &dyn Transport,
        topics: &[String],
        told: &Receiver<Told>,
        interrupts: &Interrupts,
    ) -> Result<(), Failure> {
        let began = Instant::now();
        let mut explained = false;
        loop {
            let enough = self
                .args
                .count
                .is_some_and(|count| self.seen.entries >= count);
            let late = self
                .args
                .timeout
                .is_some_and(|timeout| began.elapsed() >= timeout);
            if enough || late || self.unheard || interrupts.are_there() {
                return Ok(());
            }
            match told.recv_timeout(TICK) {
                Ok(told) => self.print(&told)?,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
            if !explained && began.elapsed() >= PATIENCE {
                explained = true;
                self.explain(bus, transport, topics);
            }
        }
    }

    fn print(&mut self, told: &Told) -> io::Result<()> {
        self.seen.note(told);
        if self
            .args
            .crash_at
            .is_some_and(|number| number <= self.seen.told)
        {
            signals::die();
        }
        let out = &mut self.output.out;
        match writeln!(out, "{}", told.line).and_then(|()| out.flush()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.unheard = true;
                Ok(())
            }
            written => written,
        }
    }

    /// Explains that another consumer leads the group, if that is why no entry arrives.
    fn explain(&mut self, bus: &Bus, transport: &dyn Transport, topics: &[String]) {
        let group = &self.args.group;
        let consumers = bus.consumers().iter();
        let ours: Vec<_> = consumers.map(events_bus::Consumer::name).collect();
        for topic in topics {
            let status = transport.status(topic).ok().flatten();
            let groups = status.into_iter().flat_map(|status| status.groups);
            let leader = groups
                .filter(|status| status.group == *group)
                .find_map(|status| status.leader);
            if let Some(leader) = leader.filter(|leader| !ours.contains(&leader.as_str())) {
                let message = format_args!(
                    "`{leader}` reads `{topic}` for the group `{group}`; this consumer stands by, and reads when that one stops"
                );
                let _ = self.output.err.note("hint", message);
            }
        }
    }

    /// Shuts the bus down and prints the remaining reports.
    fn stop(&mut self, bus: Bus, told: &Receiver<Told>) -> io::Result<()> {
        let (stopped, ended) = thread::scope(|scope| {
            let stopping = scope.spawn(move || bus.shutdown(DRAIN));
            let mut printed = Ok(());
            loop {
                match told.recv_timeout(TICK) {
                    // Receivers must not wait for the output, even if it fails.
                    Ok(told) if printed.is_ok() && !self.unheard => printed = self.print(&told),
                    Err(RecvTimeoutError::Timeout) if stopping.is_finished() => break,
                    Ok(_) | Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => break,
                }
            }
            (printed, stopping.join())
        });
        if let Ok(Err(error)) = ended {
            self.seen.is_cut_short = true;
            let _ = self.output.err.note("error", error);
        }
        stopped
    }
}

/// Ignores a closed pipe: a reader may stop at any time.
fn quietly(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        let is_transport = |problem: &StartProblem| matches!(problem, StartProblem::Transport(_));
        if error.problems().iter().any(is_transport) {
            Self::Bus(error.to_string())
        } else {
            Self::Usage(error.to_string())
        }
    }
}
