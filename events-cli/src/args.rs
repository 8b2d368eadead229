//! What can be asked for on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::commands::SchemaCommand;
use crate::commands::bus::{BusArgs, BusCommand, ConsumeArgs, DlqCommand, ProduceArgs, ReplayArgs};

const EXIT_CODES: &str = "\
Exit codes:
  0  all is well
  1  problems were found, in the registry, in the configuration or in what was given to publish
  2  the command line is wrong, or names something that is not there
  3  the output could not be written
  4  the bus could not be reached, or refused what was asked of it";

/// What is wired to what in this binary, and why.
#[derive(Debug, Parser)]
#[command(
    name = "events",
    version,
    arg_required_else_help = true,
    after_help = EXIT_CODES
)]
pub(crate) struct Cli {
    /// Answers with one JSON document instead of text.
    #[arg(long, global = true)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) configuration: ConfigurationArgs,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Which configuration applies.
#[derive(Debug, Args)]
pub(crate) struct ConfigurationArgs {
    /// A configuration to apply first; several are stacked.
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "EVENTS_CONFIG",
        hide_env_values = true
    )]
    pub(crate) config: Vec<PathBuf>,
    /// The running service, over what the configuration says: `lms`.
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) service: Option<String>,
}

/// What is asked for.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Lists the signals of this binary.
    List(ListArgs),
    /// Shows one event: what it says, what it carries, who receives it.
    Show(ShowArgs),
    /// Lists the receivers, in the order in which they run.
    Receivers(ReceiversArgs),
    /// Explains what is wired to a signal or a receiver, and what is not.
    Why(WhyArgs),
    /// Checks what the linker collected, and the configuration.
    Doctor,
    /// Writes the catalog as a static site.
    Docs(DocsArgs),
    /// Writes the catalog as an AsyncAPI 3.0 document.
    Asyncapi(AsyncapiArgs),
    /// Publishes events from JSON.
    Produce(ProduceArgs),
    /// Runs the receivers of this binary with the events of topics.
    Consume(ConsumeArgs),
    /// How a bus stands: topics, groups, what waits.
    #[command(subcommand)]
    Bus(BusCommand),
    /// What receivers gave up.
    #[command(subcommand)]
    Dlq(DlqCommand),
    /// Gives entries of a topic to a group once more.
    Replay(ReplayArgs),
    /// What events look like on the wire, and the files that keep it.
    #[command(subcommand)]
    Schema(SchemaCommand),
    /// Tells the story of two plugin crates that react to a registration.
    #[cfg(feature = "demo")]
    Demo,
}

impl Command {
    /// Which bus it is about, if it is about one.
    pub(crate) fn bus(&self) -> Option<&BusArgs> {
        Some(match self {
            Self::Produce(args) => &args.bus,
            Self::Consume(args) => &args.bus,
            Self::Replay(args) => &args.bus,
            Self::Bus(command) => command.bus(),
            Self::Dlq(command) => command.bus(),
            _ => return None,
        })
    }
}

/// Which signals to list.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Only signals with this text in their name or event type, whatever its case.
    pub(crate) text: Option<String>,
    /// Only signals of this subdomain: `learning` in `org.openedx.learning.….v1`.
    #[arg(long)]
    pub(crate) subdomain: Option<String>,
}

/// Which event to show.
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// An event type, a signal or an event's struct by name or path, or a Python path.
    pub(crate) event: String,
}

/// Which receivers to list.
#[derive(Debug, Args)]
pub(crate) struct ReceiversArgs {
    /// Only receivers of this signal, given as for `show`.
    #[arg(long)]
    pub(crate) signal: Option<String>,
    /// Only receivers of this plugin crate.
    #[arg(long, value_name = "CRATE")]
    pub(crate) plugin: Option<String>,
}

/// What to explain.
#[derive(Debug, Args)]
pub(crate) struct WhyArgs {
    /// A signal, as for `show`; or a receiver, by id, alias, function name or path.
    pub(crate) name: String,
}

/// Where the site goes.
#[derive(Debug, Args)]
pub(crate) struct DocsArgs {
    /// The folder to write to: one that is not there, an empty one, or one of an earlier site.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// The name of the site.
    #[arg(long, default_value = "Event catalog")]
    pub(crate) title: String,
    /// Writes into a folder that has other files.
    #[arg(long)]
    pub(crate) force: bool,
}

/// Where the document goes.
#[derive(Debug, Args)]
pub(crate) struct AsyncapiArgs {
    /// The file to write to, instead of standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// The name of the document.
    #[arg(long, default_value = "Event catalog")]
    pub(crate) title: String,
    /// The version of the document.
    #[arg(long, value_name = "VERSION", default_value = "1.0.0")]
    pub(crate) document_version: String,
}
