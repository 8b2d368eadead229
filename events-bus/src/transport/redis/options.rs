//! Settings of the transport.

use std::time::Duration;

/// How a [`RedisTransport`](super::RedisTransport) behaves.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RedisOptions {
    /// How long connecting may take, the handshake included. Default: 5 seconds. Looking up the host's name is not included: the
    /// operating system has a limit of its own for that.
    pub connect_timeout: Duration,
    /// How long the server may be silent while an answer is expected of it; what waits for new entries adds the time that it
    /// waits for them. Default: 5 seconds.
    pub response_timeout: Duration,
    /// How long it is remembered which receivers handled an event. It is forgotten after at most three times that time. Zero
    /// remembers nothing. Default: 10 minutes.
    ///
    /// For each event of that time the server keeps about 100 bytes, however many receivers it has.
    pub duplicate_window: Duration,
    /// The certificates, in PEM, that sign the server's certificate, for `rediss://`. Default: those of the operating system.
    #[cfg(feature = "redis-tls")]
    pub root_certificates: Option<Vec<u8>>,
    /// The client's certificate and its key, in PEM, for servers that ask for them.
    #[cfg(feature = "redis-tls")]
    pub client_certificate: Option<ClientCertificate>,
}

impl Default for RedisOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            response_timeout: Duration::from_secs(5),
            duplicate_window: Duration::from_mins(10),
            #[cfg(feature = "redis-tls")]
            root_certificates: None,
            #[cfg(feature = "redis-tls")]
            client_certificate: None,
        }
    }
}

/// What a client shows to a server that wants to know it.
#[cfg(feature = "redis-tls")]
#[derive(Clone)]
#[expect(clippy::exhaustive_structs, reason = "a certificate and its key")]
pub struct ClientCertificate {
    /// The certificate and those between it and the root, in PEM.
    pub certificate: Vec<u8>,
    /// The private key, in PEM.
    pub key: Vec<u8>,
}

/// Without the key.
#[cfg(feature = "redis-tls")]
impl std::fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientCertificate").finish_non_exhaustive()
    }
}
