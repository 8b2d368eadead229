//! What messages are made of: quoted values, lists, and "did you mean".

use super::secrets::masked;

/// At most so many characters of a value are repeated in a message.
const SHOWN: usize = 100;
/// And of a path, in which names of events and topics stand.
const SHOWN_OF_PATH: usize = 300;
/// Nothing is suggested for a text that is longer than this.
const COMPARED: usize = 200;

/// A value in backticks, on one line, of bounded length, and without the password of a URL.
pub fn quoted(text: &str) -> String {
    shortened(text, SHOWN)
}

/// The same for the path of a key, of which more is repeated.
pub fn quoted_path(path: &str) -> String {
    shortened(path, SHOWN_OF_PATH)
}

fn shortened(text: &str, most: usize) -> String {
    let mut quoted = String::from("`");
    for (index, char) in masked(text).chars().enumerate() {
        if index == most {
            quoted.push('…');
            break;
        }
        if char.is_control() || matches!(char, '\u{2028}' | '\u{2029}') {
            quoted.extend(char.escape_debug());
        } else {
            quoted.push(char);
        }
    }
    quoted.push('`');
    quoted
}

/// Values in backticks, with commas; `none` where there are none.
pub fn list<T: AsRef<str>>(items: impl IntoIterator<Item = T>, none: &str) -> String {
    let items: Vec<_> = items
        .into_iter()
        .map(|item| quoted(item.as_ref()))
        .collect();
    if items.is_empty() {
        none.to_owned()
    } else {
        items.join(", ")
    }
}

/// The end of a first clause: "; did you mean `…`?" with what the given text is likely to be a slip of, or a bare semicolon.
pub fn did_you_mean<T: AsRef<str>>(given: &str, known: impl IntoIterator<Item = T>) -> String {
    suggestion(nearest(given, known))
}

/// The same, where the suggestion is at hand.
pub(super) fn suggestion<T: AsRef<str>>(near: Option<T>) -> String {
    near.map_or_else(
        || ";".to_owned(),
        |near| format!("; did you mean {}?", quoted(near.as_ref())),
    )
}

/// What of the known texts the given one is likely to be a slip of.
pub(super) fn nearest<T: AsRef<str>>(given: &str, known: impl IntoIterator<Item = T>) -> Option<T> {
    if given.len() > COMPARED {
        return None;
    }
    let given = folded(given);
    let length = given.chars().count();
    let mut best: Option<(usize, T)> = None;
    for item in known {
        if item.as_ref().len() > COMPARED {
            continue;
        }
        let distance = strsim::damerau_levenshtein(&given, &folded(item.as_ref()));
        let near = distance <= (length / 3).max(1) && distance < length;
        if near && best.as_ref().is_none_or(|(least, _)| distance < *least) {
            best = Some((distance, item));
        }
    }
    best.map(|(_, item)| item)
}

/// Case and the kind of dash matter, but are no more than a slip.
fn folded(text: &str) -> String {
    text.trim().to_lowercase().replace('-', "_")
}

/// The path of a key within a table, as TOML writes it: names that are not bare in quotes. The path of the top is empty.
pub fn dotted(path: &str, key: &str) -> String {
    let bare = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_');
    let key = if !key.is_empty() && key.chars().all(bare) {
        key.to_owned()
    } else {
        format!("{key:?}")
    };
    match path {
        "" => key,
        path => format!("{path}.{key}"),
    }
}
