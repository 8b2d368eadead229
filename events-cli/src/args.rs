//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::commands::SchemaCommand;
use crate::commands::bus::{BusArgs, BusCommand, ConsumeArgs, DlqCommand, ProduceArgs, ReplayArgs};

const EXIT_CODES: &str = "\
Exit codes:
  0  success
  1  problems found in the registry, the configuration or the input to publish
  2  wrong command line, or an unknown name
  3  the output could not be written
  4  the bus could not be reached, or refused the request

Examples:
  events list
  events consume -t registrations -g mailing --bus sqlite:events.db";

/// Show what is wired to what in this binary, and operate a bus
#[derive(Debug, Parser)]
#[command(
    name = "events",
    version,
    arg_required_else_help = true,
    after_help = EXIT_CODES
)]
pub(crate) struct Cli {
    /// Print JSON instead of text.
    #[arg(long, global = true, help_heading = "Global options")]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) configuration: ConfigurationArgs,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The configuration.
#[derive(Debug, Args)]
pub(crate) struct ConfigurationArgs {
    /// Apply this configuration; later ones override earlier.
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "EVENTS_CONFIG",
        hide_env_values = true,
        help_heading = "Global options"
    )]
    pub(crate) config: Vec<PathBuf>,
    /// Set the name of the running service: `lms`. Overrides the configuration.
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        help_heading = "Global options"
    )]
    pub(crate) service: Option<String>,
}

/// A command.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List signals and the number of their receivers
    List(ListArgs),
    /// Show one event: its meaning, fields and receivers
    Show(ShowArgs),
    /// List receivers in the order in which they run
    Receivers(ReceiversArgs),
    /// Explain what is wired to a signal or a receiver, and what is not
    Why(WhyArgs),
    /// Check the linked plugins and the configuration
    Doctor,
    /// Write the catalog as a static site
    Docs(DocsArgs),
    /// Write the catalog as an AsyncAPI 3.0 document
    Asyncapi(AsyncapiArgs),
    /// Publish events from JSON
    Produce(ProduceArgs),
    /// Run the receivers of this binary with the events of topics
    Consume(ConsumeArgs),
    /// Show topics, consumer groups, lag and outboxes; trim topics, delete groups
    #[command(subcommand)]
    Bus(BusCommand),
    /// List, inspect, retry and drop dead letters
    #[command(subcommand)]
    Dlq(DlqCommand),
    /// Replay entries of a topic for a group
    Replay(ReplayArgs),
    /// List, print, check, write and compare schemas
    #[command(subcommand)]
    Schema(SchemaCommand),
    /// Tell the story of two plugin crates that react to a registration
    #[cfg(feature = "demo")]
    Demo,
}

impl Command {
    /// Returns the bus of the command, or `None` if it works without one.
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

/// Arguments of `events list`.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// List signals with this text in their name or event type. Ignores case.
    pub(crate) text: Option<String>,
    /// List signals of this subdomain: `learning` in `org.openedx.learning.….v1`.
    #[arg(long)]
    pub(crate) subdomain: Option<String>,
}

/// Arguments of `events show`.
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// Show this event: its type, the name or path of its signal or struct, or its Python path.
    pub(crate) event: String,
}

/// Arguments of `events receivers`.
#[derive(Debug, Args)]
pub(crate) struct ReceiversArgs {
    /// List receivers of this signal, named as for `events show`.
    #[arg(long)]
    pub(crate) signal: Option<String>,
    /// List receivers of this plugin crate.
    #[arg(long, value_name = "CRATE")]
    pub(crate) plugin: Option<String>,
}

/// Arguments of `events why`.
#[derive(Debug, Args)]
pub(crate) struct WhyArgs {
    /// Explain this signal, named as for `events show`, or this receiver, by its id, alias, function name or path.
    pub(crate) name: String,
}

/// Arguments of `events docs`.
#[derive(Debug, Args)]
pub(crate) struct DocsArgs {
    /// Write to this folder: a new one, an empty one, or one of an earlier site.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Set the title of the site.
    #[arg(long, default_value = "Event catalog")]
    pub(crate) title: String,
    /// Write into a folder that has other files.
    #[arg(long)]
    pub(crate) force: bool,
}

/// Arguments of `events asyncapi`.
#[derive(Debug, Args)]
pub(crate) struct AsyncapiArgs {
    /// Write to this file instead of standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Set the title of the document.
    #[arg(long, default_value = "Event catalog")]
    pub(crate) title: String,
    /// Set the version of the document.
    #[arg(long, value_name = "VERSION", default_value = "1.0.0")]
    pub(crate) document_version: String,
}
