//! What of a configuration is not shown.

use std::borrow::Cow;

/// What stands for a secret.
const HIDDEN: &str = "…";

/// Parts of the names of keys whose values are secrets.
const SECRET_KEYS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "credential",
];
/// The same for the parameters of a URL.
const SECRET_PARAMETERS: &[&str] = &["pass", "password", "token", "secret"];

/// Whether the value of a key is a secret. The key may be a path; its last part says what the value is.
pub(super) fn is_secret(key: &str) -> bool {
    let key = key.rsplit('.').next().unwrap_or_default().to_lowercase();
    SECRET_KEYS.iter().any(|part| key.contains(part))
}

/// A value as it may be shown where everything else is.
pub(super) fn shown<'a>(key: &str, value: &'a str) -> Cow<'a, str> {
    if is_secret(key) {
        Cow::Borrowed(HIDDEN)
    } else {
        masked(value)
    }
}

/// A text without the password of the URL that it may be. In doubt more is hidden than the password: also in a URL with a slip.
pub(super) fn masked(text: &str) -> Cow<'_, str> {
    match (user_info(text), parameters(text)) {
        (None, None) => Cow::Borrowed(text),
        (Some(text), None) | (None, Some(text)) => Cow::Owned(text),
        (Some(text), Some(_)) => Cow::Owned(parameters(&text).unwrap_or(text)),
    }
}

/// `redis://user:…@host` of `redis://user:password@host`.
fn user_info(text: &str) -> Option<String> {
    let start = scheme(text);
    let rest = text.get(start..)?;
    let (from, to) = match rest.rfind('@') {
        Some(at) => match rest.get(..at)?.find(':') {
            Some(colon) => (colon + 1, at),
            // The name of a user, or a token in its place.
            None if start > 0 => (0, at),
            None => return None,
        },
        // No more than a host, unless the port is none: then the host may have been forgotten.
        None if start > 0 => {
            let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
            let authority = rest.get(..end)?;
            let host = authority.rfind(']').unwrap_or_default();
            let from = host + authority.get(host..)?.find(':')? + 1;
            let port = authority.get(from..)?;
            if port.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            (from, rest.len())
        }
        None => return None,
    };
    let (before, after) = (text.get(..start + from)?, rest.get(to..)?);
    Some(format!("{before}{HIDDEN}{after}"))
}

/// Where what is behind `redis://` begins; 0 where it does not begin so.
fn scheme(text: &str) -> usize {
    let in_scheme = |char: char| char.is_ascii_alphanumeric() || matches!(char, '+' | '-' | '.');
    let rest = text.trim_start_matches(in_scheme);
    let slashes = rest
        .strip_prefix(':')
        .map(|rest| rest.trim_start_matches('/'));
    match slashes {
        Some(after) if after.len() + 1 < rest.len() => text.len() - after.len(),
        _ => 0,
    }
}

/// `…?pass=…` of `…?pass=password`.
fn parameters(text: &str) -> Option<String> {
    let (before, query) = text.split_once('?')?;
    let mut found = false;
    let parameters = query.split('&').map(|parameter| {
        let name = parameter.split('=').next().unwrap_or_default();
        let secret = name.len() < parameter.len()
            && SECRET_PARAMETERS
                .iter()
                .any(|known| name.eq_ignore_ascii_case(known));
        found |= secret;
        if secret {
            format!("{name}={HIDDEN}")
        } else {
            parameter.to_owned()
        }
    });
    let query = parameters.collect::<Vec<_>>().join("&");
    found.then(|| format!("{before}?{query}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_shown() {
        for (text, shown) in [
            (
                "redis://user:secret@host:6379/0",
                "redis://user:…@host:6379/0",
            ),
            ("rediss://:secret@host", "rediss://:…@host"),
            ("redis://user:se:c/r?e#t@x@host/0", "redis://user:…@host/0"),
            ("redis:/user:secret@host", "redis:/user:…@host"),
            ("redis:user:secret@host", "redis:…@host"),
            ("user:secret@host", "user:…@host"),
            ("redis://user:secret", "redis://user:…"),
            ("redis://token@host", "redis://…@host"),
            ("redis://[::1]:secret/0", "redis://[::1]:…"),
            (
                "redis+unix:///run/r.sock?db=1&pass=secret&user=a",
                "redis+unix:///run/r.sock?db=1&pass=…&user=a",
            ),
            (
                "redis://a:secret@b?PASSWORD=secret",
                "redis://a:…@b?PASSWORD=…",
            ),
        ] {
            assert_eq!(masked(text), shown);
        }
    }

    #[test]
    fn what_is_no_secret_is_shown() {
        for text in [
            "redis://host:6379/0",
            "redis://[::1]:6379/0",
            "redis://[::1]",
            "redis+unix:///run/redis.sock",
            "openedx_events.learning.signals.SESSION_LOGIN_COMPLETED",
            "greeter::receivers::warn",
            "someone@example.org",
            "C:\\events.db",
            "a?b=c&d",
            "",
        ] {
            assert_eq!(masked(text), text);
        }
    }

    #[test]
    fn keys_of_secrets_hide_their_values() {
        assert_eq!(shown("bus.redis.Password", "x"), "…");
        assert_eq!(shown("bus.redis.url", "x"), "x");
        assert_eq!(shown("bus.producer.token.enabled", "true"), "true");
    }
}
