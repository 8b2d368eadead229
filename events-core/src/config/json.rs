//! JSON as a tree.

use std::collections::BTreeMap;

use jsonc_parser::ast::{ObjectProp, Value as JsonValue};
use jsonc_parser::common::Ranged;
use jsonc_parser::errors::ParseErrorKind;
use jsonc_parser::tokens::{Token, TokenAndRange};
use jsonc_parser::{CollectOptions, CommentCollectionStrategy, ParseOptions, parse_to_ast};

use super::ConfigErrorKind;
use super::origin::Position;
use super::tree::{Entry, Lines, MAX_DEPTH, Node, Parsed, Value, without_mark};
use super::words::quoted;

/// JSON as the RFC has it.
const STRICT: ParseOptions = ParseOptions {
    allow_comments: false,
    allow_loose_object_property_names: false,
    allow_trailing_commas: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

pub(super) fn parse(text: &str) -> Parsed {
    let text = without_mark(text);
    let lines = Lines::new(text);
    let collect = CollectOptions {
        comments: CommentCollectionStrategy::Off,
        tokens: true,
    };
    match parse_to_ast(text, &collect, &STRICT) {
        Err(error) => {
            let message = format!(
                "not valid JSON: {}; {}",
                lower_case_first(&error.kind().to_string()),
                remedy(error.kind())
            );
            refused(lines.position(error.range().start), message)
        }
        Ok(json) => {
            if let Some((offset, message)) =
                lenient(text, json.tokens.as_deref().unwrap_or_default())
            {
                return refused(lines.position(offset), message.to_owned());
            }
            match json.value {
                Some(JsonValue::Object(object)) => {
                    let mut reader = Reader {
                        lines: &lines,
                        problems: Vec::new(),
                    };
                    let root = reader.entries(object.properties, 0);
                    Parsed {
                        root: Some(root),
                        problems: reader.problems,
                    }
                }
                Some(other) => {
                    let at = lines.position(other.range().start);
                    let message = "a configuration is a JSON object; write `{ … }` around its keys";
                    let mut parsed = refused(at, message.to_owned());
                    for problem in &mut parsed.problems {
                        problem.0 = ConfigErrorKind::WrongType;
                    }
                    parsed
                }
                None => refused(
                    lines.position(0),
                    "not valid JSON: the text is empty; a configuration without any settings is `{}`".to_owned(),
                ),
            }
        }
    }
}

fn refused(at: Position, message: String) -> Parsed {
    Parsed {
        root: None,
        problems: vec![(ConfigErrorKind::Syntax, at, message)],
    }
}

fn remedy(kind: &ParseErrorKind) -> &'static str {
    match kind {
        ParseErrorKind::CommentsNotAllowed => {
            "remove the comment, or write the configuration in TOML, which has comments"
        }
        ParseErrorKind::TrailingCommasNotAllowed => "remove the comma",
        ParseErrorKind::ExpectedComma => "put a comma here",
        ParseErrorKind::ExpectedStringObjectProperty
        | ParseErrorKind::SingleQuotedStringsNotAllowed => "put it in double quotes",
        ParseErrorKind::UnterminatedArray => "close it with `]`",
        ParseErrorKind::UnterminatedObject => "close it with `}`",
        _ => "correct it here",
    }
}

fn lower_case_first(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().into_iter().flat_map(char::to_lowercase);
    first
        .chain(chars)
        .filter(|char| !char.is_control())
        .collect()
}

/// What the parser lets pass although it is no JSON.
fn lenient(text: &str, tokens: &[TokenAndRange<'_>]) -> Option<(usize, &'static str)> {
    let space = |char: char| !matches!(char, ' ' | '\t' | '\n' | '\r');
    let mut end = 0;
    for token in tokens {
        let gap = text.get(end..token.range.start).unwrap_or_default();
        if let Some(index) = gap.find(space) {
            return Some((end + index, OTHER_SPACE));
        }
        end = token.range.end;
        if let Token::String(_) = token.token {
            let written = text.get(token.range.start..end).unwrap_or_default();
            if let Some(index) = written.find(|char: char| char < ' ') {
                return Some((token.range.start + index, CONTROL));
            }
        }
    }
    let rest = text.get(end..).unwrap_or_default();
    rest.find(space).map(|index| (end + index, OTHER_SPACE))
}

const OTHER_SPACE: &str =
    "not valid JSON: a kind of space that JSON does not have; replace it by an ordinary space";
const CONTROL: &str = "not valid JSON: a line break, tab or other control character within a string; write it as `\\n`, `\\t`, `\\u….`";

struct Reader<'a> {
    lines: &'a Lines<'a>,
    problems: Vec<(ConfigErrorKind, Position, String)>,
}

impl Reader<'_> {
    fn entries(&mut self, properties: Vec<ObjectProp<'_>>, depth: usize) -> Vec<Entry> {
        let mut seen: BTreeMap<String, Position> = BTreeMap::new();
        let mut entries = Vec::new();
        if depth > MAX_DEPTH {
            return entries;
        }
        for property in properties {
            let at = self.lines.position(property.name.range().start);
            let key = property.name.into_string();
            if let Some(first) = seen.get(&key) {
                let message = format!(
                    "key {} is given twice in one object, first at line {}; remove one of them",
                    quoted(&key),
                    first.line
                );
                self.problems
                    .push((ConfigErrorKind::DuplicateKey, at, message));
                continue;
            }
            seen.insert(key.clone(), at);
            let node = self.node(property.value, depth);
            entries.push(Entry { key, at, node });
        }
        entries
    }

    fn node(&mut self, value: JsonValue<'_>, depth: usize) -> Node {
        let at = self.lines.position(value.range().start);
        let other = |kind, text| Value::Other { kind, text };
        let value = match value {
            JsonValue::StringLit(text) => Value::String(text.value.into_owned()),
            JsonValue::Array(array) if depth < MAX_DEPTH => {
                let items = array.elements.into_iter();
                Value::Array(items.map(|item| self.node(item, depth + 1)).collect())
            }
            JsonValue::Array(_) => Value::Array(Vec::new()),
            JsonValue::Object(object) => Value::Table(self.entries(object.properties, depth + 1)),
            JsonValue::NumberLit(number) => number
                .value
                .parse()
                .map_or_else(|_| other("number", number.value.to_owned()), Value::Integer),
            JsonValue::BooleanLit(boolean) => Value::Boolean(boolean.value),
            JsonValue::NullKeyword(_) => other("value", "null".to_owned()),
        };
        Node { at, value }
    }
}
