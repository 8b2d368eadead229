//! Foreign text made safe to print: the one place that decides what reaches a terminal.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Returns `true` if a terminal acts on the character instead of showing it: C0, DEL, C1, line and paragraph separators, and the
/// characters that override the direction of text.
fn is_active(char: char) -> bool {
    char.is_control() || matches!(char, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Returns the text as one line, with every active character escaped as in JSON: `\n`, `\u001b`, `\u009b`.
pub(crate) fn escape(text: &str) -> Cow<'_, str> {
    escape_if(text, is_active)
}

/// Returns the text with every active character escaped except line breaks.
///
/// The form is that of JSON, so a JSON document means the same afterwards: there, active characters occur only within strings.
pub(super) fn escape_lines(text: &str) -> Cow<'_, str> {
    escape_if(text, |char| char != '\n' && is_active(char))
}

fn escape_if(text: &str, is_escaped: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for char in text.chars() {
        match char {
            _ if !is_escaped(char) => escaped.push(char),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            _ => {
                // Every active character has at most four digits. Writing to a string does not fail.
                let _ = write!(escaped, "\\u{:04x}", u32::from(char));
            }
        }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn active_characters_are_escaped() {
        assert_eq!(
            escape("a\u{1b}[31m\u{7f}\u{9b}\u{85}\r\n\t\u{202e}\u{2066}\u{2028}b"),
            r"a\u001b[31m\u007f\u009b\u0085\r\n\t\u202e\u2066\u2028b"
        );
        assert_eq!(escape_lines("a\nb\r\n"), "a\nb\\r\n");
    }

    #[test]
    fn other_text_is_left_alone() {
        for text in ["", "plain `text`", "Zürich 東京 🦀 e\u{301} שלום \\n"] {
            assert!(matches!(escape(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn escaped_json_means_the_same() {
        let value = serde_json::json!({"a\u{9b}": "\u{7f}\u{1b}\n\u{202e}\u{2028}"});
        for json in [value.to_string(), format!("{value:#}")] {
            let escaped = escape_lines(&json);
            assert!(!escaped.contains(|char| char != '\n' && is_active(char)));
            assert_eq!(
                serde_json::from_str::<serde_json::Value>(&escaped).ok(),
                Some(value.clone())
            );
        }
    }
}
