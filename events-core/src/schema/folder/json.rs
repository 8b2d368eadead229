//! JSON, as much of it as a schema file needs: the core takes no parser.

use core::fmt::{self, Write as _};
use std::collections::BTreeMap;

/// A value. Two objects are equal whatever the order of their members.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    /// As it is printed: numbers that are equal have one text.
    Number(String),
    String(String),
    Array(Vec<Self>),
    Object(BTreeMap<String, Self>),
}

/// Deeper texts are refused, so that no text can exhaust the stack.
const DEEPEST: usize = 120;

impl Json {
    /// Reads a whole text, or says what is wrong with it, and where.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut parser = Parser {
            text,
            at: 0,
            depth: 0,
        };
        let value = parser.value()?;
        parser.space();
        match parser.peek() {
            None => Ok(value),
            Some(_) => Err(parser.problem("the text goes on behind its end")),
        }
    }

    /// The member of an object.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.get(key),
            _ => None,
        }
    }

    pub(super) fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn as_array(&self) -> Option<&[Self]> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }
}

/// Without spaces, the members of objects by name.
impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(text) => f.write_str(text),
            Self::String(text) => quote(f, text),
            Self::Array(items) => {
                f.write_char('[')?;
                for (index, item) in items.iter().enumerate() {
                    let comma = if index > 0 { "," } else { "" };
                    write!(f, "{comma}{item}")?;
                }
                f.write_char(']')
            }
            Self::Object(members) => {
                f.write_char('{')?;
                for (index, (key, value)) in members.iter().enumerate() {
                    f.write_str(if index > 0 { "," } else { "" })?;
                    quote(f, key)?;
                    write!(f, ":{value}")?;
                }
                f.write_char('}')
            }
        }
    }
}

fn quote(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            '\u{8}' => f.write_str("\\b")?,
            '\u{c}' => f.write_str("\\f")?,
            c if c < ' ' => write!(f, "\\u{:04x}", u32::from(c))?,
            c => f.write_char(c)?,
        }
    }
    f.write_char('"')
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn problem(&self, problem: &str) -> String {
        let before = self.text.get(..self.at).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        format!("{problem} at line {line} column {column}")
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.peek() {
            self.at += 1;
        }
    }

    /// Whether the next character, behind spaces, is this one; then it is taken.
    fn take(&mut self, expected: u8) -> bool {
        self.space();
        let found = self.peek() == Some(expected);
        self.at += usize::from(found);
        found
    }

    fn value(&mut self) -> Result<Json, String> {
        self.space();
        match self.peek() {
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'"') => self.string().map(Json::String),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => {
                let words = [
                    ("null", Json::Null),
                    ("true", Json::Bool(true)),
                    ("false", Json::Bool(false)),
                ];
                for (word, value) in words {
                    if self.rest().starts_with(word) {
                        self.at += word.len();
                        return Ok(value);
                    }
                }
                Err(self.problem("expected a value"))
            }
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Json, String>) -> Result<Json, String> {
        if self.depth == DEEPEST {
            return Err(self.problem("nested too deep"));
        }
        self.at += 1;
        self.depth += 1;
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn object(&mut self) -> Result<Json, String> {
        let mut members = BTreeMap::new();
        if self.take(b'}') {
            return Ok(Json::Object(members));
        }
        loop {
            self.space();
            if self.peek() != Some(b'"') {
                return Err(self.problem("expected the name of a member, in quotes,"));
            }
            let key = self.string()?;
            if !self.take(b':') {
                return Err(self.problem("expected `:`"));
            }
            let value = self.value()?;
            members.insert(key, value);
            if self.take(b'}') {
                return Ok(Json::Object(members));
            }
            if !self.take(b',') {
                return Err(self.problem("expected `,` or `}`"));
            }
        }
    }

    fn array(&mut self) -> Result<Json, String> {
        let mut items = Vec::new();
        if self.take(b']') {
            return Ok(Json::Array(items));
        }
        loop {
            items.push(self.value()?);
            if self.take(b']') {
                return Ok(Json::Array(items));
            }
            if !self.take(b',') {
                return Err(self.problem("expected `,` or `]`"));
            }
        }
    }

    fn string(&mut self) -> Result<String, String> {
        self.at += 1;
        let mut text = String::new();
        loop {
            let Some(c) = self.rest().chars().next() else {
                return Err(self.problem("a text without its closing quote"));
            };
            match c {
                '"' => {
                    self.at += 1;
                    return Ok(text);
                }
                '\\' => text.push(self.escape()?),
                c if c < ' ' => return Err(self.problem("a control character in a text")),
                c => {
                    text.push(c);
                    self.at += c.len_utf8();
                }
            }
        }
    }

    fn escape(&mut self) -> Result<char, String> {
        let escaped = self.text.as_bytes().get(self.at + 1);
        let c = match escaped {
            Some(c @ (b'"' | b'\\' | b'/')) => char::from(*c),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(),
            _ => return Err(self.problem("an escape that JSON does not have")),
        };
        self.at += 2;
        Ok(c)
    }

    /// `\u00e9`, or two of them for a character beyond the first plane.
    fn unicode(&mut self) -> Result<char, String> {
        let unit = |at: usize| -> Option<u16> {
            let digits = self.text.get(at..at + 6)?.strip_prefix("\\u")?;
            let hex = digits.bytes().all(|c| c.is_ascii_hexdigit());
            u16::from_str_radix(digits, 16).ok().filter(|_| hex)
        };
        let Some(first) = unit(self.at) else {
            return Err(self.problem("an escape without its four digits"));
        };
        // What follows counts only where it is the other half.
        let units = [first, unit(self.at + 6).unwrap_or_default()];
        let Some(Ok(c)) = char::decode_utf16(units).next() else {
            return Err(self.problem("an escape that is no character"));
        };
        self.at += 6 * c.len_utf16();
        Ok(c)
    }

    fn number(&mut self) -> Result<Json, String> {
        let start = self.at;
        self.at += usize::from(self.peek() == Some(b'-'));
        let whole = self.digits();
        let is_well_formed = whole == 1 || whole > 1 && !self.leads_with_zero(whole);
        let mut is_integer = true;
        let mut is_complete = true;
        if self.peek() == Some(b'.') {
            self.at += 1;
            is_integer = false;
            is_complete = self.digits() > 0;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            is_integer = false;
            is_complete &= self.digits() > 0;
        }
        let text = self.text.get(start..self.at).unwrap_or_default();
        if !is_well_formed || !is_complete {
            return Err(self.problem("a number that JSON does not have"));
        }
        // `-0` has a sign that no integer keeps.
        if is_integer
            && text != "-0"
            && (text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok())
        {
            return Ok(Json::Number(text.to_owned()));
        }
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Json::Number(format!("{number:?}"))),
            _ => Err(self.problem("a number that is too large")),
        }
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        self.at - start
    }

    fn leads_with_zero(&self, digits: usize) -> bool {
        self.text.as_bytes().get(self.at - digits) == Some(&b'0')
    }
}

#[cfg(test)]
mod tests {
    use super::Json;

    fn parse(text: &str) -> Result<String, String> {
        Json::parse(text).map(|json| json.to_string())
    }

    #[test]
    fn what_it_reads_is_what_serde_json_reads() {
        for text in [
            r#" { "b" : [ 1 , -2, 3.50, 1e3, true , false, null ] , "a": "x" } "#,
            r#""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00 ü""#,
            "[]",
            "{}",
            "0",
            "-0",
            "18446744073709551615",
            "[[[{}]]]",
        ] {
            let theirs: serde_json::Value = serde_json::from_str(text).expect("JSON");
            assert_eq!(parse(text), Ok(theirs.to_string()));
        }
    }

    #[test]
    fn what_it_refuses_serde_json_refuses() {
        for text in [
            "",
            " ",
            "{",
            "[1,]",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{a:1}",
            "01",
            "-",
            "1.",
            "1e",
            ".5",
            "nul",
            "\"",
            "\"\n\"",
            "\"\\x\"",
            "\"\\ud800\"",
            "\"\\u12g4\"",
            "\"\\u12",
            "1 2",
            "[1 2]",
            "1e999",
        ] {
            assert!(
                serde_json::from_str::<serde_json::Value>(text).is_err(),
                "{text}"
            );
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn it_says_where() {
        assert_eq!(
            parse("{\n  \"a\": 1\n  \"b\": 2\n}"),
            Err("expected `,` or `}` at line 3 column 3".to_owned())
        );
    }

    #[test]
    fn depth_is_bounded() {
        assert!(parse(&"[".repeat(100_000)).is_err());
        assert!(parse(&format!("{}{}", "[".repeat(100), "]".repeat(100))).is_ok());
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[\\[\\]{}\",:0-9eE+.\\\\utfanrls \n-]{0,40}|.{0,20}") {
            let theirs = serde_json::from_str::<serde_json::Value>(&text);
            proptest::prop_assert_eq!(parse(&text).is_ok(), theirs.is_ok());
        }
    }
}
