#![doc = include_str!("../README.md")]

mod args;
mod commands;
mod configuration;
#[cfg(feature = "demo")]
mod demo;
mod examples;
mod facts;
mod log;
mod names;
mod text;
mod world;

use std::ffi::OsString;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::process::ExitCode;

use args::{Cli, Command};
use clap::Parser;
use clap::error::{ContextKind, ContextValue};
use commands::bus::BusArgs;
use commands::{Answer, Failure, Form, Output};
use configuration::Applied;
use events_core::registry;
use text::Screen;
use world::World;

/// The problem of a binary without any plugin.
const EMPTY: &str = "nothing is linked into this binary: no events, no receivers, no plugins. The linker drops a crate \
                     that nothing names: make your plugin crates dependencies of the binary, and name them in its root \
                     with `events_core::plugins!(your_plugin, another);`";

/// The outcome of a command. Converts into the [`ExitCode`] of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use = "a process that ignores it reports success"]
#[non_exhaustive]
pub enum Status {
    /// Success: 0.
    Ok,
    /// Problems in the registry, the configuration or the input: 1.
    Problems,
    /// A wrong command line, or an unknown name: 2.
    Usage,
    /// The output could not be written: 3.
    Output,
    /// The bus could not be reached, or refused the request: 4.
    Bus,
}

impl Status {
    /// Returns the exit code.
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

/// Runs the command line of this process. A `main` function needs nothing else.
///
/// The commands of a bus log to standard error. A `tracing` subscriber that is installed already stays, and takes the log lines
/// instead.
pub fn main() -> ExitCode {
    let is_terminal = io::stdout().is_terminal();
    let columns = is_terminal.then(|| console::Term::stdout().size_checked());
    let (mut out, mut err) = (io::stdout(), io::stderr());
    let output = Output {
        out: Screen::new(&mut out),
        err: Screen::new(&mut err),
        form: Form::Text {
            columns: columns.flatten().map(|(_, columns)| columns.into()),
        },
        is_process: true,
    };
    carry_out(std::env::args_os(), output).into()
}

/// Runs a command line, the name of the program first, and prints to the given writers. Leaves logging to the caller.
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
        out: Screen::new(out),
        err: Screen::new(err),
        form: Form::Text { columns: None },
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
            if cli.json {
                output.form = Form::Json;
            }
            answer(&cli, &mut output)
        }
        Err(error) if error.use_stderr() => {
            // If even this cannot be written, there is nobody left to tell.
            let _ = write!(output.err, "{}", on_one_line(error).render());
            return Status::Usage;
        }
        Err(help) => Ok(Answer {
            text: help.render().to_string(),
            status: Status::Ok,
        }),
    };
    let Output {
        mut out, mut err, ..
    } = output;
    let written = answer.and_then(|answer| {
        print(&mut out, &answer.text)?;
        Ok(answer.status)
    });
    match written {
        Ok(status) => status,
        Err(Failure::Configuration(problems)) => {
            let _ = err.note("error", problems);
            Status::Problems
        }
        Err(Failure::Unknown(unknown)) => {
            let _ = err.note("error", unknown);
            Status::Usage
        }
        Err(Failure::Usage(problem)) => {
            let _ = err.note("error", problem);
            Status::Usage
        }
        Err(Failure::Bus(problem)) => {
            let _ = err.note("error", problem);
            Status::Bus
        }
        Err(Failure::Io(error)) => {
            let _ = err.note(
                "error",
                format_args!("the output could not be written: {error}"),
            );
            Status::Output
        }
    }
}

/// Escapes what the error quotes of the command line: a line break in an argument does not begin another line.
fn on_one_line(mut error: clap::Error) -> clap::Error {
    let context: Vec<_> = error
        .context()
        .map(|(kind, value)| (kind, value.clone()))
        .collect();
    let mut is_clean = true;
    let mut escape = |text: String| {
        let escaped = text::escape(&text).into_owned();
        is_clean &= escaped == text;
        escaped
    };
    for (kind, value) in context {
        let value = match value {
            ContextValue::String(text) => ContextValue::String(escape(text)),
            ContextValue::Strings(texts) => {
                ContextValue::Strings(texts.into_iter().map(&mut escape).collect())
            }
            _ => continue,
        };
        error.insert(kind, value);
    }
    if !is_clean {
        // They repeat the argument in a form that cannot be escaped.
        error.remove(ContextKind::Suggested);
    }
    error
}

/// Reads the configuration and the registry, and runs the command.
fn answer(cli: &Cli, output: &mut Output<'_>) -> Result<Answer, Failure> {
    let is_doctor = matches!(cli.command, Command::Doctor);
    let bus = cli.command.bus();
    if let Some(bus) = bus.filter(|_| output.is_process) {
        log::install(bus.log.level());
    }
    let bus = bus.map(BusArgs::layers).transpose()?;
    let applied = Applied::new(&cli.configuration, bus.unwrap_or_default());
    if !is_doctor {
        applied.refuse_problems()?;
    }
    let world = World::of_this_binary();
    if !is_doctor {
        hint(&world, &mut output.err);
    }
    commands::answer(&cli.command, &world, &applied, output)
}

/// Warns on standard error if the answer may be incomplete.
fn hint(world: &World, err: &mut Screen<'_>) {
    if world.is_empty() {
        let _ = err.note("hint", EMPTY);
    }
    if let Err(problems) = registry::verify() {
        let problems = text::count(problems.iter().count(), "problem");
        let message = format_args!("the event registry has {problems}; see `events doctor`");
        let _ = err.note("hint", message);
    }
}

/// Prints the answer. A reader that goes away is no failure: `events list | head -1`.
fn print(out: &mut Screen<'_>, text: &str) -> io::Result<()> {
    let written = out.print(text).and_then(|()| out.flush());
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}
