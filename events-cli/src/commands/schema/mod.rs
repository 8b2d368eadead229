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

use super::{Answer, Failure, Form};
use crate::world::World;

/// Carries a command out.
pub(crate) fn schema(
    world: &World,
    command: &SchemaCommand,
    form: Form,
) -> Result<Answer, Failure> {
    let answer = match command {
        SchemaCommand::List(args) => Answer::new(&list::list(world, args)?, form),
        SchemaCommand::Print(args) => return print::print(world, args, form),
        SchemaCommand::Check(args) => Answer::new(&check::check(world, args)?, form),
        SchemaCommand::Accept(args) => Answer::new(&accept::accept(world, args)?, form),
        SchemaCommand::Diff(args) => Answer::new(&diff::diff(world, args)?, form),
    };
    Ok(answer?)
}
