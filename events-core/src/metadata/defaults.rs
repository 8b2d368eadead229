//! What this process says about itself in the metadata of every event it sends.

use std::path::Path;
use std::sync::OnceLock;

/// The name is in use, or is no name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceNameError {
    /// Metadata already says something else: another name was set, or an event was sent before any was.
    #[error(
        "cannot name this service {given:?}: its events already say {in_use:?}; name it once, at the start of main, \
         before the first event is sent"
    )]
    InUse {
        /// The name given now.
        given: String,
        /// The source of this process's events.
        in_use: String,
    },
    /// The name is empty.
    #[error(
        "cannot give this service an empty name; name it as the platform does, such as \"lms\""
    )]
    Empty,
}

/// Fixed by whichever comes first: a name being set, or the first event.
static SOURCE: OnceLock<String> = OnceLock::new();
static SOURCE_HOST: OnceLock<String> = OnceLock::new();

/// Names this service, such as `lms`: its events then say `openedx/lms/web` as their source.
///
/// Call it at the start of `main`. Without it the name is that of the executable. It is the counterpart of the
/// reference's setting `EVENTS_SERVICE_NAME`. Setting the same name again is no error, before or after the first
/// event.
///
/// # Errors
///
/// [`ServiceNameError::InUse`] when another name was set, or when the default is in use because an event was sent
/// already: one process does not change its name between two events. [`ServiceNameError::Empty`] for an empty name.
///
/// Within a scope of the feature `testing`, the name is that of the events sent in the scope, and ends with it.
pub fn set_service_name(name: impl AsRef<str>) -> Result<(), ServiceNameError> {
    let name = name.as_ref();
    #[cfg(feature = "testing")]
    if let Some(scope) = crate::testing::current() {
        return set(name, |wanted| scope.source(wanted));
    }
    set(name, |wanted| SOURCE.get_or_init(|| wanted).clone())
}

/// `claim` sets the source, if none was set, and gives back the one that counts.
fn set(name: &str, claim: impl FnOnce(String) -> String) -> Result<(), ServiceNameError> {
    if name.trim().is_empty() {
        return Err(ServiceNameError::Empty);
    }
    let wanted = source_of(name);
    let in_use = claim(wanted.clone());
    if in_use == wanted {
        Ok(())
    } else {
        Err(ServiceNameError::InUse {
            given: name.to_owned(),
            in_use,
        })
    }
}

/// The `source` of this process's events.
pub(super) fn source() -> &'static str {
    SOURCE.get_or_init(|| source_of(&executable()))
}

/// The `source` as it would be, without fixing it: what happens in a testing scope says nothing about the process.
#[cfg(feature = "testing")]
pub(crate) fn unfixed_source() -> String {
    SOURCE
        .get()
        .cloned()
        .unwrap_or_else(|| source_of(&executable()))
}

/// The `sourcehost` of this process's events: the host's name, or `localhost` where the system does not tell.
pub(super) fn source_host() -> &'static str {
    SOURCE_HOST.get_or_init(|| {
        let name = hostname::get()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        if name.is_empty() {
            "localhost".to_owned()
        } else {
            name
        }
    })
}

/// The form is the reference's. `web` is fixed there, too.
fn source_of(service: &str) -> String {
    format!("openedx/{service}/web")
}

/// The executable's name without its extension; what the reference says for a service without a name if there is none.
fn executable() -> String {
    let path = std::env::current_exe().ok();
    let stem = path
        .as_deref()
        .and_then(Path::file_stem)
        .map(|stem| stem.to_string_lossy().into_owned());
    stem.filter(|stem| !stem.trim().is_empty())
        .unwrap_or_else(|| "SERVICE_NAME_UNSET".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(source: &OnceLock<String>, name: &str) -> Result<(), ServiceNameError> {
        super::set(name, |wanted| source.get_or_init(|| wanted).clone())
    }

    #[test]
    fn a_name_is_set_once() {
        let source = OnceLock::new();
        assert_eq!(set(&source, "lms"), Ok(()));
        assert_eq!(set(&source, "lms"), Ok(()));
        assert_eq!(source.get().map(String::as_str), Some("openedx/lms/web"));
        let error = set(&source, "cms").expect_err("another name");
        assert_eq!(
            error,
            ServiceNameError::InUse {
                given: "cms".to_owned(),
                in_use: "openedx/lms/web".to_owned()
            }
        );
    }

    #[test]
    fn a_name_comes_too_late_after_the_first_event() {
        let source = OnceLock::from(source_of(&executable()));
        let error = set(&source, "lms")
            .expect_err("the default is in use")
            .to_string();
        assert!(
            error.contains("lms")
                && error.contains(&executable())
                && error.contains("start of main"),
            "{error}"
        );
    }

    #[test]
    fn an_empty_name_is_refused_and_fixes_nothing() {
        let source = OnceLock::new();
        assert_eq!(set(&source, " "), Err(ServiceNameError::Empty));
        assert_eq!(source.get(), None);
    }

    #[test]
    fn this_process_has_defaults() {
        assert!(!executable().is_empty());
        assert!(!source_host().is_empty());
    }
}
