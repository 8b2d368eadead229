//! The commands that work with a bus: `produce`, `consume`, `bus`, `dlq`, `replay`.

mod args;
mod consume;
mod dlq;
mod letters;
mod open;
mod produce;
mod replay;
mod status;

use std::io::Write;

pub(crate) use args::{BusCommand, ConsumeArgs, DlqCommand, ProduceArgs, ReplayArgs};

use super::{Answer, Failure};
use crate::Status;
use crate::configuration::Applied;
use crate::world::World;

/// Where a command that takes its time writes while it runs.
pub(crate) struct Output<'a> {
    pub(crate) out: &'a mut dyn Write,
    pub(crate) err: &'a mut dyn Write,
    pub(crate) json: bool,
}

pub(crate) fn produce(
    world: &World,
    args: &ProduceArgs,
    applied: &Applied,
    output: &mut Output<'_>,
) -> Result<Status, Failure> {
    produce::produce(world, args, applied, output)
}

pub(crate) fn consume(
    args: &ConsumeArgs,
    applied: &Applied,
    output: &mut Output<'_>,
) -> Result<Status, Failure> {
    consume::consume(args, applied, output)
}

pub(crate) fn replay(
    args: &ReplayArgs,
    applied: &Applied,
    output: &mut Output<'_>,
) -> Result<Status, Failure> {
    replay::replay(args, applied, output)
}

/// Carries out `events bus …`.
pub(crate) fn bus(command: &BusCommand, applied: &Applied, json: bool) -> Result<Answer, Failure> {
    Ok(match command {
        BusCommand::Status(args) => Answer::new(&status::status(args, applied)?, json)?,
        BusCommand::Trim(args) => Answer::new(&status::trim(args, applied)?, json)?,
        BusCommand::Forget(args) => Answer::new(&status::forget(args, applied)?, json)?,
    })
}

/// Carries out `events dlq …`.
pub(crate) fn dlq(command: &DlqCommand, applied: &Applied, json: bool) -> Result<Answer, Failure> {
    Ok(match command {
        DlqCommand::List(args) => Answer::new(&dlq::list(args, applied)?, json)?,
        DlqCommand::Show(args) => Answer::new(&dlq::show(args, applied)?, json)?,
        DlqCommand::Retry(args) => Answer::new(&dlq::retry(args, applied)?, json)?,
        DlqCommand::Drop(args) => Answer::new(&dlq::drop(args, applied)?, json)?,
    })
}
