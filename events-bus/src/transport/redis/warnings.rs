//! Warnings about settings of the server that may cost events.

use redis::cmd;

use super::answer;
use super::commands::{Commands, next};
use super::connection::Conn;
use super::failure::Failure;

/// The oldest version with every command that is needed.
const OLDEST: (u32, u32) = (6, 2);

/// The oldest version that counts what groups have read.
const COUNTS: (u32, u32) = (7, 0);

/// Returns one sentence for each setting that may cost events. Settings that the user may not see are passed over.
pub(super) fn warnings(conn: &mut Conn, server: &str) -> Result<Vec<String>, Failure> {
    let mut commands = Commands::new(0);
    commands
        .add(&cmd("INFO"))
        .add(cmd("CONFIG").arg("GET").arg("save"))
        .add(cmd("CONFIG").arg("GET").arg("appendonly"));
    let mut answers = commands.ask(conn)?;
    let info = answer::text(next(&mut answers)?).unwrap_or_default();
    let mut setting = || -> Result<Option<String>, Failure> {
        // A refusal, and a server that does not know the setting.
        let pair = answer::list(next(&mut answers)?).unwrap_or_default();
        Ok(pair
            .into_iter()
            .nth(1)
            .and_then(|value| answer::text(value).ok()))
    };
    let (save, append) = (setting()?, setting()?);
    Ok(explain(&info, save.as_deref(), append.as_deref(), server))
}

fn explain(info: &str, save: Option<&str>, append: Option<&str>, server: &str) -> Vec<String> {
    let find = |name: &str| {
        let mut lines = info.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
    };
    let mut warnings = Vec::new();
    if let Some(given) = find("redis_version")
        && let Some(version) = version(given)
    {
        if version < OLDEST {
            warnings.push(format!(
                "`{server}` runs Redis {given}, which lacks commands that this transport needs; upgrade it to 7.0 or later"
            ));
        } else if version < COUNTS {
            warnings.push(format!(
                "`{server}` runs Redis {given}, which does not count unread entries, so that the lag and lost entries of a group \
                 are not reported; upgrade it to 7.0 or later"
            ));
        }
    }
    let is_bounded = find("maxmemory").is_some_and(|bytes| bytes != "0");
    if let Some(policy) = find("maxmemory_policy")
        && is_bounded
        && policy != "noeviction"
    {
        warnings.push(format!(
            "`{server}` may drop whole topics when its memory is full, as `maxmemory-policy` is `{policy}`; set it to `noeviction`"
        ));
    }
    let appends = match append {
        Some(append) => Some(append == "yes"),
        None => find("aof_enabled").map(|enabled| enabled == "1"),
    };
    if appends == Some(false) && save == Some("") {
        warnings.push(format!(
            "`{server}` loses all events when it ends, as it keeps nothing on disk; set `appendonly yes`"
        ));
    }
    warnings
}

fn version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.split('.').map(str::parse);
    Some((parts.next()?.ok()?, parts.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_setting_has_its_sentence() {
        let info = |version: &str, maxmemory: u8, policy: &str| {
            format!(
                "# Server\r\nredis_version:{version}\r\n# Memory\r\nmaxmemory:{maxmemory}\r\nmaxmemory_human:0B\r\n\
                 maxmemory_policy:{policy}\r\naof_enabled:0\r\n"
            )
        };
        let says = |info: &str, save, append, words: &[&str]| {
            let warnings = explain(info, save, append, "here");
            assert_eq!(warnings.len(), words.len(), "{warnings:?}");
            for (warning, word) in warnings.iter().zip(words) {
                assert!(warning.contains(word), "{warning}");
            }
        };
        let good = info("7.0.15", 0, "noeviction");
        says(&good, Some(""), Some("yes"), &[]);
        says(&good, Some("3600 1"), Some("no"), &[]);
        says(&good, Some(""), Some("no"), &["appendonly yes"]);
        says(&good, None, None, &[]);
        says("", None, None, &[]);
        says(&info("7.0.15", 0, "allkeys-lru"), None, None, &[]);
        says(
            &info("7.0.15", 9, "allkeys-lru"),
            None,
            None,
            &["`noeviction`"],
        );
        says(&info("6.2.14", 9, "noeviction"), None, None, &["lag"]);
        says(
            &info("5.0.7", 9, "noeviction"),
            None,
            None,
            &["lacks commands"],
        );
    }
}
