//! Settings of the transport.

use std::error::Error;
use std::fmt;
#[cfg(feature = "redis-tls")]
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Settings of a [`RedisTransport`](super::RedisTransport).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RedisOptions {
    /// Maximum time for connecting, the handshake included. Defaults to 5 seconds. The look-up of the host's name is not included:
    /// the operating system has its own limit for that.
    pub connect_timeout: Duration,
    /// Maximum time for which the server may be silent while an answer is expected. A call that waits for new entries adds the
    /// time of its wait. Defaults to 5 seconds.
    pub response_timeout: Duration,
    /// Time for which the receivers that handled an event are remembered. They are forgotten after at most three times this
    /// time. Zero remembers nothing. Defaults to 10 minutes.
    ///
    /// The server keeps about 100 bytes for each event of this time, however many receivers it has.
    pub duplicate_window: Duration,
    /// Number of replicas that acknowledge each publication before it counts as done. Defaults to 0.
    ///
    /// A publication that fewer replicas acknowledge within `response_timeout` fails with an unknown outcome. This narrows the
    /// loss of a failover and does not exclude it: a replica that acknowledged nothing may be promoted.
    pub wait_replicas: u32,
    /// Source of the user's name and password, which is asked at each connect. Defaults to those of the URL.
    pub credentials: Option<Credentials>,
    /// File with the certificates, in PEM, that sign the server's certificate, for `rediss://`. It is read at each connect.
    /// Defaults to the certificates of the operating system.
    #[cfg(feature = "redis-tls")]
    pub root_certificates: Option<PathBuf>,
    /// Certificate and key of the client, for servers that ask for them. The files are read at each connect.
    #[cfg(feature = "redis-tls")]
    pub client_certificate: Option<ClientCertificate>,
}

impl Default for RedisOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            response_timeout: Duration::from_secs(5),
            duplicate_window: Duration::from_mins(10),
            wait_replicas: 0,
            credentials: None,
            #[cfg(feature = "redis-tls")]
            root_certificates: None,
            #[cfg(feature = "redis-tls")]
            client_certificate: None,
        }
    }
}

/// Name and password of a user.
#[derive(Clone, Default)]
#[expect(clippy::exhaustive_structs, reason = "a name and a password")]
pub struct Login {
    /// Name. `None` for the default user.
    pub username: Option<String>,
    /// Password. `None` does not log in.
    pub password: Option<String>,
}

/// Without the password.
impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

type Ask = dyn Fn() -> Result<Login, Box<dyn Error + Send + Sync>> + Send + Sync;

/// A source of credentials, such as a file that a secret store renews. It is asked at each connect.
///
/// ```
/// use events_bus::transport::redis::{Credentials, Login, RedisOptions};
///
/// let mut options = RedisOptions::default();
/// options.credentials = Some(Credentials::new(|| {
///     let password = std::fs::read_to_string("/run/secrets/redis")?;
///     Ok(Login {
///         username: Some("events".to_owned()),
///         password: Some(password.trim_end().to_owned()),
///     })
/// }));
/// ```
#[derive(Clone)]
pub struct Credentials(Arc<Ask>);

impl Credentials {
    /// Creates a source from a function. The function may block for a short time.
    pub fn new(
        ask: impl Fn() -> Result<Login, Box<dyn Error + Send + Sync>> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(ask))
    }

    pub(super) fn ask(&self) -> Result<Login, Box<dyn Error + Send + Sync>> {
        (self.0)()
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}

/// Files with the certificate that a client shows to a server, and its key.
#[cfg(feature = "redis-tls")]
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_structs, reason = "a certificate and its key")]
pub struct ClientCertificate {
    /// File with the certificate and those between it and the root, in PEM.
    pub certificate: PathBuf,
    /// File with the private key, in PEM.
    pub key: PathBuf,
}
