//! What can go wrong with a server, and what is said of it.

use redis::{ErrorKind, RedisError, ServerError};

use crate::transport::{TransportError, TransportErrorKind};

pub(super) const NAME: &str = "redis";

/// Why a question to the server has no answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// There is no connection, and nothing was sent.
    Connect(RedisError),
    /// The connection broke, or the server was silent for too long: it may have done what it was asked for.
    Broken(RedisError),
    /// The server refused.
    Server(ServerError),
    /// The server's answer is not what was expected.
    Answer(&'static str),
    /// The transport's own words.
    Own(TransportError),
}

impl Failure {
    /// The server does not know the group, or its stream, or has lost it while it was waited for.
    pub(super) fn is_no_group(&self) -> bool {
        matches!(self, Self::Server(error) if matches!(error.code(), "NOGROUP" | "UNBLOCKED"))
    }

    /// There is a group of that name already.
    pub(super) fn is_busy_group(&self) -> bool {
        matches!(self, Self::Server(error) if error.code() == "BUSYGROUP")
    }

    /// Nothing can be asked over the connection any more.
    pub(super) fn breaks_connection(&self) -> bool {
        matches!(self, Self::Connect(_) | Self::Broken(_) | Self::Answer(_))
    }

    /// As the error of the transport. `what` was tried, as in "publish to topic …"; `server` is its address.
    pub(super) fn explain(self, what: &str, server: &str) -> TransportError {
        match self {
            Self::Connect(error) => connect(&error, what, server),
            Self::Broken(error) => broken(error, what, server),
            Self::Server(error) => refusal(error.code(), error.details(), what, server),
            Self::Answer(expected) => TransportError::new(
                TransportErrorKind::Refused,
                NAME,
                format!(
                    "cannot {what}: `{server}` did not answer with {expected}; this needs Redis 6.2 or later, or what speaks \
                     its protocol"
                ),
            ),
            Self::Own(error) => error,
        }
    }
}

fn connect(error: &RedisError, what: &str, server: &str) -> TransportError {
    // What the server says in the handshake has a code; the rest is of the network, or of TLS.
    if let Some(code) = error.code() {
        return refusal(code, error.detail(), what, server);
    }
    // What TLS says has no kind of its own.
    let is_untrusted = error.to_string().contains("certificate");
    let (kind, meaning) = match error.kind() {
        _ if is_untrusted => (
            TransportErrorKind::Refused,
            ", as one side does not trust the other; see to `root_certificates`, which sign the server's, or to \
             `client_certificate`",
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
    let message = if error.is_timeout() {
        format!(
            "cannot {what}: `{server}` did not answer in time; it may be overloaded, or `response_timeout` too short"
        )
    } else {
        format!("cannot {what}: the connection to `{server}` broke")
    };
    TransportError::new(TransportErrorKind::Unavailable, NAME, message)
        .because(error)
        .outcome_unknown()
}

/// What the server's codes mean, and what to do.
fn refusal(code: &str, details: Option<&str>, what: &str, server: &str) -> TransportError {
    use TransportErrorKind::{Full, Refused, Unavailable};
    let details = details.unwrap_or_default();
    let (kind, meaning) = match code {
        "OOM" => (
            Full,
            "has no room; free memory, raise `maxmemory`, or trim topics",
        ),
        "MISCONF" => (
            Full,
            "takes no data, as it cannot write to its disk; see to the disk, or to `stop-writes-on-bgsave-error`",
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
            "has not the replicas that it wants before it takes data",
        ),
        "NOAUTH" => (
            Refused,
            "wants a password; write it into the URL, `redis://user:password@host`",
        ),
        "WRONGPASS" => (
            Refused,
            "refuses the name or the password; correct them in the URL",
        ),
        "NOPERM" => (
            Refused,
            "does not permit this user to do that; give it the commands and keys with `ACL SETUSER`",
        ),
        "WRONGTYPE" => (
            Refused,
            "has something else than a stream under that key, or under one of the topic's keys `events:{…}`; give the topic \
             another name, or remove the key",
        ),
        "MOVED" | "ASK" | "CROSSSLOT" => (
            Refused,
            "is a part of a cluster, which this transport does not speak to; use a server that is none",
        ),
        "ERR" if details.starts_with("max number of clients") => (
            Unavailable,
            "has as many clients as it takes; raise `maxclients`",
        ),
        // What Redis 6 and 7 say without a code: the default user has no password, or AUTH knows no names.
        "ERR" if details.contains("AUTH") => (
            Refused,
            "refuses the name or the password; correct them in the URL",
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
