//! TOML as a tree.

use ::toml::Spanned;
use ::toml::de::{DeTable, DeValue, Error};

use super::ConfigErrorKind;
use super::tree::{Entry, Lines, MAX_DEPTH, Node, Parsed, Value, without_mark};
use super::words::quoted;

pub(super) fn parse(text: &str) -> Parsed {
    let text = without_mark(text);
    let lines = Lines::new(text);
    let (root, mut errors) = DeTable::parse_recoverable(text);
    errors.sort_by_key(|error| error.span().map(|span| span.start));

    let mut parsed = Parsed::default();
    let mut readable = true;
    for error in &errors {
        let at = lines.position(start(error));
        if error.message() == "duplicate key" {
            let key = error.span().and_then(|span| text.get(span));
            let message = format!(
                "key {} is given twice in one table; remove one of them, or put what belongs together under one",
                quoted(key.unwrap_or_default())
            );
            parsed
                .problems
                .push((ConfigErrorKind::DuplicateKey, at, message));
            continue;
        }
        readable = false;
        // What follows on the same line is mostly a consequence.
        let told = parsed
            .problems
            .iter()
            .any(|(kind, told, _)| *kind == ConfigErrorKind::Syntax && told.line == at.line);
        if !told {
            let message = format!("not valid TOML: {}; correct it here", describe(error));
            parsed.problems.push((ConfigErrorKind::Syntax, at, message));
        }
    }
    parsed.root = readable.then(|| entries(root.get_ref(), &lines, 0));
    parsed
}

fn start(error: &Error) -> usize {
    error.span().map(|span| span.start).unwrap_or_default()
}

fn describe(error: &Error) -> String {
    error
        .message()
        .chars()
        .flat_map(|char| {
            let printable = !char.is_control();
            let escaped = (!printable).then(|| char.escape_debug());
            escaped
                .into_iter()
                .flatten()
                .chain(printable.then_some(char))
        })
        .collect()
}

/// In the order of the text; the parser has them in that of the alphabet.
fn entries(table: &DeTable<'_>, lines: &Lines<'_>, depth: usize) -> Vec<Entry> {
    if depth > MAX_DEPTH {
        return Vec::new();
    }
    let entry = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| Entry {
        key: String::from(AsRef::<str>::as_ref(key.get_ref())),
        at: lines.position(key.span().start),
        node: node(value, lines, depth),
    };
    let mut entries: Vec<_> = table.iter().map(entry).collect();
    entries.sort_by_key(|entry| entry.at);
    entries
}

fn node(value: &Spanned<DeValue<'_>>, lines: &Lines<'_>, depth: usize) -> Node {
    let other = |kind, text| Value::Other { kind, text };
    let tree = match value.get_ref() {
        DeValue::String(text) => Value::String(text.clone().into_owned()),
        DeValue::Array(items) if depth < MAX_DEPTH => Value::Array(
            items
                .iter()
                .map(|item| node(item, lines, depth + 1))
                .collect(),
        ),
        DeValue::Array(_) => Value::Array(Vec::new()),
        DeValue::Table(table) => Value::Table(entries(table, lines, depth + 1)),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or_else(|_| other("integer", number.to_string()), Value::Integer),
        DeValue::Float(number) => other("float", number.to_string()),
        DeValue::Boolean(value) => Value::Boolean(*value),
        DeValue::Datetime(time) => other("date-time", time.to_string()),
    };
    Node {
        at: lines.position(value.span().start),
        value: tree,
    }
}
