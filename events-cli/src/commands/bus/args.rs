//! Command line of the bus commands.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, Subcommand};
use events_bus::transport::EntryId;
use tracing_subscriber::filter::LevelFilter;

use super::examples;

/// The bus of a command.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct BusArgs {
    /// Use this bus: `sqlite:PATH`, `redis://HOST:PORT/DATABASE`, `rediss://…` (TLS) or `redis+unix://SOCKET`. Overrides the
    /// transport in the table `bus` of the configuration; the rest of that table applies.
    #[arg(
        long,
        value_name = "BUS",
        env = "EVENTS_BUS",
        hide_env_values = true,
        help_heading = "Bus"
    )]
    pub(crate) bus: Option<String>,
    /// Put this prefix and a hyphen before the name of every topic. Overrides the configuration.
    #[arg(long, value_name = "PREFIX", help_heading = "Bus")]
    pub(crate) topic_prefix: Option<String>,
    #[command(flatten)]
    pub(crate) log: LogArgs,
}

/// The log level of a command.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct LogArgs {
    /// Log more to standard error: `-v` information, `-vv` debugging. Without it: warnings and errors.
    #[arg(short, long, action = ArgAction::Count, conflicts_with = "quiet", help_heading = "Logging")]
    verbose: u8,
    /// Log errors only.
    #[arg(short, long, help_heading = "Logging")]
    quiet: bool,
}

impl LogArgs {
    /// Returns the most detailed level to log.
    pub(crate) fn level(&self) -> LevelFilter {
        match self.verbose {
            _ if self.quiet => LevelFilter::ERROR,
            0 => LevelFilter::WARN,
            1 => LevelFilter::INFO,
            2 => LevelFilter::DEBUG,
            _ => LevelFilter::TRACE,
        }
    }
}

/// Arguments of `events produce`.
#[derive(Debug, Args)]
#[command(after_help = examples::PRODUCE, after_long_help = examples::PRODUCE_LONG)]
pub(crate) struct ProduceArgs {
    /// Publish this event: its type, or any other name that `events show` accepts.
    #[arg(required_unless_present = "lines", conflicts_with = "lines")]
    pub(crate) event: Option<String>,
    /// Publish to this topic, named without the prefix. Defaults to the topics that the configuration routes the event to.
    #[arg(short, long)]
    pub(crate) topic: Option<String>,
    /// Read the event data as JSON from this file, or from standard input with `-`.
    #[arg(
        long,
        value_name = "FILE",
        required_unless_present = "lines",
        conflicts_with = "lines"
    )]
    pub(crate) data: Option<PathBuf>,
    /// Read one event per line from standard input.
    #[arg(long)]
    pub(crate) lines: bool,
    /// Read all lines first, and publish nothing if one of them is not an event.
    #[arg(long, requires = "lines")]
    pub(crate) all_or_nothing: bool,
    /// Use this ordering key instead of the key of the event or of its route.
    #[arg(long)]
    pub(crate) key: Option<String>,
    #[command(flatten)]
    pub(crate) metadata: MetadataArgs,
    #[command(flatten)]
    pub(crate) bus: BusArgs,
}

/// Event metadata that replaces the defaults.
#[derive(Debug, Args)]
pub(crate) struct MetadataArgs {
    /// Set the event id. The bus recognizes duplicates by it.
    #[arg(
        long,
        value_name = "UUID",
        conflicts_with = "lines",
        help_heading = "Metadata"
    )]
    pub(crate) id: Option<String>,
    /// Set the time of the event, in UTC: `2026-11-25T08:00:00Z`.
    #[arg(long, conflicts_with = "lines", help_heading = "Metadata")]
    pub(crate) time: Option<String>,
    /// Set the service that sends the event: `openedx/lms/web`.
    #[arg(long, conflicts_with = "lines", help_heading = "Metadata")]
    pub(crate) source: Option<String>,
    /// Set the host that sends the event.
    #[arg(
        long,
        value_name = "HOST",
        conflicts_with = "lines",
        help_heading = "Metadata"
    )]
    pub(crate) source_host: Option<String>,
    /// Set the version of the library that sends the event: `11.2.0`.
    #[arg(
        long,
        value_name = "VERSION",
        conflicts_with = "lines",
        help_heading = "Metadata"
    )]
    pub(crate) source_lib: Option<String>,
}

/// Arguments of `events consume`.
#[derive(Debug, Args)]
#[command(after_help = examples::CONSUME, after_long_help = examples::CONSUME_LONG)]
pub(crate) struct ConsumeArgs {
    /// Consume this topic, named without the prefix. Can be given several times.
    #[arg(short, long = "topic", required = true, value_name = "TOPIC")]
    pub(crate) topics: Vec<String>,
    /// Consume in this group.
    #[arg(short, long)]
    pub(crate) group: String,
    /// Start a new group at `beginning`, at `now`, at the id of an entry, or at a time in UTC. With an id or a time, the group starts
    /// with new entries and gets a replay of the older ones from there on. An existing group continues where it stopped: for it,
    /// `beginning` and `now` have no effect, and an id or a time is an error (use `events replay`). Defaults to the configuration, or
    /// else to `beginning`.
    #[arg(long, value_name = "WHERE")]
    pub(crate) from: Option<String>,
    /// Stop after N entries, and take no more than that from the bus.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,
    /// Stop after this time. Exits with 1 if `--count` was not reached.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) timeout: Option<Duration>,
    /// Handle up to N events at the same time. Overrides the configuration, like the next three options.
    #[arg(long, value_name = "N")]
    pub(crate) workers: Option<usize>,
    /// Give an event up after N attempts of a receiver.
    #[arg(long, value_name = "N")]
    pub(crate) max_attempts: Option<u32>,
    /// Wait this long before the second attempt. Later delays are longer.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) first_delay: Option<Duration>,
    /// Keep the lease on a topic this long after the last sign of life.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) lease: Option<Duration>,
    /// End the process in the middle of the Nth entry, as `kill -9` does. For the demo and for tests.
    #[arg(long, hide = true, value_name = "N")]
    pub(crate) crash_at: Option<u64>,
    #[command(flatten)]
    pub(crate) bus: BusArgs,
}

/// Parses seconds, with or without a fraction.
fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok();
    let duration = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    duration.ok_or_else(|| "expected a number of seconds such as `2.5`".to_owned())
}

/// Commands of `events bus`.
#[derive(Debug, Subcommand)]
#[command(after_help = examples::BUS)]
pub(crate) enum BusCommand {
    /// Show topics, consumer groups, lag and outboxes
    #[command(after_help = examples::STATUS)]
    Status(StatusArgs),
    /// Remove entries that every group has handled
    #[command(after_help = examples::TRIM)]
    Trim(TrimArgs),
    /// Delete a group and its unhandled entries
    #[command(after_help = examples::DELETE_GROUP)]
    DeleteGroup(DeleteGroupArgs),
    /// Write a consistent copy of the file of a bus or an outbox
    #[command(after_help = examples::BACKUP)]
    Backup(BackupArgs),
    /// Shrink the file of a bus
    #[command(after_help = examples::VACUUM)]
    Vacuum(VacuumArgs),
}

/// Arguments of `events bus status`.
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// Show this topic only, named without the prefix.
    #[arg(short, long)]
    pub(crate) topic: Option<String>,
    #[command(flatten)]
    pub(crate) bus: BusArgs,
}

/// Arguments of `events bus trim`.
#[derive(Debug, Args)]
pub(crate) struct TrimArgs {
    /// Trim this topic, named without the prefix.
    #[arg(short, long)]
    pub(crate) topic: String,
    /// Keep at least the N newest entries. Overrides the configuration, like the next two options.
    #[arg(long, value_name = "N")]
    pub(crate) keep_entries: Option<u64>,
    /// Keep entries that are younger than this.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) keep_for: Option<Duration>,
    /// Accept a loss: of more than N entries, remove the oldest even if a group has not handled them.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) lose_unread_beyond: Option<u64>,
    #[command(flatten)]
    pub(crate) bus: BusArgs,
}

/// Arguments of `events bus delete-group`.
#[derive(Debug, Args)]
pub(crate) struct DeleteGroupArgs {
    /// Delete the group of this topic, named without the prefix.
    #[arg(short, long)]
    pub(crate) topic: String,
    /// Delete this group.
    #[arg(short, long)]
    pub(crate) group: String,
    /// Confirm. The group's unhandled entries will not be handled.
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) bus: BusArgs,
}

/// Arguments of `events bus backup`.
#[derive(Debug, Args)]
pub(crate) struct BackupArgs {
    /// Write the copy to this new file.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Copy the outbox file of the configuration instead of the bus.
    #[arg(long)]
    pub(crate) outbox: bool,
    #[command(flatten)]
    pub(crate) bus: BusArgs,
}

/// Arguments of `events bus vacuum`.
#[derive(Debug, Args)]
pub(crate) struct VacuumArgs {
    #[command(flatten)]
    pub(crate) bus: BusArgs,
}

/// Commands of `events dlq`.
#[derive(Debug, Subcommand)]
#[command(after_help = examples::DLQ)]
pub(crate) enum DlqCommand {
    /// List dead letters
    #[command(after_help = examples::LETTERS_LIST)]
    List(ListLettersArgs),
    /// Show dead letters with their events
    #[command(after_help = examples::LETTERS_SHOW)]
    Show(ShowLettersArgs),
    /// Retry events with the receivers that gave them up
    #[command(after_help = examples::LETTERS_RETRY)]
    Retry(ChosenLettersArgs),
    /// Remove dead letters for good
    #[command(after_help = examples::LETTERS_DROP)]
    Drop(ChosenLettersArgs),
}

/// A filter for dead letters.
#[derive(Debug, Args)]
pub(crate) struct FilterArgs {
    /// Select dead letters of this group only.
    #[arg(short, long)]
    pub(crate) group: Option<String>,
    /// Select dead letters of this receiver only.
    #[arg(long, value_name = "ID")]
    pub(crate) receiver: Option<String>,
    /// Select events of this type only.
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) event_type: Option<String>,
}

/// Arguments of `events dlq list`.
#[derive(Debug, Args)]
pub(crate) struct ListLettersArgs {
    /// List dead letters of this topic only, named without the prefix.
    #[arg(short, long)]
    pub(crate) topic: Option<String>,
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
    #[command(flatten)]
    pub(crate) bus: BusArgs,
}

/// Arguments of `events dlq show`.
#[derive(Debug, Args)]
pub(crate) struct ShowLettersArgs {
    /// Show dead letters of this topic, named without the prefix.
    #[arg(short, long)]
    pub(crate) topic: String,
    /// Show the dead letters with these ids, as `dlq list` prints them. Defaults to all that match.
    #[arg(value_name = "ID")]
    pub(crate) ids: Vec<EntryId>,
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
    /// Show personal data, keys, and bodies that cannot be read as an event.
    #[arg(long)]
    pub(crate) personal: bool,
    #[command(flatten)]
    pub(crate) bus: BusArgs,
}

/// Arguments of `events dlq retry` and `events dlq drop`.
#[derive(Debug, Args)]
pub(crate) struct ChosenLettersArgs {
    /// Select dead letters of this topic, named without the prefix.
    #[arg(short, long)]
    pub(crate) topic: String,
    /// Select the dead letters with these ids, as `dlq list` prints them.
    #[arg(value_name = "ID", required_unless_present = "all")]
    pub(crate) ids: Vec<EntryId>,
    /// Select every dead letter that matches.
    #[arg(long, conflicts_with = "ids")]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
    #[command(flatten)]
    pub(crate) bus: BusArgs,
}

/// Arguments of `events replay`.
#[derive(Debug, Args)]
#[command(after_help = examples::REPLAY)]
pub(crate) struct ReplayArgs {
    /// Replay this topic, named without the prefix.
    #[arg(short, long)]
    pub(crate) topic: String,
    /// Replay for this group. Other groups do not see the entries.
    #[arg(short, long)]
    pub(crate) group: String,
    /// Start at this entry, or at the first entry published at this time or later: `2026-11-25T08:00:00Z`.
    #[arg(long, value_name = "ID|TIME")]
    pub(crate) from: Option<String>,
    /// End with this entry.
    #[arg(long, value_name = "ID")]
    pub(crate) to: Option<EntryId>,
    /// Skip entries published at this time or later.
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
    /// Replay events of this type only.
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) event_type: Option<String>,
    /// Replay for this receiver only. Can be given several times.
    #[arg(long = "receiver", value_name = "ID")]
    pub(crate) receivers: Vec<String>,
    /// Count the entries without replaying them.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Replay a whole topic without asking.
    #[arg(short, long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) bus: BusArgs,
}

impl ReplayArgs {
    /// Returns `true` if the command line selects every entry of the topic.
    pub(super) fn is_whole_topic(&self) -> bool {
        let Self {
            from,
            to,
            until,
            event_type,
            ..
        } = self;
        from.is_none() && to.is_none() && until.is_none() && event_type.is_none()
    }
}

impl BusCommand {
    /// Returns the bus of the command.
    pub(crate) fn bus(&self) -> &BusArgs {
        match self {
            Self::Status(args) => &args.bus,
            Self::Trim(args) => &args.bus,
            Self::DeleteGroup(args) => &args.bus,
            Self::Backup(args) => &args.bus,
            Self::Vacuum(args) => &args.bus,
        }
    }
}

impl DlqCommand {
    /// Returns the bus of the command.
    pub(crate) fn bus(&self) -> &BusArgs {
        match self {
            Self::List(args) => &args.bus,
            Self::Show(args) => &args.bus,
            Self::Retry(args) | Self::Drop(args) => &args.bus,
        }
    }
}
