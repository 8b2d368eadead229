//! The pool of connections. Each call has a connection for itself, so that a call that waits holds up no other.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use redis::cmd;

use super::answer;
use super::connection::{ClientName, Conn, SHORTEST};
use super::failure::Failure;
use super::options::RedisOptions;
use super::server::Server;
use crate::transport::TransportError;

/// Maximum number of connections that are kept for the next call.
const KEPT: usize = 16;

/// The connections to a server.
pub(super) struct Pool {
    server: Server,
    options: RedisOptions,
    /// Generation of connections. A new one begins when the server behind the address may have changed.
    generation: AtomicU64,
    idle: Mutex<Vec<Conn>>,
}

impl Pool {
    /// Creates the pool for the server that a URL names. Nothing is connected yet.
    pub(super) fn open(url: &str, mut options: RedisOptions) -> Result<Self, TransportError> {
        options.connect_timeout = options.connect_timeout.max(SHORTEST);
        options.response_timeout = options.response_timeout.max(SHORTEST);
        Ok(Self {
            server: Server::open(url, &options)?,
            options,
            generation: AtomicU64::new(0),
            idle: Mutex::default(),
        })
    }

    /// Returns the address of the server, without the user.
    pub(super) fn server(&self) -> String {
        self.server.address()
    }

    pub(super) fn response_timeout(&self) -> Duration {
        self.options.response_timeout
    }

    pub(super) fn wait_replicas(&self) -> u32 {
        self.options.wait_replicas
    }

    /// Runs something with a connection of its own.
    pub(super) fn with<T>(
        &self,
        run: impl FnOnce(&mut Conn) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut conn = self.take()?;
        let result = run(&mut conn);
        match &result {
            Err(failure) if failure.breaks_connection() => self.forget(failure),
            _ => self.put_back(conn),
        }
        result
    }

    /// Returns a connection that works, as far as one can know.
    pub(super) fn take(&self) -> Result<Conn, Failure> {
        loop {
            // The lock is not held while the server is asked.
            let Some(mut conn) = self.idle().pop() else {
                return self.connect();
            };
            if conn.wait_at_most(self.options.response_timeout).is_ok() && self.is_usable(&mut conn)
            {
                return Ok(conn);
            }
        }
    }

    /// Returns `true` if a connection that was kept still works.
    pub(super) fn is_usable(&self, conn: &mut Conn) -> bool {
        self.is_of_this_server(conn) && conn.is_alive()
    }

    fn is_of_this_server(&self, conn: &Conn) -> bool {
        conn.generation == self.generation.load(Ordering::Acquire)
    }

    /// Keeps a connection on which nothing is under way for the next call.
    pub(super) fn put_back(&self, mut conn: Conn) {
        conn.touch();
        let mut idle = self.idle();
        if idle.len() < KEPT && self.is_of_this_server(&conn) {
            idle.push(conn);
        }
    }

    /// Notes that a connection has failed. If the server closed it, or is not the one that takes data, no other connection is
    /// used again.
    pub(super) fn forget(&self, failure: &Failure) {
        if failure.is_closed() || failure.is_other_server() {
            self.generation.fetch_add(1, Ordering::AcqRel);
            self.idle().clear();
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Conn>> {
        // A connection is pushed or popped whole.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connect(&self) -> Result<Conn, Failure> {
        let begun = Instant::now();
        let generation = self.generation.load(Ordering::Acquire);
        let inner = self.server.connect(&self.options)?;
        inner
            .set_write_timeout(Some(self.options.response_timeout))
            .map_err(Failure::Connect)?;
        let mut conn = Conn::new(inner, generation);
        conn.wait_at_most(self.options.connect_timeout.saturating_sub(begun.elapsed()))
            .and_then(|()| self.greet(&mut conn))
            .map_err(|failure| match failure {
                // Nothing but the greeting was sent.
                Failure::Broken(error) => Failure::Connect(error),
                failure => failure,
            })?;
        conn.wait_at_most(self.options.response_timeout)?;
        Ok(conn)
    }

    /// Logs in, chooses the database, and asks for the connection's name.
    fn greet(&self, conn: &mut Conn) -> Result<(), Failure> {
        let login = self.server.login(&self.options)?;
        let mut commands = Vec::new();
        let mut required = 0;
        if let Some(password) = &login.password {
            let mut auth = cmd("AUTH");
            if let Some(username) = &login.username {
                auth.arg(username);
            }
            auth.arg(password).write_packed_command(&mut commands);
            required += 1;
        }
        if self.server.database != 0 {
            cmd("SELECT")
                .arg(self.server.database)
                .write_packed_command(&mut commands);
            required += 1;
        }
        cmd("CLIENT")
            .arg("SETNAME")
            .arg("events-bus")
            .write_packed_command(&mut commands);
        cmd("CLIENT")
            .arg("INFO")
            .write_packed_command(&mut commands);
        let mut answers = conn.ask_all(&commands, required + 2)?;
        // Users may lack the permission for `CLIENT`; it is not needed.
        conn.set_name(answers.pop().and_then(ClientName::read));
        answers.truncate(required);
        for answer in answers {
            answer::done(answer)?;
        }
        Ok(())
    }

    /// Ends a connection that broke at this end, before the server serves it once more: entries that it would hand to it would
    /// be pending, and nobody would know.
    pub(super) fn end(&self, conn: &mut Conn, broken: &ClientName) {
        let mut kill = cmd("CLIENT");
        kill.arg("KILL").arg("ID").arg(broken.id);
        // A server that was started anew counts from the beginning: the number alone could be somebody else's.
        kill.arg("ADDR").arg(&*broken.address);
        if let Err(failure) = conn.ask(&kill) {
            tracing::debug!(
                target: "events_bus::redis",
                error = %failure.explain("end a broken connection", &self.server()),
                "the server ends it by itself when it notices"
            );
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("server", &self.server())
            .finish_non_exhaustive()
    }
}
