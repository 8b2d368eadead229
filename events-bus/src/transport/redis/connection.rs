//! Connections to the server.

use std::time::{Duration, Instant};

use redis::{Cmd, Value, cmd};

use super::answer;
use super::failure::Failure;

/// Idle time after which a connection is tried before it is used: servers, and what is between, close idle ones.
const IDLE: Duration = Duration::from_secs(15);

/// The shortest timeout that sockets take.
pub(super) const SHORTEST: Duration = Duration::from_millis(1);

/// A connection to the server.
pub(super) struct Conn {
    inner: redis::Connection,
    read_timeout: Duration,
    used: Instant,
    /// Name by which the server knows it. `None` if the server does not tell.
    name: Option<ClientName>,
    /// Generation of the pool in which it was connected.
    pub(super) generation: u64,
}

/// A connection as the server knows it.
#[derive(Debug, Clone)]
pub(super) struct ClientName {
    pub(super) id: u64,
    pub(super) address: String,
}

impl Conn {
    pub(super) fn new(inner: redis::Connection, generation: u64) -> Self {
        Self {
            inner,
            read_timeout: Duration::MAX,
            used: Instant::now(),
            name: None,
            generation,
        }
    }

    /// Sends a command and waits for the answer, which is no refusal.
    pub(super) fn ask(&mut self, command: &Cmd) -> Result<Value, Failure> {
        self.send(&command.get_packed_command())?;
        answer::done(self.receive()?)
    }

    /// Sends packed commands and waits for the answers, each of which may be a refusal.
    pub(super) fn ask_all(&mut self, commands: &[u8], count: usize) -> Result<Vec<Value>, Failure> {
        if count == 0 {
            return Ok(Vec::new());
        }
        self.send(commands)?;
        // The client library waits for the rest even if the first answer did not come in time.
        (0..count).map(|_| self.receive()).collect()
    }

    fn send(&mut self, commands: &[u8]) -> Result<(), Failure> {
        self.inner
            .send_packed_command(commands)
            .map_err(Failure::Broken)
    }

    fn receive(&mut self) -> Result<Value, Failure> {
        self.inner.recv_response().map_err(Failure::Broken)
    }

    /// Limits the time for each answer from now on.
    pub(super) fn wait_at_most(&mut self, timeout: Duration) -> Result<(), Failure> {
        if self.read_timeout != timeout {
            self.inner
                .set_read_timeout(Some(timeout.max(SHORTEST)))
                .map_err(Failure::Broken)?;
            self.read_timeout = timeout;
        }
        Ok(())
    }

    pub(super) fn name(&self) -> Option<&ClientName> {
        self.name.as_ref()
    }

    pub(super) fn set_name(&mut self, name: Option<ClientName>) {
        self.name = name;
    }

    /// Notes that it was used just now.
    pub(super) fn touch(&mut self) {
        self.used = Instant::now();
    }

    /// Returns `true` if it still works. Asks the server if it was idle for a time.
    pub(super) fn is_alive(&mut self) -> bool {
        let was_idle = std::mem::replace(&mut self.used, Instant::now()).elapsed() > IDLE;
        !was_idle || self.ask(&cmd("PING")).is_ok()
    }
}

impl ClientName {
    /// Reads the answer to `CLIENT INFO`: `id=3 addr=127.0.0.1:50000 …`.
    pub(super) fn read(answer: Value) -> Option<Self> {
        let text = answer::text(answer).ok()?;
        let find = |name: &str| {
            let mut words = text.split_ascii_whitespace();
            words.find_map(|word| word.strip_prefix(name))
        };
        Some(Self {
            id: find("id=")?.parse().ok()?,
            address: find("addr=")?.to_owned(),
        })
    }
}
