//! URLs of Redis servers.

/// The schemes of a server; `unix` is another name of `redis+unix`.
const SCHEMES: &[&str] = &["redis", "rediss", "redis+unix", "unix"];

/// Returns the problem of a URL and the remedy, as they follow its name. The text repeats nothing of the URL: a slip can make
/// any part of it a password.
pub(super) fn problem(url: &str) -> Option<String> {
    find(url).map(|problem| {
        format!(
            "{problem}, expected a URL such as `redis://host:6379/0`, `rediss://…` or `redis+unix:///…`; correct it, and write \
             special characters of a password in their percent encoding"
        )
    })
}

fn find(url: &str) -> Option<&'static str> {
    if url
        .chars()
        .any(|char| char.is_whitespace() || char.is_control())
    {
        return Some("has white space or control characters");
    }
    let Some((scheme, rest)) = url.split_once("://") else {
        return Some("has no scheme with `://`");
    };
    if !SCHEMES.contains(&scheme) {
        return Some("has a scheme that is none of a Redis server");
    }
    let is_socket = scheme.ends_with("unix");
    let (rest, _) = rest.split_once('#').unwrap_or((rest, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let known: &[&str] = if is_socket {
        &["db", "user", "pass", "protocol"]
    } else {
        &["protocol"]
    };
    let mut names = query.split('&').filter(|parameter| !parameter.is_empty());
    if names.any(|parameter| !known.contains(&parameter.split('=').next().unwrap_or(parameter))) {
        return Some("has an unknown parameter behind `?`");
    }
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    if is_socket {
        return (!authority.is_empty() || path.is_empty())
            .then_some("has no path of a socket behind its scheme");
    }
    let host = match authority.rsplit_once('@') {
        Some((_, host)) => host,
        None => authority,
    };
    let (host, port) = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').unwrap_or(("", rest)),
        None => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    if host.is_empty() {
        return Some("has no host");
    }
    if !port.is_empty() && !is_port(port) {
        return Some("has a port that is not a port number");
    }
    if !path.is_empty() && path.parse::<u32>().is_err() {
        return Some("has a database that is not a number");
    }
    None
}

fn is_port(port: &str) -> bool {
    let number = port.strip_prefix(':').map(str::parse::<u16>);
    matches!(number, Some(Ok(1..)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_servers_are_fine() {
        for url in [
            "redis://localhost",
            "redis://localhost:6379",
            "redis://localhost:6379/0",
            "redis://localhost/",
            "rediss://user:p%40ss@host.example.org:6380/15?protocol=resp3",
            "redis://:secret@10.0.0.1",
            "redis://[::1]:6379/1",
            "redis://[::1]",
            "redis://host?protocol=resp3",
            "redis+unix:///run/redis.sock",
            "unix:///run/redis.sock",
            "redis+unix:///run/redis.sock?db=1&pass=secret",
        ] {
            assert_eq!(find(url), None, "{url}");
        }
    }

    #[test]
    fn problems_repeat_nothing_of_the_url() {
        for (url, what) in [
            ("", "has no scheme"),
            ("localhost:6379", "has no scheme"),
            ("redis://ho st", "has white space"),
            ("http://localhost", "has a scheme"),
            ("redis://", "has no host"),
            ("redis:///0", "has no host"),
            ("redis://user:secret@", "has no host"),
            ("redis://user:secret@:6379", "has no host"),
            ("redis://user:secret", "has a port"),
            ("redis://host:0", "has a port"),
            ("redis://host:65536", "has a port"),
            ("redis://[::1:6379", "has no host"),
            ("redis://host/zero", "has a database"),
            ("redis://host/0?pasword=secret", "has an unknown parameter"),
            ("redis://host?db=1", "has an unknown parameter"),
            (
                "redis+unix:///run/redis.sock?database=1",
                "has an unknown parameter",
            ),
            ("redis+unix://", "has no path"),
            ("redis+unix://run/redis.sock", "has no path"),
        ] {
            let told = find(url).unwrap_or_default();
            assert!(told.starts_with(what), "{url}: {told}");
            assert!(!told.contains("secret"), "{url}: {told}");
        }
    }
}
