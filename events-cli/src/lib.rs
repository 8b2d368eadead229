#![doc = include_str!("../README.md")]

mod args;
mod commands;
mod configuration;
#[cfg(feature = "demo")]
mod demo;
mod examples;
mod facts;
mod names;
mod text;
mod world;

use std::ffi::OsString;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use args::{Cli, Command};
use clap::Parser;
use commands::bus::BusArgs;
use commands::{Answer, Failure, Output};
use configuration::Applied;
use events_core::registry;
use world::World;

/// What is said where the linker collected nothing.
const EMPTY: &str = "nothing is linked into this binary: no events, no receivers, no plugins. The linker drops a crate \
                     that nothing names: make your plugin crates dependencies of the binary, and name them in its root \
                     with `events_core::plugins!(your_plugin, another);`";

/// How a command ended; as an [`ExitCode`], the number that the process ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use = "a process that ignores it reports success"]
#[non_exhaustive]
pub enum Status {
    /// All is well: 0.
    Ok,
    /// Problems were found, in the registry or in the configuration: 1.
    Problems,
    /// The command line is wrong, or names something that is not there: 2.
    Usage,
    /// The output could not be written: 3.
    Output,
    /// The bus could not be reached, or refused what was asked of it: 4.
    Bus,
}

impl Status {
    /// The number.
    pub const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Problems => 1,
            Self::Usage => 2,
            Self::Output => 3,
            Self::Bus => 4,
        }
    }
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(status.code())
    }
}

/// The whole of a `main` function: the command line of this process, its standard output and its standard error.
pub fn main() -> ExitCode {
    let output = Output {
        out: &mut io::stdout(),
        err: &mut io::stderr(),
        json: false,
        is_process: true,
    };
    carry_out(std::env::args_os(), output).into()
}

/// Carries out a command line, the name of the program first, and prints to the given writers.
///
/// ```
/// let (mut out, mut err) = (Vec::new(), Vec::new());
/// let status = events_cli::run(["events", "list", "--json"], &mut out, &mut err);
/// assert_eq!(status, events_cli::Status::Ok);
/// ```
pub fn run<A>(args: A, out: &mut dyn Write, err: &mut dyn Write) -> Status
where
    A: IntoIterator,
    A::Item: Into<OsString> + Clone,
{
    let output = Output {
        out,
        err,
        json: false,
        is_process: false,
    };
    carry_out(args, output)
}

fn carry_out<A>(args: A, mut output: Output<'_>) -> Status
where
    A: IntoIterator,
    A::Item: Into<OsString> + Clone,
{
    let answer = match Cli::try_parse_from(args) {
        Ok(cli) => {
            output.json = cli.json;
            answer(&cli, &mut output)
        }
        Err(error) if error.use_stderr() => {
            // Where even this cannot be written, there is nobody left to tell.
            let _ = write!(output.err, "{}", error.render());
            return Status::Usage;
        }
        Err(help) => Ok(Answer {
            text: help.render().to_string(),
            status: Status::Ok,
        }),
    };
    let Output { out, err, .. } = output;
    let written = answer.and_then(|answer| {
        print(out, &answer.text)?;
        Ok(answer.status)
    });
    match written {
        Ok(status) => status,
        Err(Failure::Configuration(problems)) => {
            let _ = writeln!(err, "error: {problems}");
            Status::Problems
        }
        Err(Failure::Unknown(unknown)) => {
            let _ = writeln!(err, "error: {unknown}");
            Status::Usage
        }
        Err(Failure::Usage(problem)) => {
            let _ = writeln!(err, "error: {problem}");
            Status::Usage
        }
        Err(Failure::Bus(problem)) => {
            let _ = writeln!(err, "error: {problem}");
            Status::Bus
        }
        Err(Failure::Io(error)) => {
            let _ = writeln!(err, "error: the output could not be written: {error}");
            Status::Output
        }
    }
}

/// Takes the picture that the command is about, and has it answer.
fn answer(cli: &Cli, output: &mut Output<'_>) -> Result<Answer, Failure> {
    let is_doctor = matches!(cli.command, Command::Doctor);
    let bus = cli.command.bus().map(BusArgs::layers).transpose()?;
    let applied = Applied::new(&cli.configuration, bus.unwrap_or_default());
    if !is_doctor {
        applied.refuse_problems()?;
    }
    let world = World::of_this_binary();
    if !is_doctor {
        hint(&world, output.err);
    }
    commands::answer(&cli.command, &world, &applied, output)
}

/// Says beside the answer that it may not be the whole truth.
fn hint(world: &World, err: &mut dyn Write) {
    if world.is_empty() {
        let _ = writeln!(err, "hint: {EMPTY}");
    }
    if let Err(problems) = registry::verify() {
        let problems = text::count(problems.iter().count(), "problem");
        let _ = writeln!(
            err,
            "hint: the event registry has {problems}; see `events doctor`"
        );
    }
}

/// Whoever reads may stop reading: `events list | head -1` is no failure.
fn print(out: &mut dyn Write, text: &str) -> io::Result<()> {
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}
