//! What can be asked for.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// The schemas of events, and the files that keep them.
#[derive(Debug, Subcommand)]
pub(crate) enum SchemaCommand {
    /// Lists the schema of each event: its versions, and the state of its files as the compiler saw them.
    List(ListArgs),
    /// Prints an event's schema as Avro JSON.
    Print(PrintArgs),
    /// Checks that each event has its schema files, and that they say what the event says.
    Check(CheckArgs),
    /// Writes the schema files that are missing.
    Accept(AcceptArgs),
    /// Compares two schemas, or two catalogs of them, and says who breaks.
    #[command(after_help = "\
A and B are each one of:
  FILE             a schema file
  DIR              a folder of schema files, or a package with a folder `schemas`
  git:REV[:PATH]   one of these as it was in a revision: `git:HEAD~3`, `git:v1.2:events/schemas`;
                   without PATH, the path of the other side, or else `schemas`
  binary           the events of this binary; `.` means the same")]
    Diff(DiffArgs),
}

/// Which schemas to list.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Only events with this text in their event type or signal, whatever its case.
    pub(super) text: Option<String>,
    /// Only events of this package.
    #[arg(long, short, value_name = "NAME")]
    pub(super) package: Option<String>,
    /// Only events with personal data, and where it is.
    #[arg(long)]
    pub(super) personal: bool,
}

/// Which schema to print.
#[derive(Debug, Args)]
pub(crate) struct PrintArgs {
    /// An event, by type, or by name or path of signal or struct.
    pub(super) event: String,
    /// A version that is kept in a schema file: `0`, or `0-label` for a former layout.
    #[arg(long, value_name = "VERSION")]
    pub(super) minor: Option<String>,
}

/// Whose schema files.
#[derive(Debug, Args)]
pub(crate) struct Whose {
    /// Only the events of this package; several may be named. Otherwise those of all packages of the workspace.
    #[arg(long, short, value_name = "NAME")]
    pub(super) package: Vec<String>,
    /// The folder of the schema files, instead of `schemas` in the package.
    #[arg(long, value_name = "DIR")]
    pub(super) dir: Option<PathBuf>,
}

/// Which schema files to check.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(super) whose: Whose,
}

/// Which schema files to write.
#[derive(Debug, Args)]
pub(crate) struct AcceptArgs {
    /// Only these events, by type, or by name or path of signal or struct.
    pub(super) events: Vec<String>,
    #[command(flatten)]
    pub(super) whose: Whose,
    /// Says what it would write, and writes nothing.
    #[arg(long)]
    pub(super) dry_run: bool,
}

/// What to compare.
#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// The older side.
    #[arg(value_name = "A")]
    pub(super) before: String,
    /// The newer side.
    #[arg(value_name = "B")]
    pub(super) after: String,
    /// Compares every version that A keeps with the newest of B, and not the newest only.
    #[arg(long)]
    pub(super) all: bool,
    /// Of `binary`, only the events of this package.
    #[arg(long, short, value_name = "NAME")]
    pub(super) package: Option<String>,
    /// Exits with 1 if an event breaks somebody or is gone, or if anything differs.
    #[arg(long, value_name = "WHAT")]
    pub(super) fail_on: Option<FailOn>,
}

/// What `diff` is to fail on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// An event breaks somebody, or is gone.
    Breaking,
    /// An event is not the same.
    Any,
}
