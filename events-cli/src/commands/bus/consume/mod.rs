//! `events consume`: the receivers of this binary are run with the events of topics.

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

/// How long what is under way may take at the end.
const DRAIN: Duration = Duration::from_secs(10);

/// How often it looks whether it is to stop.
const TICK: Duration = Duration::from_millis(20);

/// After this time it says why nothing comes.
const PATIENCE: Duration = Duration::from_secs(2);

/// How many entries may wait to be printed, before receivers wait for that.
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
    // Before the consumer tries it again and again: that the bus does not answer is to be said at once.
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
                // Who prints may have stopped; then there is nobody to tell.
                let _ = sender.send(told);
                // The entry that the process ends at must not be settled before it ends.
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

/// The full names of the topics.
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

/// Has the bus consume what the command line says, and nothing else.
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
        // One at a time, so that what came before is settled.
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

/// What was seen.
#[derive(Default)]
struct Seen {
    entries: u64,
    /// How often something was told, of whatever entry.
    told: u64,
    dead: usize,
    again: usize,
    /// Whether something was still under way at the end.
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

/// The command while it runs.
struct Course<'a, 'o> {
    args: &'a ConsumeArgs,
    output: &'a mut Output<'o>,
    seen: Seen,
    /// Whether nobody reads what is printed any more.
    unheard: bool,
}

impl Course<'_, '_> {
    /// Prints what comes, until there is enough of it.
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

    /// Says that another consumer has the lead, where that is why nothing comes.
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

    /// Stops in order, and prints what is finished meanwhile.
    fn stop(&mut self, bus: Bus, told: &Receiver<Told>) -> io::Result<()> {
        let (stopped, ended) = thread::scope(|scope| {
            let stopping = scope.spawn(move || bus.shutdown(DRAIN));
            let mut printed = Ok(());
            loop {
                match told.recv_timeout(TICK) {
                    // Whatever happens to the output, receivers must not wait for it.
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

/// Whoever reads may stop reading.
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
