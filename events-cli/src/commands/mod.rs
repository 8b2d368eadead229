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

use std::io::{self, Write};

use events_core::config::ConfigErrors;
pub(crate) use schema::SchemaCommand;
use serde::Serialize;

use crate::Status;
use crate::args::Command;
use crate::configuration::Applied;
use crate::names::Unknown;
use crate::text::Page;
use crate::world::World;

/// The facts that a command found.
pub(crate) trait Facts: Serialize {
    /// As text for people. As JSON, they are what they serialize to.
    fn lay_out(&self, page: &mut Page);

    /// What the process ends with.
    fn status(&self) -> Status {
        Status::Ok
    }
}

/// Where a command that takes its time writes while it runs.
pub(crate) struct Output<'a> {
    pub(crate) out: &'a mut dyn Write,
    pub(crate) err: &'a mut dyn Write,
    /// Whether an answer is JSON.
    pub(crate) json: bool,
    /// Whether this process is the command: its standard error may be drawn on, and its program may be started again.
    pub(crate) is_process: bool,
}

/// What is to be printed, and what the process ends with.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) text: String,
    pub(crate) status: Status,
}

impl Answer {
    /// Of a command that has written what it had to say.
    pub(crate) fn told(status: Status) -> Self {
        let text = String::new();
        Self { text, status }
    }

    /// The facts in the form that was asked for.
    pub(crate) fn new(facts: &impl Facts, json: bool) -> io::Result<Self> {
        let text = if json {
            serde_json::to_string_pretty(facts)? + "\n"
        } else {
            let mut page = Page::default();
            facts.lay_out(&mut page);
            page.finish()
        };
        let status = facts.status();
        Ok(Self { text, status })
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Something that was named is not there.
    Unknown(Unknown),
    /// What was asked for cannot be done, and why.
    Usage(String),
    /// The configuration has problems.
    Configuration(ConfigErrors),
    /// The bus could not be reached, or refused what was asked of it.
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
    let json = output.json;
    let answer = match command {
        Command::List(args) => Answer::new(&list::list(world, args), json),
        Command::Show(args) => Answer::new(&show::show(world, args)?, json),
        Command::Receivers(args) => Answer::new(&receivers::receivers(world, args)?, json),
        Command::Why(args) => Answer::new(&why::why(world, applied, args)?, json),
        Command::Doctor => Answer::new(&doctor::doctor(world, applied), json),
        Command::Docs(args) => Answer::new(&docs::docs(world, args)?, json),
        Command::Asyncapi(args) => asyncapi::asyncapi(world, args, json),
        Command::Bus(command) => return bus::bus(command, applied, json),
        Command::Dlq(command) => return bus::dlq(command, applied, json),
        Command::Produce(args) => return bus::produce(world, args, applied, output),
        Command::Consume(args) => return bus::consume(args, applied, output),
        Command::Replay(args) => return bus::replay(args, applied, output),
        Command::Schema(command) => return schema::schema(world, command, json),
        #[cfg(feature = "demo")]
        Command::Demo => Answer::new(&crate::demo::demo(output.is_process), json),
    };
    Ok(answer?)
}
