//! The commands that work with a bus: `produce`, `consume`, `bus`, `dlq`, `replay`.

mod args;
mod consume;
mod dlq;
mod letters;
mod open;
mod personal;
mod position;
mod produce;
mod replay;
mod signals;
mod status;
mod upkeep;

pub(crate) use args::{BusArgs, BusCommand, ConsumeArgs, DlqCommand, ProduceArgs, ReplayArgs};
pub(crate) use consume::consume;
pub(crate) use produce::produce;
pub(crate) use replay::replay;

use super::{Answer, Failure};
use crate::configuration::Applied;

/// Carries out `events bus …`.
pub(crate) fn bus(command: &BusCommand, applied: &Applied, json: bool) -> Result<Answer, Failure> {
    Ok(match command {
        BusCommand::Status(args) => Answer::new(&status::status(args, applied)?, json)?,
        BusCommand::Trim(args) => Answer::new(&upkeep::trim(args, applied)?, json)?,
        BusCommand::Forget(args) => Answer::new(&upkeep::forget(args, applied)?, json)?,
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
