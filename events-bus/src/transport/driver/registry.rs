//! The list of drivers.

use std::fmt;
use std::sync::{PoisonError, RwLock};

use events_core::config::kit::{did_you_mean, quoted};

use super::memory::Memory;
use super::redis::Redis;
use super::sqlite::Sqlite;
use super::{Driver, Settings};

/// The drivers of this crate. A transport whose feature is off is among them, so that the error can name the feature.
const BUILT_IN: [&dyn Driver; 3] = [&Sqlite, &Redis, &Memory];

/// Names that would hide another key of the table `bus`, and `none`.
const RESERVED: &[&str] = &[
    "consumer",
    "dead_letters",
    "max_event_bytes",
    "none",
    "outbox",
    "producer",
    "retry",
    "topic_prefix",
    "transport",
    "trim",
];

static REGISTERED: RwLock<Vec<&'static dyn Driver>> = RwLock::new(Vec::new());

/// Registers the driver of a transport of another crate, for the whole process.
///
/// Call it at the start of `main`: a configuration that was read before does not know the transport.
///
/// # Errors
/// Returns an error if the name or a URL of the driver is malformed, or belongs to another driver or to another key of the
/// table `bus`.
pub fn register(driver: &'static dyn Driver) -> Result<(), RegisterError> {
    let mut registered = REGISTERED.write().unwrap_or_else(PoisonError::into_inner);
    let others: Vec<_> = BUILT_IN.iter().chain(registered.iter()).copied().collect();
    if let Some(problem) = problem(driver, &others) {
        let name = quoted(driver.name());
        return Err(RegisterError(format!(
            "cannot register the transport {name}: {problem}"
        )));
    }
    registered.push(driver);
    Ok(())
}

/// Returns the reason why a driver cannot stand beside others, if any.
fn problem(driver: &dyn Driver, others: &[&dyn Driver]) -> Option<String> {
    let name = driver.name();
    let is_plain =
        |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || "-_".contains(char);
    if name.is_empty() || !name.chars().all(is_plain) {
        return Some(
            "the name must consist of lowercase ASCII letters, digits, `-` and `_`; correct `Driver::name`"
                .to_owned(),
        );
    }
    if RESERVED.contains(&name) {
        return Some(
            "the table `bus` has another key of this name; choose another name".to_owned(),
        );
    }
    if others.iter().any(|other| other.name() == name) {
        return Some(
            "another driver has this name; register each driver once, or choose another name"
                .to_owned(),
        );
    }
    for url in driver.urls() {
        let Some(scheme) = scheme(url) else {
            return Some(format!(
                "{} begins with no scheme; write a form such as `{name}://HOST:PORT` in `Driver::urls`",
                quoted(url)
            ));
        };
        if let Some(other) = others.iter().find(|other| has_scheme(**other, scheme)) {
            return Some(format!(
                "the scheme {} belongs to the transport {}; choose another one",
                quoted(scheme),
                quoted(other.name())
            ));
        }
    }
    None
}

/// Returns every driver: those of this crate, then the registered ones.
pub fn drivers() -> Vec<&'static dyn Driver> {
    let registered = REGISTERED.read().unwrap_or_else(PoisonError::into_inner);
    BUILT_IN.iter().chain(registered.iter()).copied().collect()
}

/// Creates the settings of the transport that a URL names.
///
/// # Errors
/// Returns an error if no driver has the scheme, or if its settings refuse the URL. The text follows the name of the URL and
/// repeats nothing that may be a password.
pub fn settings_of(url: &str) -> Result<Box<dyn Settings>, String> {
    let drivers = drivers();
    let given = scheme(url);
    let found = given.and_then(|given| drivers.iter().find(|driver| has_scheme(**driver, given)));
    if let Some(driver) = found {
        let mut settings = driver.settings();
        settings.set_url(url)?;
        return Ok(settings);
    }
    let urls = || drivers.iter().flat_map(|driver| driver.urls());
    let begins = match given {
        None => "begins with no scheme;".to_owned(),
        Some(given) => {
            let known = urls().filter_map(|url| scheme(url));
            let hint = did_you_mean(given, known);
            format!(
                "begins with {}, which names no transport{hint}",
                quoted(&format!("{given}:"))
            )
        }
    };
    // Not by `list`: it takes the form of a port for a password.
    let urls: Vec<_> = urls().copied().collect();
    Err(format!(
        "{begins} expected one of `{}`; correct it",
        urls.join("`, `")
    ))
}

fn has_scheme(driver: &dyn Driver, given: &str) -> bool {
    driver.urls().iter().any(|url| scheme(url) == Some(given))
}

/// Returns the scheme of a URL. What is longer than a scheme, or has other characters, may be a password.
fn scheme(url: &str) -> Option<&str> {
    let (scheme, _) = url.split_once(':')?;
    let is_plain = |char: char| char.is_ascii_alphanumeric() || "+-.".contains(char);
    let begins = scheme.starts_with(|char: char| char.is_ascii_alphabetic());
    (begins && scheme.len() <= 30 && scheme.chars().all(is_plain)).then_some(scheme)
}

/// Error of [`register`].
#[derive(Clone, PartialEq, Eq)]
pub struct RegisterError(String);

/// Shows the text, because `main` and `unwrap` print this.
impl fmt::Debug for RegisterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for RegisterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for RegisterError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_drivers_pass_the_check_of_register() {
        for driver in BUILT_IN {
            let others = BUILT_IN.into_iter();
            let others: Vec<_> = others
                .filter(|other| other.name() != driver.name())
                .collect();
            assert_eq!(problem(driver, &others), None, "{driver:?}");
        }
    }
}
