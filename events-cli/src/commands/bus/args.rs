//! What can be asked of a bus on the command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use events_bus::transport::EntryId;

/// Which bus.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct BusArgs {
    /// The bus: `sqlite:PATH`, `redis://HOST:PORT/DATABASE`, `rediss://…` (TLS) or `redis+unix://SOCKET`. It takes the place of the
    /// one that the table `bus` of the configuration names; the rest of that table holds.
    #[arg(long, value_name = "BUS", env = "EVENTS_BUS", hide_env_values = true)]
    pub(crate) bus: Option<String>,
    /// What the names of all topics begin with, before a hyphen; over what the configuration says.
    #[arg(long, value_name = "PREFIX")]
    pub(crate) topic_prefix: Option<String>,
}

/// What to publish.
#[derive(Debug, Args)]
#[command(after_help = "\
With --lines, each line of standard input is one JSON object:

    {\"event_type\": \"…\", \"data\": {…}, \"metadata\": {…}, \"key\": \"…\"}

`metadata` and `key` may be left out, and so may each key of the metadata: the rest is made now, as if the event were sent by this process. \
What `consume --json` prints can be given as it is. Lines that are no such event are reported with their numbers on standard error, the \
others are published, and the exit code is 1. An event is published as soon as its line is there; many lines that are there together are \
published together.

The data are checked against the schema of the event in this binary, and published in its layout; so a minor version in the metadata that \
is lower than that of this binary becomes that of this binary.

Each event that was published is told on standard output: its entry, topic, event type and id; with --json, one object a line with the keys \
event_type, id, topic and entry.")]
pub(crate) struct ProduceArgs {
    /// An event type, or any other name of an event as for `show`.
    #[arg(required_unless_present = "lines", conflicts_with = "lines")]
    pub(crate) event: Option<String>,
    /// The topic, without the prefix; without it, the topics that the configuration routes the event to.
    #[arg(short, long)]
    pub(crate) topic: Option<String>,
    /// The event data as JSON: a file, or `-` for standard input.
    #[arg(
        long,
        value_name = "FILE",
        required_unless_present = "lines",
        conflicts_with = "lines"
    )]
    pub(crate) data: Option<PathBuf>,
    /// Reads many events from standard input.
    #[arg(long)]
    pub(crate) lines: bool,
    /// Publishes nothing when one of the lines is no event; reads all of them before it publishes.
    #[arg(long, requires = "lines")]
    pub(crate) all_or_nothing: bool,
    /// The key by which the order is kept, instead of the event's own, or of that of the route.
    #[arg(long)]
    pub(crate) key: Option<String>,
    #[command(flatten)]
    pub(crate) metadata: MetadataArgs,
    #[command(flatten)]
    pub(crate) bus: BusArgs,
}

/// What the metadata of the event say, instead of what is made now.
#[derive(Debug, Args)]
#[command(next_help_heading = "Metadata")]
pub(crate) struct MetadataArgs {
    /// The id of the event, by which duplicates are recognised.
    #[arg(long, value_name = "UUID", conflicts_with = "lines")]
    pub(crate) id: Option<String>,
    /// When it happened, in UTC: `2026-11-25T08:00:00Z`.
    #[arg(long, conflicts_with = "lines")]
    pub(crate) time: Option<String>,
    /// Which service says so: `openedx/lms/web`.
    #[arg(long, conflicts_with = "lines")]
    pub(crate) source: Option<String>,
    /// On which host.
    #[arg(long, value_name = "HOST", conflicts_with = "lines")]
    pub(crate) source_host: Option<String>,
    /// With which version of the library: `11.2.0`.
    #[arg(long, value_name = "VERSION", conflicts_with = "lines")]
    pub(crate) source_lib: Option<String>,
}

/// What to consume.
#[derive(Debug, Args)]
#[command(after_help = "\
The receivers of this binary are run with each entry, with retries and as a service would; what they give up becomes a dead letter. An entry \
that was not finished is handed out again next time.

Entries are told on standard output when receivers were run with them, and again each time that a receiver was tried again. As text, \
personal data and keys are left out. With --json, each is one object a line with the keys event_type, data, metadata, topic, group, entry, \
deliveries, key, receivers (id, result: `handled`, `retry` or `dead`, and for the latter two error, attempts, delay_ms) and dead (null, or \
reason and error of an entry that could not be read); there, data and key are as they were sent, with personal data in them.

It stops in order after --count entries, after --timeout, and at SIGINT or SIGTERM: what is under way is finished, for at most 10 seconds. \
A second signal ends it at once; what was under way is then handed out again.")]
pub(crate) struct ConsumeArgs {
    /// The topics, without the prefix.
    #[arg(short, long = "topic", required = true, value_name = "TOPIC")]
    pub(crate) topics: Vec<String>,
    /// The group.
    #[arg(short, long)]
    pub(crate) group: String,
    /// Where a group that is new begins: `beginning`, `now`, the id of an entry, or a time in UTC. With an id or a time, the group begins
    /// with what comes now, and is given a replay of what is there from that entry or time on. A group that is there goes on where it
    /// stopped: for it, `beginning` and `now` have no effect, and an id or a time is refused (see `replay`). Without it: what the
    /// configuration says, or else `beginning`.
    #[arg(long, value_name = "WHERE")]
    pub(crate) from: Option<String>,
    /// Stops after so many entries; no more are taken from the bus.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,
    /// Stops after so many seconds; the exit code is 1 if --count was not reached.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) timeout: Option<Duration>,
    /// How many events are handled at the same time; over what the configuration says, as the next ones.
    #[arg(long, value_name = "N")]
    pub(crate) workers: Option<usize>,
    /// How often a receiver is tried before it gives an event up.
    #[arg(long, value_name = "N")]
    pub(crate) max_attempts: Option<u32>,
    /// How long to wait before a receiver is tried a second time; later waits are longer.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) first_delay: Option<Duration>,
    /// How long this consumer keeps its place in the group when it is no longer heard of.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) lease: Option<Duration>,
    /// Ends the process in the middle of an entry, as if it had been killed: for the demo and for tests.
    #[arg(long, hide = true, value_name = "N")]
    pub(crate) crash_at: Option<u64>,
    #[command(flatten)]
    pub(crate) bus: BusArgs,
}

/// Seconds, perhaps with a fraction.
fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok();
    let duration = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    duration.ok_or_else(|| "expected a number of seconds such as `2.5`".to_owned())
}

/// What to ask of a bus.
#[derive(Debug, Subcommand)]
pub(crate) enum BusCommand {
    /// Topics and groups: how far they are, what waits.
    Status(StatusArgs),
    /// Removes what every group has handled and nobody asked to keep.
    Trim(TrimArgs),
    /// Forgets a group, with everything that it has not handled.
    Forget(ForgetArgs),
}

/// Of which topic.
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// Only this topic, without the prefix.
    #[arg(short, long)]
    pub(crate) topic: Option<String>,
    #[command(flatten)]
    pub(crate) bus: BusArgs,
}

/// What to remove of a topic.
#[derive(Debug, Args)]
pub(crate) struct TrimArgs {
    /// The topic, without the prefix.
    #[arg(short, long)]
    pub(crate) topic: String,
    /// At least so many of the newest entries stay; over what the configuration says, as the next ones.
    #[arg(long, value_name = "N")]
    pub(crate) keep_entries: Option<u64>,
    /// What is younger stays.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) keep_for: Option<Duration>,
    /// Accepts a loss: of entries beyond this number, the oldest go although a group has not handled them.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) lose_unread_beyond: Option<u64>,
    #[command(flatten)]
    pub(crate) bus: BusArgs,
}

/// A group.
#[derive(Debug, Args)]
pub(crate) struct ForgetArgs {
    /// The topic, without the prefix.
    #[arg(short, long)]
    pub(crate) topic: String,
    /// The group.
    #[arg(short, long)]
    pub(crate) group: String,
    /// Does it. What the group has not handled will not be handled.
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) bus: BusArgs,
}

/// What to do with dead letters.
#[derive(Debug, Subcommand)]
pub(crate) enum DlqCommand {
    /// Lists dead letters.
    List(ListLettersArgs),
    /// Shows dead letters with what they hold.
    Show(ShowLettersArgs),
    /// Has events tried again, by the receivers that gave them up.
    Retry(ChosenLettersArgs),
    /// Removes dead letters for good.
    Drop(ChosenLettersArgs),
}

/// Which dead letters of a topic.
#[derive(Debug, Args)]
pub(crate) struct FilterArgs {
    /// Only those of this group.
    #[arg(short, long)]
    pub(crate) group: Option<String>,
    /// Only those that this receiver gave up.
    #[arg(long, value_name = "ID")]
    pub(crate) receiver: Option<String>,
    /// Only events of this type.
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) event_type: Option<String>,
}

/// Which dead letters to list.
#[derive(Debug, Args)]
pub(crate) struct ListLettersArgs {
    /// Only those of this topic, without the prefix.
    #[arg(short, long)]
    pub(crate) topic: Option<String>,
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
    #[command(flatten)]
    pub(crate) bus: BusArgs,
}

/// Which dead letters to show.
#[derive(Debug, Args)]
pub(crate) struct ShowLettersArgs {
    /// The topic, without the prefix.
    #[arg(short, long)]
    pub(crate) topic: String,
    /// Their ids, as `dlq list` shows them; all that the options mean without.
    #[arg(value_name = "ID")]
    pub(crate) ids: Vec<EntryId>,
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
    /// Shows personal data and keys, and bytes that cannot be read as an event.
    #[arg(long)]
    pub(crate) personal: bool,
    #[command(flatten)]
    pub(crate) bus: BusArgs,
}

/// Which dead letters to change: by id, or all that the options mean.
#[derive(Debug, Args)]
pub(crate) struct ChosenLettersArgs {
    /// The topic, without the prefix.
    #[arg(short, long)]
    pub(crate) topic: String,
    /// Their ids, as `dlq list` shows them.
    #[arg(value_name = "ID", required_unless_present = "all")]
    pub(crate) ids: Vec<EntryId>,
    /// All that the other options mean.
    #[arg(long, conflicts_with = "ids")]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
    #[command(flatten)]
    pub(crate) bus: BusArgs,
}

/// What to replay.
#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// The topic, without the prefix.
    #[arg(short, long)]
    pub(crate) topic: String,
    /// The group that is to get it once more.
    #[arg(short, long)]
    pub(crate) group: String,
    /// Begins with this entry, or with what was published at this time or later: `2026-11-25T08:00:00Z`.
    #[arg(long, value_name = "ID|TIME")]
    pub(crate) from: Option<String>,
    /// Ends with this entry.
    #[arg(long, value_name = "ID")]
    pub(crate) to: Option<EntryId>,
    /// Only what was published before this time.
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
    /// Only events of this type.
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) event_type: Option<String>,
    /// Only for this receiver; may be given several times.
    #[arg(long = "receiver", value_name = "ID")]
    pub(crate) receivers: Vec<String>,
    /// Says what would be replayed.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) bus: BusArgs,
}

impl BusCommand {
    /// Which bus it is about.
    pub(crate) fn bus(&self) -> &BusArgs {
        match self {
            Self::Status(args) => &args.bus,
            Self::Trim(args) => &args.bus,
            Self::Forget(args) => &args.bus,
        }
    }
}

impl DlqCommand {
    /// Which bus it is about.
    pub(crate) fn bus(&self) -> &BusArgs {
        match self {
            Self::List(args) => &args.bus,
            Self::Show(args) => &args.bus,
            Self::Retry(args) | Self::Drop(args) => &args.bus,
        }
    }
}
