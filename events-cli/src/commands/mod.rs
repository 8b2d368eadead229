//! The commands. Each gathers its facts in a struct, which serializes as the JSON form and lays itself out as text.

mod asyncapi;
pub(crate) mod bus;
mod docs;
mod doctor;
mod list;
mod order;
mod receivers;
mod schema;
mod show;
mod why;

use std::io;

use events_core::config::ConfigErrors;
pub(crate) use schema::SchemaCommand;
use serde::Serialize;

use crate::Status;
use crate::args::Command;
use crate::configuration::Applied;
use crate::names::Unknown;
use crate::text::{Page, Screen};
use crate::world::World;

/// The facts that a command found.
pub(crate) trait Facts: Serialize {
    /// Lays the facts out as text. The JSON form is what they serialize to.
    fn lay_out(&self, page: &mut Page);

    /// Returns the outcome of the command.
    fn status(&self) -> Status {
        Status::Ok
    }
}

/// The form of an answer.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Form {
    /// JSON.
    Json,
    /// Text for a terminal of this width, or for none.
    Text { columns: Option<usize> },
}

impl Form {
    pub(crate) fn is_json(self) -> bool {
        matches!(self, Self::Json)
    }

    /// Returns an empty page.
    pub(crate) fn page(self) -> Page {
        Page::new(match self {
            Self::Text { columns } => columns,
            Self::Json => None,
        })
    }
}

/// The standard output and standard error of a command.
pub(crate) struct Output<'a> {
    pub(crate) out: Screen<'a>,
    pub(crate) err: Screen<'a>,
    pub(crate) form: Form,
    /// `true` if this process is the command: it may draw on standard error, ask on the terminal, log, and start its program again.
    pub(crate) is_process: bool,
}

/// The text to print, and the outcome of the command.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) text: String,
    pub(crate) status: Status,
}

impl Answer {
    /// Creates the answer of a command that has printed its output already.
    pub(crate) fn told(status: Status) -> Self {
        let text = String::new();
        Self { text, status }
    }

    /// Creates an answer from facts.
    pub(crate) fn new(facts: &impl Facts, form: Form) -> io::Result<Self> {
        let text = if form.is_json() {
            serde_json::to_string_pretty(facts)? + "\n"
        } else {
            let mut page = form.page();
            facts.lay_out(&mut page);
            page.finish()
        };
        let status = facts.status();
        Ok(Self { text, status })
    }
}

/// An error of a command.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A name is unknown.
    Unknown(Unknown),
    /// The command line asks for something that is not possible.
    Usage(String),
    /// The configuration has problems.
    Configuration(ConfigErrors),
    /// The bus could not be reached, or refused the request.
    Bus(String),
    /// The answer could not be written.
    Io(io::Error),
}

impl From<Unknown> for Failure {
    fn from(unknown: Unknown) -> Self {
        Self::Unknown(unknown)
    }
}

impl From<ConfigErrors> for Failure {
    fn from(errors: ConfigErrors) -> Self {
        Self::Configuration(errors)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Carries a command out.
pub(crate) fn answer(
    command: &Command,
    world: &World,
    applied: &Applied,
    output: &mut Output<'_>,
) -> Result<Answer, Failure> {
    let form = output.form;
    let answer = match command {
        Command::List(args) => Answer::new(&list::list(world, args), form),
        Command::Show(args) => Answer::new(&show::show(world, args)?, form),
        Command::Receivers(args) => Answer::new(&receivers::receivers(world, args)?, form),
        Command::Why(args) => Answer::new(&why::why(world, applied, args)?, form),
        Command::Doctor => Answer::new(&doctor::doctor(world, applied), form),
        Command::Docs(args) => Answer::new(&docs::docs(world, args)?, form),
        Command::Asyncapi(args) => asyncapi::asyncapi(world, args, form),
        Command::Bus(command) => return bus::bus(command, applied, form),
        Command::Dlq(command) => return bus::dlq(command, applied, output),
        Command::Produce(args) => return bus::produce(world, args, applied, output),
        Command::Consume(args) => return bus::consume(args, applied, output),
        Command::Replay(args) => return bus::replay(args, applied, output),
        Command::Schema(command) => return schema::schema(world, command, form),
        #[cfg(feature = "demo")]
        Command::Demo => Answer::new(&crate::demo::demo(output.is_process), form),
    };
    Ok(answer?)
}
