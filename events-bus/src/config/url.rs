//! URLs of Redis servers.

/// The schemes that there are; `unix` is another name of `redis+unix`.
const SCHEMES: &[&str] = &["redis", "rediss", "redis+unix", "unix"];

/// What is wrong with a URL, without a word of it: it may hold a password, and with a slip in it anywhere.
pub(super) fn problem(url: &str) -> Option<&'static str> {
    if url
        .chars()
        .any(|char| char.is_whitespace() || char.is_control())
    {
        return Some("has white space or control characters");
    }
    let Some((scheme, rest)) = url.split_once("://") else {
        return Some("has no scheme");
    };
    if !SCHEMES.contains(&scheme) {
        return Some("has a scheme that is none of a Redis server");
    }
    let rest = rest.split('?').next().unwrap_or(rest);
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    if scheme.ends_with("unix") {
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
        return Some("has a port that is no number of a port");
    }
    if !path.is_empty() && path.parse::<u32>().is_err() {
        return Some("has a database that is no number");
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
            assert_eq!(problem(url), None, "{url}");
        }
    }

    #[test]
    fn what_is_none_is_told_without_a_word_of_it() {
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
            ("redis+unix://", "has no path"),
            ("redis+unix://run/redis.sock", "has no path"),
        ] {
            let told = problem(url).unwrap_or_default();
            assert!(told.starts_with(what), "{url}: {told}");
            assert!(!told.contains("secret"), "{url}: {told}");
        }
    }
}
