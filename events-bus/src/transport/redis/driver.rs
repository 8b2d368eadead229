//! The driver of the Redis transport. It exists without the feature `redis`, to name the feature in errors.

mod url;

use core::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use events_core::config::kit::quoted;

use super::{
    Check, ConfigErrorKind as Kind, Driver, OpenOptions, Secret, Settings, Table, Variables,
};
use crate::transport::{SharedTransport, TransportError};

const TIMEOUT: RangeInclusive<Duration> = Duration::from_millis(10)..=Duration::from_mins(10);
const WAIT_REPLICAS: RangeInclusive<i64> = 0..=100;

/// `transport = "redis"`
#[derive(Debug)]
pub(super) struct Redis;

impl Driver for Redis {
    fn name(&self) -> &'static str {
        "redis"
    }

    fn urls(&self) -> &'static [&'static str] {
        &[
            "redis://HOST:PORT/DATABASE",
            "rediss://HOST:PORT/DATABASE",
            "redis+unix://SOCKET",
            "unix://SOCKET",
        ]
    }

    fn settings(&self) -> Box<dyn Settings> {
        Box::new(RedisConfig::new(""))
    }
}

/// A Redis server.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RedisConfig {
    /// URL of the server, which may hold a password: `redis://`, `rediss://` (TLS) or `redis+unix://`.
    pub url: Secret,
    /// Environment variable that a configuration names, if it has no URL or a wrong one.
    wrong_variable: Option<String>,
    /// Name of the user. Defaults to that of the URL.
    pub username: Option<String>,
    /// File with the password, which is read at each connect. Defaults to the password of the URL.
    pub password_file: Option<PathBuf>,
    /// Maximum time for connecting. Defaults to 5 seconds.
    pub connect_timeout: Duration,
    /// Maximum time for an answer. Defaults to 5 seconds.
    pub response_timeout: Duration,
    /// Number of replicas that must acknowledge a publication. Defaults to 0.
    pub wait_replicas: u32,
    /// File with the certificates, in PEM, that sign the server's certificate, for `rediss://`. It is read at each connect. A
    /// relative path begins in the working directory of the process. Defaults to the certificates of the operating system.
    pub root_certificates: Option<PathBuf>,
    /// File with the certificate that the client shows to the server, and those between it and the root, in PEM; with
    /// [`client_key`](Self::client_key).
    pub client_certificate: Option<PathBuf>,
    /// File with the private key of the client's certificate, in PEM.
    pub client_key: Option<PathBuf>,
}

impl RedisConfig {
    /// Creates the settings of a server.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: Secret::new(url),
            wrong_variable: None,
            username: None,
            password_file: None,
            connect_timeout: Duration::from_secs(5),
            response_timeout: Duration::from_secs(5),
            wait_replicas: 0,
            root_certificates: None,
            client_certificate: None,
            client_key: None,
        }
    }

    fn check_url(&self, check: &mut Check<'_>) {
        let url = self.url.expose();
        if let Some(variable) = &self.wrong_variable {
            let (key, variable) = (check.name("url_env"), quoted(variable));
            let message = if url.is_empty() {
                Some(format!(
                    "{key} is {variable}, and this environment variable is not set or empty; set it to a URL such as \
                     `redis://localhost:6379/0`, or correct its name"
                ))
            } else {
                let what = format!("environment variable {variable}, which {key} names,");
                url::problem(url).map(|problem| format!("{what} {problem}"))
            };
            if let Some(message) = message {
                check.problem(Kind::InvalidValue, &["url_env"], message);
            }
        } else if url.is_empty() {
            check.missing(
                &["url", "url_env"],
                "add it with a URL such as `\"redis://localhost:6379/0\"`, or `url_env` with the name of an environment variable \
                 that has it",
            );
        } else if let Some(problem) = url::problem(url) {
            let message = format!("{} {problem}", check.name("url"));
            check.problem(Kind::InvalidValue, &["url"], message);
        }
    }

    fn check_certificates(&self, check: &mut Check<'_>) {
        let files = [
            ("root_certificates", &self.root_certificates),
            ("client_certificate", &self.client_certificate),
            ("client_key", &self.client_key),
        ];
        let url = self.url.expose();
        for (key, _) in files.into_iter().filter(|(_, file)| file.is_some()) {
            if !url.is_empty() && !url.starts_with("rediss:") {
                let message = format!(
                    "{} is for TLS, and the URL of the server does not begin with `rediss://`; correct the URL, or remove the key",
                    check.name(key)
                );
                check.problem(Kind::Conflict, &[key, "url", "url_env"], message);
            }
        }
        let [_, certificate, key] = files;
        check_pair(check, certificate, key);
        check_pair(check, key, certificate);
    }
}

/// Reports the first of two files if it is given without the second.
fn check_pair(
    check: &mut Check<'_>,
    (given, file): (&str, &Option<PathBuf>),
    (missing, other): (&str, &Option<PathBuf>),
) {
    if file.is_some() && other.is_none() {
        let message = format!(
            "{} is given without {}, and a client shows both or none; add the other one, or remove it",
            check.name(given),
            check.name(missing)
        );
        check.problem(Kind::Conflict, &[given], message);
    }
}

impl Settings for RedisConfig {
    fn driver(&self) -> &'static dyn Driver {
        &Redis
    }

    fn layer(&mut self, table: &mut Table<'_>, variables: &Variables<'_>) {
        let url = table.text("url", "redis://localhost:6379/0");
        let variable = table.text("url_env", "REDIS_URL");
        if let Some(origin) = table.origin_of("url").and(table.origin_of("url_env")) {
            table.problem(
                Kind::Conflict,
                origin,
                "`bus.redis.url` and `bus.redis.url_env` are both given, and only one can count; remove one",
            );
        }
        if let Some(url) = url {
            self.url = Secret::new(url.value);
            self.wrong_variable = None;
        } else if let Some(variable) = variable {
            let url = variables(&variable.value).unwrap_or_default();
            self.wrong_variable = url::problem(&url).map(|_| variable.value);
            self.url = Secret::new(url);
        }
        if let Some(username) = table.text("username", "events") {
            self.username = Some(username.value);
        }
        if let Some(timeout) = table.duration("connect_timeout", TIMEOUT) {
            self.connect_timeout = timeout.value;
        }
        if let Some(timeout) = table.duration("response_timeout", TIMEOUT) {
            self.response_timeout = timeout.value;
        }
        let replicas = table.integer("wait_replicas", WAIT_REPLICAS);
        if let Some(replicas) = replicas.and_then(|number| u32::try_from(number.value).ok()) {
            self.wait_replicas = replicas;
        }
        let files = [
            (&mut self.password_file, "password_file", "redis-password"),
            (
                &mut self.root_certificates,
                "root_certificates",
                "authority.pem",
            ),
            (
                &mut self.client_certificate,
                "client_certificate",
                "service.pem",
            ),
            (&mut self.client_key, "client_key", "service.key"),
        ];
        for (slot, key, example) in files {
            if let Some(file) = table.text(key, example) {
                *slot = Some(file.value.into());
            }
        }
    }

    fn set_url(&mut self, url: &str) -> Result<(), String> {
        if let Some(problem) = url::problem(url) {
            return Err(problem);
        }
        self.url = Secret::new(url);
        self.wrong_variable = None;
        // They belong to the former server, and no other may see the password.
        self.username = None;
        self.password_file = None;
        Ok(())
    }

    fn check(&self, check: &mut Check<'_>) {
        self.check_url(check);
        check.duration("connect_timeout", self.connect_timeout, &TIMEOUT);
        check.duration("response_timeout", self.response_timeout, &TIMEOUT);
        check.number("wait_replicas", self.wait_replicas, &WAIT_REPLICAS);
        if self.username.is_some() && self.password_file.is_none() {
            let message = format!(
                "{} is given without {}; add the file with the password, or write both into the URL: \
                 `redis://user:password@host`",
                check.name("username"),
                check.name("password_file")
            );
            check.problem(Kind::Conflict, &["username"], message);
        }
        self.check_certificates(check);
    }

    #[cfg(feature = "redis")]
    fn open(&self, options: &OpenOptions) -> Result<SharedTransport, TransportError> {
        use crate::transport::redis::RedisTransport;

        #[cfg(not(feature = "redis-tls"))]
        if self.root_certificates.is_some() || self.client_certificate.is_some() {
            return Err(super::not_built("redis", "redis-tls"));
        }
        let transport = RedisTransport::open(self.url.expose(), self.options(options))?;
        Ok(std::sync::Arc::new(transport))
    }

    #[cfg(not(feature = "redis"))]
    fn open(&self, _: &OpenOptions) -> Result<SharedTransport, TransportError> {
        Err(super::not_built("redis", "redis"))
    }

    fn is_remote(&self) -> bool {
        true
    }
}

#[cfg(feature = "redis")]
impl RedisConfig {
    fn options(&self, options: &OpenOptions) -> crate::transport::redis::RedisOptions {
        use crate::transport::redis::{Credentials, Login, RedisOptions};

        let mut redis = RedisOptions {
            connect_timeout: self.connect_timeout,
            response_timeout: self.response_timeout,
            duplicate_window: options.duplicate_window,
            wait_replicas: self.wait_replicas,
            ..RedisOptions::default()
        };
        if let Some(file) = self.password_file.clone() {
            let username = self.username.clone();
            redis.credentials = Some(Credentials::new(move || {
                let password = std::fs::read_to_string(&file)?;
                Ok(Login {
                    username: username.clone(),
                    password: Some(password.trim_end_matches(['\r', '\n']).to_owned()),
                })
            }));
        }
        #[cfg(feature = "redis-tls")]
        {
            redis.root_certificates.clone_from(&self.root_certificates);
            if let (Some(certificate), Some(key)) = (&self.client_certificate, &self.client_key) {
                redis.client_certificate = Some(crate::transport::redis::ClientCertificate {
                    certificate: certificate.clone(),
                    key: key.clone(),
                });
            }
        }
        redis
    }
}
