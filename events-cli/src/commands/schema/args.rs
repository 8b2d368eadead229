//! Command line of the schema commands.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// Commands of `events schema`.
#[derive(Debug, Subcommand)]
pub(crate) enum SchemaCommand {
    /// List the schema of each event: its versions, and the state of its files at compile time
    List(ListArgs),
    /// Print the schema of an event as Avro JSON
    Print(PrintArgs),
    /// Check that each event has its schema files, and that they match the event
    Check(CheckArgs),
    /// Write the missing schema files
    Accept(AcceptArgs),
    /// Compare two schemas or two catalogs, and show which readers break
    #[command(after_help = "\
A and B are each one of:
  FILE             a schema file
  DIR              a folder of schema files, or a package with a folder `schemas`
  git:REV[:PATH]   one of these as it was in a revision: `git:HEAD~3`, `git:v1.2:events/schemas`;
                   without PATH, the path of the other side, or else `schemas`
  binary           the events of this binary; `.` means the same")]
    Diff(DiffArgs),
}

/// Arguments of `events schema list`.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// List events with this text in their type or signal. Ignores case.
    pub(super) text: Option<String>,
    /// List events of this package.
    #[arg(long, short, value_name = "NAME")]
    pub(super) package: Option<String>,
    /// List events with personal data, and the paths of that data.
    #[arg(long)]
    pub(super) personal: bool,
}

/// Arguments of `events schema print`.
#[derive(Debug, Args)]
pub(crate) struct PrintArgs {
    /// Print the schema of this event: its type, or the name or path of its signal or struct.
    pub(super) event: String,
    /// Print this version from its schema file: `0`, or `0-label` for an earlier layout.
    #[arg(long, value_name = "VERSION")]
    pub(super) minor: Option<String>,
}

/// The owner of schema files.
#[derive(Debug, Args)]
pub(crate) struct Whose {
    /// Select events of this package. Can be given several times. Defaults to all packages of the workspace.
    #[arg(long, short, value_name = "NAME")]
    pub(super) package: Vec<String>,
    /// Use this folder of schema files instead of `schemas` in the package.
    #[arg(long, value_name = "DIR")]
    pub(super) dir: Option<PathBuf>,
}

/// Arguments of `events schema check`.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(super) whose: Whose,
}

/// Arguments of `events schema accept`.
#[derive(Debug, Args)]
pub(crate) struct AcceptArgs {
    /// Write the files of these events only: their types, or the names or paths of their signals or structs.
    pub(super) events: Vec<String>,
    #[command(flatten)]
    pub(super) whose: Whose,
    /// List the files without writing them.
    #[arg(long)]
    pub(super) dry_run: bool,
}

/// Arguments of `events schema diff`.
#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// Compare this older side.
    #[arg(value_name = "A")]
    pub(super) before: String,
    /// Compare this newer side.
    #[arg(value_name = "B")]
    pub(super) after: String,
    /// Compare every version in A with the newest in B, instead of only the newest.
    #[arg(long)]
    pub(super) all: bool,
    /// Select events of this package from `binary`.
    #[arg(long, short, value_name = "NAME")]
    pub(super) package: Option<String>,
    /// Exit with 1 on a breaking or removed event (`breaking`), or on any difference (`any`).
    #[arg(long, value_name = "WHAT")]
    pub(super) fail_on: Option<FailOn>,
}

/// The differences that `events schema diff` fails on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// An event breaks readers, or was removed.
    Breaking,
    /// An event differs.
    Any,
}
