//! Waiting for replicas.

use redis::{Value, cmd};

use super::answer;
use super::commands::{Commands, next};
use super::connection::Conn;
use super::failure::{Failure, NAME};
use super::lead::millis;
use super::pool::Pool;
use crate::transport::{TransportError, TransportErrorKind};

/// Waits for the replicas behind what the connection has written, if any are wanted.
pub(super) fn add_wait(
    pool: &Pool,
    conn: &mut Conn,
    commands: &mut Commands,
) -> Result<(), Failure> {
    if pool.wait_replicas() > 0 {
        let timeout = pool.response_timeout();
        conn.wait_at_most(timeout.saturating_mul(2))?;
        let mut wait = cmd("WAIT");
        wait.arg(pool.wait_replicas()).arg(millis(timeout).max(1));
        commands.add(&wait);
    }
    Ok(())
}

/// Reads the number of replicas that acknowledged, and fails if they are too few.
pub(super) fn check_wait(
    pool: &Pool,
    conn: &mut Conn,
    answers: &mut impl Iterator<Item = Value>,
) -> Result<(), Failure> {
    let wanted = pool.wait_replicas();
    if wanted == 0 {
        return Ok(());
    }
    let acknowledged = answer::number(next(answers)?)?;
    conn.wait_at_most(pool.response_timeout())?;
    if acknowledged >= u64::from(wanted) {
        return Ok(());
    }
    Err(Failure::Own(
        TransportError::new(
            TransportErrorKind::Unavailable,
            NAME,
            format!(
                "{acknowledged} of the {wanted} replicas of `{}` that `wait_replicas` asks for acknowledged the records in time; \
                 see to the replicas, or lower `wait_replicas`",
                pool.server()
            ),
        )
        .outcome_unknown(),
    ))
}
