//! Failures of calls to the server, and the errors that they become.

use redis::{ErrorKind, RedisError, ServerError};

use crate::transport::{TransportError, TransportErrorKind};

pub(super) const NAME: &str = "redis";

/// Reason why a call to the server has no result.
#[derive(Debug)]
pub(super) enum Failure {
    /// There is no connection, and nothing was sent.
    Connect(RedisError),
    /// The connection broke, or the server was silent for too long: it may have done what it was asked for.
    Broken(RedisError),
    /// The server refused.
    Server(ServerError),
    /// The server's answer was not expected.
    Answer(&'static str),
    /// The epoch of the call is old.
    LostLease,
    /// The transport's own words.
    Own(TransportError),
}

impl Failure {
    /// Returns `true` if the server does not know the group or its stream, or lost it while a call waited for it.
    pub(super) fn is_no_group(&self) -> bool {
        matches!(self, Self::Server(error) if matches!(error.code(), "NOGROUP" | "UNBLOCKED"))
    }

    /// Returns `true` if the server refused a write because its memory is full.
    pub(super) fn is_full(&self) -> bool {
        matches!(self, Self::Server(error) if error.code() == "OOM")
    }

    /// Returns `true` if another server may have become the one that takes data. A new connection finds it.
    pub(super) fn is_other_server(&self) -> bool {
        let code = match self {
            Self::Server(error) => Some(error.code()),
            Self::Connect(error) | Self::Broken(error) => error.code(),
            _ => None,
        };
        matches!(
            code,
            Some("READONLY" | "LOADING" | "MASTERDOWN" | "NOREPLICAS" | "CLUSTERDOWN")
        )
    }

    /// Returns `true` if the epoch of the call is old.
    pub(super) fn is_lost_lease(&self) -> bool {
        match self {
            Self::LostLease => true,
            Self::Server(error) => error.code() == "LOSTLEASE",
            _ => false,
        }
    }

    /// Returns `true` if the other side closed the connection.
    pub(super) fn is_closed(&self) -> bool {
        matches!(self, Self::Broken(error) if !error.is_timeout())
    }

    /// Returns `true` if the connection cannot be used any more.
    pub(super) fn breaks_connection(&self) -> bool {
        matches!(self, Self::Connect(_) | Self::Broken(_) | Self::Answer(_))
            || self.is_other_server()
    }

    /// Returns the error of the transport. `what` was tried, as in "publish to topic …"; `server` is its address.
    pub(super) fn explain(self, what: &str, server: &str) -> TransportError {
        match self {
            Self::Connect(error) => connect(&error, what, server),
            Self::Broken(error) => broken(error, what, server),
            Self::Server(error) if error.code() == "LOSTLEASE" => lost_lease(what),
            Self::Server(error) => refusal(error.code(), error.details(), what, server),
            Self::Answer(expected) => TransportError::new(
                TransportErrorKind::Refused,
                NAME,
                format!(
                    "cannot {what}: `{server}` did not answer with {expected}; this needs Redis 6.2 or later, or what speaks \
                     its protocol"
                ),
            ),
            Self::LostLease => lost_lease(what),
            Self::Own(error) => error,
        }
    }
}

fn lost_lease(what: &str) -> TransportError {
    TransportError::new(
        TransportErrorKind::LostLease,
        NAME,
        format!(
            "cannot {what}: the epoch is old, as another consumer leads or nobody does; take the lead again"
        ),
    )
}

fn connect(error: &RedisError, what: &str, server: &str) -> TransportError {
    if error.is_timeout() {
        return TransportError::new(
            TransportErrorKind::Unavailable,
            NAME,
            format!(
                "cannot {what}: `{server}` did not accept a connection within `connect_timeout`; it may be down or overloaded"
            ),
        );
    }
    // Refusals of the handshake have a code; the rest is of the network, or of TLS.
    if let Some(code) = error.code() {
        return refusal(code, error.detail(), what, server);
    }
    // Errors of TLS have no kind of their own.
    let is_untrusted = error.to_string().contains("certificate");
    let (kind, meaning) = match error.kind() {
        _ if is_untrusted => (
            TransportErrorKind::Refused,
            ", because one side does not trust the other; correct `root_certificates`, which sign the server's \
             certificate, or `client_certificate`",
        ),
        ErrorKind::InvalidClientConfig => (TransportErrorKind::Refused, ""),
        _ => (TransportErrorKind::Unavailable, ""),
    };
    TransportError::new(
        kind,
        NAME,
        format!("cannot {what}: no connection to `{server}`{meaning}"),
    )
    .because(error.clone())
}

fn broken(error: RedisError, what: &str, server: &str) -> TransportError {
    let kind = TransportErrorKind::Unavailable;
    if error.is_timeout() {
        // What the operating system says of it, "resource temporarily unavailable", misleads.
        let message = format!(
            "cannot {what}: `{server}` did not answer in time; it may be overloaded, or `response_timeout` too short"
        );
        return TransportError::new(kind, NAME, message).outcome_unknown();
    }
    let message = format!("cannot {what}: the connection to `{server}` broke");
    TransportError::new(kind, NAME, message)
        .because(error)
        .outcome_unknown()
}

/// Explains a code of the server, and names the remedy.
fn refusal(code: &str, details: Option<&str>, what: &str, server: &str) -> TransportError {
    use TransportErrorKind::{Full, Refused, Unavailable};
    let details = details.unwrap_or_default();
    let (kind, meaning) = match code {
        "OOM" => (
            Full,
            "is out of memory; free memory, raise `maxmemory`, or trim topics",
        ),
        "MISCONF" => (
            Full,
            "refuses writes because it cannot write to its disk; repair the disk, or set `stop-writes-on-bgsave-error no`",
        ),
        "READONLY" => (
            Unavailable,
            "is a replica; connect to the primary server, or wait until this one is",
        ),
        "LOADING" => (Unavailable, "is still reading its data"),
        "BUSY" => (
            Unavailable,
            "is busy with a script; wait for it, or end it with `SCRIPT KILL`",
        ),
        "MASTERDOWN" | "CLUSTERDOWN" | "TRYAGAIN" => (Unavailable, "is not ready"),
        "NOREPLICAS" => (
            Unavailable,
            "has fewer replicas than `min-replicas-to-write`; wait for them, or lower that setting",
        ),
        "NOAUTH" => (
            Refused,
            "requires a password; add it to the URL: `redis://user:password@host`",
        ),
        "WRONGPASS" => (
            Refused,
            "refuses the user name or the password; correct them in the URL",
        ),
        "NOPERM" => (
            Refused,
            "does not permit this user to do that; give it the commands and keys with `ACL SETUSER`",
        ),
        "WRONGTYPE" => (
            Refused,
            "has another type of value under the topic's name, or under one of its keys `events:{…}`; give the topic another \
             name, or remove the key",
        ),
        "MOVED" | "ASK" | "CROSSSLOT" => (
            Refused,
            "is part of a cluster, which this transport does not support; use a server that is not",
        ),
        "ERR" if details.starts_with("max number of clients") => (
            Unavailable,
            "has as many clients as it accepts; raise `maxclients`",
        ),
        // What Redis 6 and 7 say without a code: the default user has no password, or AUTH knows no names.
        "ERR" if details.contains("AUTH") => (
            Refused,
            "refuses the user name or the password; correct them in the URL",
        ),
        "ERR" if details.starts_with("DB index") || details.contains("SELECT") => (
            Refused,
            "has no database of that number; correct it at the end of the URL",
        ),
        "ERR" if details.starts_with("unknown") => (
            Refused,
            "does not know a command or an option; this needs Redis 6.2 or later",
        ),
        _ => (Refused, "refused"),
    };
    // The server may repeat arguments, and they may be payload.
    let repeats = details.starts_with("unknown") || details.contains("with args");
    let said = if repeats || details.is_empty() {
        code.to_owned()
    } else {
        format!("{code} {details}")
    };
    TransportError::new(kind, NAME, format!("cannot {what}: `{server}` {meaning}")).because(said)
}
