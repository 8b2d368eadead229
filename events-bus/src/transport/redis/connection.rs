//! Connections: each call has one for itself, so that a call that waits holds up no other.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use redis::{Client, Cmd, ConnectionInfo, IntoConnectionInfo, ProtocolVersion, Value, cmd};

use super::answer;
use super::failure::{Failure, NAME};
use super::options::RedisOptions;
use crate::transport::{TransportError, TransportErrorKind};

/// So many connections are kept for the next call.
const KEPT: usize = 16;

/// A connection that was not used for so long is asked for a sign of life first: servers and what is between close idle ones.
const IDLE: Duration = Duration::from_secs(15);

/// The shortest timeout that sockets take.
const SHORTEST: Duration = Duration::from_millis(1);

/// A connection to the server.
pub(super) struct Conn {
    inner: redis::Connection,
    read_timeout: Duration,
    used: Instant,
    /// By what the server knows it: its number and its address. None where the server does not tell.
    name: Option<ClientName>,
}

/// A connection as the server knows it.
#[derive(Debug, Clone)]
pub(super) struct ClientName {
    id: u64,
    address: String,
}

impl Conn {
    /// Sends a command and waits for the answer, which is no refusal.
    pub(super) fn ask(&mut self, command: &Cmd) -> Result<Value, Failure> {
        self.send(&command.get_packed_command())?;
        answer::done(self.receive()?)
    }

    /// Sends packed commands and waits for so many answers, each of which may be a refusal.
    pub(super) fn ask_all(&mut self, commands: &[u8], count: usize) -> Result<Vec<Value>, Failure> {
        if count == 0 {
            return Ok(Vec::new());
        }
        self.send(commands)?;
        // Not the client's own way to do it: that one waits for the rest even if the first answer did not come in time.
        (0..count).map(|_| self.receive()).collect()
    }

    /// Sends packed commands, and waits for the answers one by one.
    pub(super) fn send(&mut self, commands: &[u8]) -> Result<(), Failure> {
        self.inner
            .send_packed_command(commands)
            .map_err(Failure::Broken)
    }

    /// Waits for an answer, which may be a refusal.
    pub(super) fn receive(&mut self) -> Result<Value, Failure> {
        self.inner.recv_response().map_err(Failure::Broken)
    }

    /// How long each answer may take from now on.
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

    /// It was used just now.
    pub(super) fn touch(&mut self) {
        self.used = Instant::now();
    }

    /// Whether it still works, where there is doubt.
    pub(super) fn is_alive(&mut self) -> bool {
        let was_idle = std::mem::replace(&mut self.used, Instant::now()).elapsed() > IDLE;
        !was_idle || self.ask(&cmd("PING")).is_ok()
    }
}

/// The connections to a server.
pub(super) struct Pool {
    client: Client,
    /// Who says that they are whom, and the number of the database. The client library does not get to know it: what it does not
    /// have it cannot print, and its handshake waits for each answer as long as for all.
    login: Login,
    options: RedisOptions,
    idle: Mutex<Vec<Conn>>,
}

struct Login {
    username: Option<String>,
    password: Option<String>,
    database: i64,
}

impl Pool {
    /// For the server that the URL names. Nothing is connected yet.
    pub(super) fn open(url: &str, mut options: RedisOptions) -> Result<Self, TransportError> {
        options.connect_timeout = options.connect_timeout.max(SHORTEST);
        options.response_timeout = options.response_timeout.max(SHORTEST);
        let info = url.into_connection_info().map_err(|error| {
            TransportError::new(
                TransportErrorKind::Refused,
                NAME,
                "cannot read the URL of the server; write `redis://user:password@host:port/database`, `rediss://…` for TLS, \
                 or `redis+unix:///path?db=0`",
            )
            .because(error)
        })?;
        let settings = info.redis_settings();
        let login = Login {
            username: settings.username().map(str::to_owned),
            password: settings.password().map(str::to_owned),
            database: settings.db(),
        };
        let settings = redis::RedisConnectionInfo::default()
            .set_protocol(ProtocolVersion::RESP2)
            .set_skip_set_lib_name();
        let nodelay = info.tcp_settings().clone().set_nodelay(true);
        let info = info.set_redis_settings(settings).set_tcp_settings(nodelay);
        Ok(Self {
            client: client(info, &options)?,
            login,
            options,
            idle: Mutex::default(),
        })
    }

    /// The address of the server, without who logs in.
    pub(super) fn server(&self) -> String {
        self.client.get_connection_info().addr().to_string()
    }

    pub(super) fn response_timeout(&self) -> Duration {
        self.options.response_timeout
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

    /// A connection that works, as far as one can know.
    pub(super) fn take(&self) -> Result<Conn, Failure> {
        while let Some(mut conn) = self.idle().pop() {
            if conn.wait_at_most(self.options.response_timeout).is_ok() && conn.is_alive() {
                return Ok(conn);
            }
        }
        self.connect()
    }

    /// Keeps a connection on which nothing is under way for the next call.
    pub(super) fn put_back(&self, mut conn: Conn) {
        conn.touch();
        let mut idle = self.idle();
        if idle.len() < KEPT {
            idle.push(conn);
        }
    }

    /// One connection has failed. If the server closed it, it will have closed the others as well.
    pub(super) fn forget(&self, failure: &Failure) {
        if let Failure::Broken(error) = failure
            && !error.is_timeout()
        {
            self.idle().clear();
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Conn>> {
        // A connection is pushed or popped whole.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connect(&self) -> Result<Conn, Failure> {
        let begun = Instant::now();
        let inner = self
            .client
            .get_connection_with_timeout(self.options.connect_timeout)
            .map_err(Failure::Connect)?;
        inner
            .set_write_timeout(Some(self.options.response_timeout))
            .map_err(Failure::Connect)?;
        let mut conn = Conn {
            inner,
            read_timeout: Duration::MAX,
            used: begun,
            name: None,
        };
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
        let mut commands = Vec::new();
        let mut required = 0;
        if let Some(password) = &self.login.password {
            let mut auth = cmd("AUTH");
            if let Some(username) = &self.login.username {
                auth.arg(username);
            }
            auth.arg(password).write_packed_command(&mut commands);
            required += 1;
        }
        if self.login.database != 0 {
            cmd("SELECT")
                .arg(self.login.database)
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
        conn.name = answers.pop().and_then(ClientName::read);
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

impl ClientName {
    /// Of what `CLIENT INFO` says: `id=3 addr=127.0.0.1:50000 …`.
    fn read(answer: Value) -> Option<Self> {
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

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("server", &self.server())
            .finish_non_exhaustive()
    }
}

#[cfg(not(feature = "redis-tls"))]
fn client(info: ConnectionInfo, _: &RedisOptions) -> Result<Client, TransportError> {
    Client::open(info).map_err(no_client)
}

#[cfg(feature = "redis-tls")]
fn client(info: ConnectionInfo, options: &RedisOptions) -> Result<Client, TransportError> {
    // Where something else in this program brings another one, nobody has chosen yet. What was chosen stays.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let given = options.root_certificates.is_some() || options.client_certificate.is_some();
    if !given || !matches!(info.addr(), redis::ConnectionAddr::TcpTls { .. }) {
        return Client::open(info).map_err(no_client);
    }
    let certificates = redis::TlsCertificates {
        client_tls: options
            .client_certificate
            .as_ref()
            .map(|client| redis::ClientTlsConfig {
                client_cert: client.certificate.clone(),
                client_key: client.key.clone(),
            }),
        root_cert: options.root_certificates.clone(),
    };
    Client::build_with_tls(info, certificates).map_err(no_client)
}

fn no_client(error: redis::RedisError) -> TransportError {
    TransportError::new(
        TransportErrorKind::Refused,
        NAME,
        "cannot use the URL and the certificates",
    )
    .because(error)
}
