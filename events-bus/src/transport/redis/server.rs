//! The server that a URL names: its address, its certificates, and the user that logs in.

use redis::{Client, ConnectionInfo, IntoConnectionInfo, ProtocolVersion};

use super::failure::{Failure, NAME};
use super::options::{Login, RedisOptions};
use crate::transport::{TransportError, TransportErrorKind};

/// A server, and the user that logs in.
pub(super) struct Server {
    info: ConnectionInfo,
    /// The client library does not get to know it: what it does not have it cannot print, and its handshake waits for each
    /// answer as long as for all.
    login: Login,
    pub(super) database: i64,
}

impl Server {
    /// Reads a URL. Nothing is connected yet.
    pub(super) fn open(url: &str, options: &RedisOptions) -> Result<Self, TransportError> {
        let info = url.into_connection_info().map_err(|error| {
            refused(
                "cannot read the URL of the server; write `redis://user:password@host:port/database`, `rediss://…` for TLS, \
                 or `redis+unix:///path?db=0`",
            )
            .because(error)
        })?;
        check_parameters(url)?;
        let settings = info.redis_settings();
        let login = Login {
            username: settings.username().map(str::to_owned),
            password: settings.password().map(str::to_owned),
        };
        let database = settings.db();
        let settings = redis::RedisConnectionInfo::default()
            .set_protocol(ProtocolVersion::RESP2)
            .set_skip_set_lib_name();
        let nodelay = info.tcp_settings().clone().set_nodelay(true);
        let server = Self {
            info: info.set_redis_settings(settings).set_tcp_settings(nodelay),
            login,
            database,
        };
        // A file that cannot be read is an error now, and not at the first call.
        server.client(options)?;
        Ok(server)
    }

    /// Returns the address, without the user.
    pub(super) fn address(&self) -> String {
        self.info.addr().to_string()
    }

    /// Returns the name and the password as of now.
    pub(super) fn login(&self, options: &RedisOptions) -> Result<Login, Failure> {
        let Some(credentials) = &options.credentials else {
            return Ok(self.login.clone());
        };
        credentials.ask().map_err(|error| {
            Failure::Own(
                TransportError::new(
                    TransportErrorKind::Unavailable,
                    NAME,
                    format!(
                        "cannot log in to `{}`: `credentials` returned an error",
                        self.address()
                    ),
                )
                .because(error),
            )
        })
    }

    /// Connects, with the certificates as of now.
    pub(super) fn connect(&self, options: &RedisOptions) -> Result<redis::Connection, Failure> {
        self.client(options)
            .map_err(Failure::Own)?
            .get_connection_with_timeout(options.connect_timeout)
            .map_err(Failure::Connect)
    }

    #[cfg(not(feature = "redis-tls"))]
    fn client(&self, _: &RedisOptions) -> Result<Client, TransportError> {
        Client::open(self.info.clone()).map_err(no_client)
    }

    #[cfg(feature = "redis-tls")]
    fn client(&self, options: &RedisOptions) -> Result<Client, TransportError> {
        let info = self.info.clone();
        if !matches!(info.addr(), redis::ConnectionAddr::TcpTls { .. }) {
            return Client::open(info).map_err(no_client);
        }
        // The client library takes no configuration of rustls, only the provider of the process. It panics if there is none and
        // the program is built with several. A provider that the program has chosen stays.
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let certificates = redis::TlsCertificates {
            client_tls: match &options.client_certificate {
                Some(client) => Some(redis::ClientTlsConfig {
                    client_cert: read("client_certificate", &client.certificate)?,
                    client_key: read("client_key", &client.key)?,
                }),
                None => None,
            },
            root_cert: match &options.root_certificates {
                Some(path) => Some(read("root_certificates", path)?),
                None => None,
            },
        };
        if certificates.client_tls.is_none() && certificates.root_cert.is_none() {
            return Client::open(info).map_err(no_client);
        }
        Client::build_with_tls(info, certificates).map_err(no_client)
    }
}

/// Refuses parameters that the client library passes over in silence. Their values may be passwords.
fn check_parameters(url: &str) -> Result<(), TransportError> {
    let (url, _) = url.split_once('#').unwrap_or((url, ""));
    let Some((address, query)) = url.split_once('?') else {
        return Ok(());
    };
    let is_socket = address.contains("unix:");
    let known: &[&str] = if is_socket {
        &["db", "user", "pass", "protocol"]
    } else {
        &["protocol"]
    };
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        let (name, _) = parameter.split_once('=').unwrap_or((parameter, ""));
        if known.contains(&name) {
            continue;
        }
        let name: String = name.chars().take(40).collect();
        let remedy = match &*name {
            "password" | "pass" | "username" | "user" if !is_socket => {
                "write the user before the host: `redis://user:password@host`"
            }
            "db" | "database" if !is_socket => {
                "write the number of the database after the host: `redis://host:port/0`"
            }
            _ if is_socket => "remove it; the URL of a socket knows `db`, `user` and `pass`",
            _ => "remove it",
        };
        return Err(refused(&format!(
            "the URL of the server has the unknown parameter `{}`: {remedy}",
            name.escape_debug()
        )));
    }
    Ok(())
}

#[cfg(feature = "redis-tls")]
fn read(setting: &str, path: &std::path::Path) -> Result<Vec<u8>, TransportError> {
    std::fs::read(path).map_err(|error| {
        // Whoever renews the file may be at it.
        TransportError::new(
            TransportErrorKind::Unavailable,
            NAME,
            format!("cannot read the file `{}` of `{setting}`", path.display()),
        )
        .because(error)
    })
}

fn refused(message: &str) -> TransportError {
    TransportError::new(TransportErrorKind::Refused, NAME, message)
}

fn no_client(error: redis::RedisError) -> TransportError {
    refused("cannot use the URL and the certificates").because(error)
}
