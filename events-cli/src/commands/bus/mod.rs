//! The commands of a bus: `produce`, `consume`, `bus`, `dlq`, `replay`.

mod args;
mod consume;
mod dead_letters;
mod dlq;
mod examples;
mod maintenance;
mod open;
mod personal;
mod position;
mod produce;
mod progress;
mod replay;
mod signals;
mod status;

pub(crate) use args::{BusArgs, BusCommand, ConsumeArgs, DlqCommand, ProduceArgs, ReplayArgs};
pub(crate) use consume::consume;
pub(crate) use produce::produce;
pub(crate) use replay::replay;

use super::{Answer, Failure, Form, Output};
use crate::configuration::Applied;

/// Runs `events bus …`.
pub(crate) fn bus(command: &BusCommand, applied: &Applied, form: Form) -> Result<Answer, Failure> {
    Ok(match command {
        BusCommand::Status(args) => Answer::new(&status::status(args, applied)?, form)?,
        BusCommand::Trim(args) => Answer::new(&maintenance::trim(args, applied)?, form)?,
        BusCommand::DeleteGroup(args) => {
            Answer::new(&maintenance::delete_group(args, applied)?, form)?
        }
        BusCommand::Backup(args) => Answer::new(&maintenance::backup(args, applied)?, form)?,
        BusCommand::Vacuum(args) => Answer::new(&maintenance::vacuum(args, applied)?, form)?,
    })
}

/// Runs `events dlq …`.
pub(crate) fn dlq(
    command: &DlqCommand,
    applied: &Applied,
    output: &Output<'_>,
) -> Result<Answer, Failure> {
    let form = output.form;
    Ok(match command {
        DlqCommand::List(args) => Answer::new(&dlq::list(args, applied)?, form)?,
        DlqCommand::Show(args) => Answer::new(&dlq::show(args, applied)?, form)?,
        DlqCommand::Retry(args) => Answer::new(&dlq::retry(args, applied, output)?, form)?,
        DlqCommand::Drop(args) => Answer::new(&dlq::drop(args, applied)?, form)?,
    })
}
