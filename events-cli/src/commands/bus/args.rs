//! What can be asked of a bus on the command line.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Which bus.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct BusArgs {
    /// The bus: `sqlite:PATH`, `redis://…` or `rediss://…`; without it, the `[bus]` table of the configuration.
    #[arg(long, value_name = "BUS", env = "EVENTS_BUS", hide_env_values = true)]
    pub(crate) bus: Option<String>,
    /// What the names of all topics begin with, before a hyphen; over what the configuration says.
    #[arg(long, value_name = "PREFIX")]
    pub(crate) topic_prefix: Option<String>,
}

/// What to publish.
#[derive(Debug, Args)]
#[command(after_help = "\
With --lines, each line of standard input is one JSON object: {\"event_type\", \"data\", \"metadata\"?}; the metadata are as the Python \
services write them, and what is left out is made now. Lines that cannot be published are reported with their numbers, and the others are \
published; the exit code is then 1.")]
pub(crate) struct ProduceArgs {
    /// An event type, or any other name of an event as for `show`.
    #[arg(required_unless_present = "lines", conflicts_with = "lines")]
    pub(crate) event: Option<String>,
    /// The topic, without the prefix; without it, the topics that the configuration routes the event to.
    #[arg(short, long)]
    pub(crate) topic: Option<String>,
    /// The event data as JSON: a file, or `-` for standard input.
    #[arg(long, value_name = "FILE", required_unless_present = "lines")]
    pub(crate) data: Option<PathBuf>,
    /// Reads many events from standard input.
    #[arg(long)]
    pub(crate) lines: bool,
    /// With --lines: publishes nothing when one of them cannot be.
    #[arg(long, requires = "lines")]
    pub(crate) all_or_nothing: bool,
    /// The key by which the order is kept; without it, that of the event.
    #[arg(long)]
    pub(crate) key: Option<String>,
    #[command(flatten)]
    pub(crate) bus: BusArgs,
}

/// What to consume.
#[derive(Debug, Args)]
#[command(after_help = "\
The receivers of this binary are run, with retries; what they give up becomes a dead letter. The output as text leaves personal data out; \
the JSON form has the data as they are.")]
pub(crate) struct ConsumeArgs {
    /// The topics, without the prefix.
    #[arg(short, long = "topic", required = true, value_name = "TOPIC")]
    pub(crate) topics: Vec<String>,
    /// The group.
    #[arg(short, long)]
    pub(crate) group: String,
    /// Where a group that is new begins: `beginning` or `now`. One that is there goes on where it stopped; see `replay`.
    #[arg(long, value_name = "WHERE", default_value = "beginning")]
    pub(crate) from: String,
    /// Stops after so many entries.
    #[arg(long, value_name = "N")]
    pub(crate) count: Option<usize>,
    /// Stops after so many seconds; the exit code is 1 if --count was not reached.
    #[arg(long, value_name = "SECONDS")]
    pub(crate) timeout: Option<f64>,
    /// How many receivers run at the same time.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) workers: Option<u16>,
    /// How often a receiver is tried.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_attempts: Option<u32>,
    /// Ends the process in the middle of an entry, as if it had been killed: for the demo and for tests.
    #[arg(long, hide = true, value_name = "N")]
    pub(crate) crash_at: Option<usize>,
    #[command(flatten)]
    pub(crate) bus: BusArgs,
}

/// What to ask of a bus.
#[derive(Debug, Subcommand)]
pub(crate) enum BusCommand {
    /// Topics and groups: how far they are, what waits.
    Status(StatusArgs),
    /// Removes what every group has handled and the configuration does not keep.
    Trim(TopicArgs),
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

/// A topic.
#[derive(Debug, Args)]
pub(crate) struct TopicArgs {
    /// The topic, without the prefix.
    #[arg(short, long)]
    pub(crate) topic: String,
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
    List(LettersArgs),
    /// Shows dead letters with what they hold.
    Show(ShowLettersArgs),
    /// Has them tried again, by the receivers that gave them up.
    Retry(ChosenLettersArgs),
    /// Removes them for good.
    Drop(ChosenLettersArgs),
}

/// Which dead letters.
#[derive(Debug, Args)]
pub(crate) struct LettersArgs {
    /// The topic, without the prefix.
    #[arg(short, long)]
    pub(crate) topic: String,
    /// Only those of this group.
    #[arg(short, long)]
    pub(crate) group: Option<String>,
    /// Only those that this receiver gave up.
    #[arg(long, value_name = "ID")]
    pub(crate) receiver: Option<String>,
    /// Only events of this type.
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) event_type: Option<String>,
    /// Their ids.
    #[arg(value_name = "ID")]
    pub(crate) ids: Vec<String>,
    #[command(flatten)]
    pub(crate) bus: BusArgs,
}

/// Which dead letters to show.
#[derive(Debug, Args)]
pub(crate) struct ShowLettersArgs {
    #[command(flatten)]
    pub(crate) letters: LettersArgs,
    /// Shows personal data as well.
    #[arg(long)]
    pub(crate) personal: bool,
}

/// Which dead letters to change: by id, or all that the options mean.
#[derive(Debug, Args)]
pub(crate) struct ChosenLettersArgs {
    #[command(flatten)]
    pub(crate) letters: LettersArgs,
    /// All that the other options mean, without naming ids.
    #[arg(long, conflicts_with = "ids")]
    pub(crate) all: bool,
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
    pub(crate) to: Option<String>,
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
