//! `events schema`: what events look like on the wire, and the files that keep it.

mod accept;
mod args;
mod check;
mod diff;
mod list;
mod packages;
mod print;
mod problems;

pub(crate) use args::SchemaCommand;

use super::{Answer, Failure};
use crate::world::World;

/// Carries a command out.
pub(crate) fn schema(
    world: &World,
    command: &SchemaCommand,
    json: bool,
) -> Result<Answer, Failure> {
    let answer = match command {
        SchemaCommand::List(args) => Answer::new(&list::list(world, args)?, json),
        SchemaCommand::Print(args) => return print::print(world, args, json),
        SchemaCommand::Check(args) => Answer::new(&check::check(world, args)?, json),
        SchemaCommand::Accept(args) => Answer::new(&accept::accept(world, args)?, json),
        SchemaCommand::Diff(args) => Answer::new(&diff::diff(world, args)?, json),
    };
    Ok(answer?)
}
