//! From what somebody types to what is meant; and, where nothing is, to what may have been meant.

use core::fmt;

use events_core::{ReceiverInfo, registry};

use crate::world::{SignalView, World, function_of};

/// The signals that a name means: event type, name or path of the signal, name or path of the event's struct, or the
/// dotted path in the Python package. Several only where the name is ambiguous.
pub(crate) fn signals<'w>(world: &'w World, name: &str) -> Vec<&'w SignalView> {
    let resolved = registry::resolve(name);
    let all = || world.signals.iter();
    // An event type that two events claim means both: that is for the caller to see.
    let exact: Vec<_> = all()
        .filter(|signal| {
            signal.event.event_type == name
                || resolved.iter().any(|other| *other.info() == signal.info)
        })
        .collect();
    if !exact.is_empty() {
        return exact;
    }
    all()
        .filter(|signal| {
            signal.event.name == name
                || is_path_to(name, signal.info.module, signal.info.name)
                || is_path_to(name, signal.info.module, signal.event.name)
        })
        .collect()
}

/// Whether the path means the item, as it is declared or by a shorter path that a re-export may give it.
fn is_path_to(path: &str, module: &str, item: &str) -> bool {
    let Some((path, last)) = path.rsplit_once("::") else {
        return false;
    };
    let (mut given, mut declared) = (path.split("::"), module.split("::"));
    last == item && given.next() == declared.next() && {
        // What is left of the given path stands in the declared one, in this order.
        given.all(|segment| declared.any(|other| other == segment))
    }
}

/// The receivers that a name means: an id, an alias, the path of a function or its name.
pub(crate) fn receivers<'w>(world: &'w World, name: &str) -> Vec<&'w ReceiverInfo> {
    let by = |is_meant: &dyn Fn(&ReceiverInfo) -> bool| -> Vec<&'w ReceiverInfo> {
        world
            .receivers
            .iter()
            .filter(|receiver| is_meant(receiver))
            .collect()
    };
    let by_id = by(&|receiver| receiver.is_called(name));
    if !by_id.is_empty() {
        return by_id;
    }
    let by_path = by(&|receiver| function_of(receiver).is_some_and(|path| path == name));
    if !by_path.is_empty() {
        return by_path;
    }
    by(&|receiver| function_of(receiver).is_some() && receiver.name == name)
}

/// Nothing here has this name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unknown {
    /// What was looked for: `signal`.
    what: &'static str,
    given: String,
    /// How many there are to choose from.
    known: usize,
    suggestions: Vec<String>,
    /// The command that shows what there is.
    see: &'static str,
}

impl Unknown {
    /// No signal has this name.
    pub(crate) fn signal(world: &World, given: &str) -> Self {
        Self::new(
            "signal",
            given,
            world.signals.len(),
            "`events list` says which",
            names(world),
        )
    }

    /// No event has this type.
    pub(crate) fn event_type(given: &str) -> Self {
        let signals = registry::signals();
        let types = signals
            .iter()
            .map(|signal| vec![signal.event().event_type.to_owned()]);
        Self::new(
            "event of type",
            given,
            signals.len(),
            "`events list` says which",
            types,
        )
    }

    /// No signal and no receiver has this name.
    pub(crate) fn signal_or_receiver(world: &World, given: &str) -> Self {
        let receivers = world.receivers.iter().map(|receiver| {
            let mut names = vec![receiver.id.to_string()];
            names.extend(receiver.aliases.iter().map(|alias| String::from(*alias)));
            if let Some(path) = function_of(receiver) {
                names.extend([receiver.name.to_owned(), path]);
            }
            names
        });
        let known = world.signals.len() + world.receivers.len();
        let all = names(world).chain(receivers);
        Self::new(
            "signal or receiver",
            given,
            known,
            "`events list` and `events receivers` say which",
            all,
        )
    }

    /// No plugin has this name.
    pub(crate) fn plugin<'a>(given: &str, plugins: impl Iterator<Item = &'a str>) -> Self {
        let plugins: Vec<_> = plugins.map(|plugin| vec![plugin.to_owned()]).collect();
        Self::new(
            "plugin",
            given,
            plugins.len(),
            "`events receivers` says which",
            plugins.into_iter(),
        )
    }

    fn new(
        what: &'static str,
        given: &str,
        known: usize,
        see: &'static str,
        candidates: impl Iterator<Item = Vec<String>>,
    ) -> Self {
        Self {
            what,
            given: given.to_owned(),
            known,
            suggestions: suggest(given, candidates),
            see,
        }
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            what,
            given,
            known,
            suggestions,
            see,
        } = self;
        write!(f, "this binary has no {what} `{given}`")?;
        match suggestions.as_slice() {
            [] => write!(f, ", and nothing like it among the {known} it has; {see}"),
            [one] => write!(f, "; did you mean `{one}`?"),
            several => write!(f, "; did you mean one of `{}`?", several.join("`, `")),
        }
    }
}

impl core::error::Error for Unknown {}

/// The names of each signal.
fn names(world: &World) -> impl Iterator<Item = Vec<String>> {
    world.signals.iter().map(|signal| {
        vec![
            signal.info.name.to_owned(),
            signal.event.event_type.to_owned(),
            signal.info.path(),
            signal.event.name.to_owned(),
        ]
    })
}

/// The name most like what was given, if one is.
pub(crate) fn nearest<'a>(given: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    let names = names.map(|name| vec![name.to_owned()]);
    suggest(given, names).into_iter().next()
}

/// The things that have a name most like what was given, best first, at most three; each by that name.
fn suggest(given: &str, things: impl Iterator<Item = Vec<String>>) -> Vec<String> {
    let given = given.to_lowercase();
    let best_name = |names: Vec<String>| -> Option<(f64, String)> {
        let scored = names
            .into_iter()
            .map(|name| (likeness(&given, &name.to_lowercase()), name));
        // The first of equals: the shortest way to say it.
        scored.reduce(|best, other| if other.0 > best.0 { other } else { best })
    };
    let mut scored: Vec<_> = things
        .filter_map(best_name)
        .filter(|(likeness, _)| *likeness >= 0.7)
        .collect();
    scored.sort_by(|(a, left), (b, right)| b.total_cmp(a).then_with(|| left.cmp(right)));
    scored.dedup_by(|(_, a), (_, b)| a == b);
    // Where one is spelled almost the same, the others are noise.
    let best = scored.first().map_or(0.0, |(likeness, _)| *likeness);
    scored.retain(|(likeness, _)| *likeness >= best - 0.12);
    scored.truncate(3);
    scored.into_iter().map(|(_, name)| name).collect()
}

/// From 0 to 1: 1 is the same in another case, a part of the candidate counts as rather alike.
fn likeness(given: &str, candidate: &str) -> f64 {
    let similar = strsim::normalized_damerau_levenshtein(given, candidate);
    if given.len() >= 3 && candidate.contains(given) {
        similar.max(0.75)
    } else {
        similar
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_its_way() {
        let known =
            || ["ORDER_PLACED", "ORDER_SHIPPED", "INVOICE_SENT"].map(|name| vec![name.to_owned()]);
        let suggested = |given| suggest(given, known().into_iter());
        assert_eq!(suggested("ORDER_PLACD"), ["ORDER_PLACED"]);
        assert_eq!(suggested("order_placed"), ["ORDER_PLACED"]);
        assert_eq!(suggested("order"), ["ORDER_PLACED", "ORDER_SHIPPED"]);
        assert_eq!(suggested("greeting"), [""; 0]);
    }

    #[test]
    fn a_path_may_be_that_of_a_re_export() {
        let is_path = |path| is_path_to(path, "events_catalog::learning::signals", "SESSION_LOGIN");
        assert!(is_path("events_catalog::learning::signals::SESSION_LOGIN"));
        assert!(is_path("events_catalog::learning::SESSION_LOGIN"));
        assert!(is_path("events_catalog::SESSION_LOGIN"));
        assert!(!is_path("events_catalog::authoring::SESSION_LOGIN"));
        assert!(!is_path("other::learning::SESSION_LOGIN"));
        assert!(!is_path("SESSION_LOGIN"));
    }

    #[test]
    fn an_unknown_name_says_what_there_is() {
        let unknown = Unknown::signal(&World::default(), "ORDER_PLACED");
        assert_eq!(
            unknown.to_string(),
            "this binary has no signal `ORDER_PLACED`, and nothing like it among the 0 it has; \
             `events list` says which"
        );
    }
}
