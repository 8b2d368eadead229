//! Plain text for people: paragraphs that wrap, labels that line up, tables. No color.

mod escape;
mod screen;
mod table;

use std::borrow::Cow;

pub(crate) use escape::escape;
pub(crate) use screen::Screen;
pub(crate) use table::Table;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Maximum width of a paragraph. Names and paths are never broken, so that they can be copied.
pub(crate) const WIDTH: usize = 96;

/// A text that is being laid out. Escapes what it is given: a line stays one line, and a terminal only shows it.
#[derive(Debug, Default)]
pub(crate) struct Page {
    text: String,
    /// The width of the terminal, if there is one.
    columns: Option<usize>,
}

impl Page {
    /// Creates a page for a terminal of this width, or for none.
    pub(crate) fn new(columns: Option<usize>) -> Self {
        Self {
            text: String::new(),
            columns,
        }
    }

    /// Returns the text.
    pub(crate) fn finish(self) -> String {
        self.text
    }

    /// Returns the maximum width of a table.
    fn columns(&self) -> usize {
        self.columns.unwrap_or(usize::MAX)
    }

    /// Adds an empty line, except at the beginning and after another one.
    pub(crate) fn blank(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// Adds a line. A line break within the text is escaped.
    pub(crate) fn line(&mut self, text: &str) {
        self.text.push_str(&escape(text.trim_end()));
        self.text.push('\n');
    }

    /// Adds the lines of a text, indented.
    pub(crate) fn verbatim(&mut self, indent: usize, text: &str) {
        for line in text.lines() {
            self.line(&format!("{}{line}", padding(indent)));
        }
    }

    /// Adds the lines of a text. Its further lines are indented more than its first.
    pub(crate) fn item(&mut self, indent: usize, further: usize, text: &str) {
        let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
        self.verbatim(indent, first);
        self.verbatim(further, rest);
    }

    /// Adds a paragraph that wraps. Indents each of its lines.
    pub(crate) fn paragraph(&mut self, indent: usize, text: &str) {
        self.hanging(indent, "", text);
    }

    /// Adds a paragraph after a label. Its further lines begin below its first word.
    pub(crate) fn hanging(&mut self, indent: usize, label: &str, text: &str) {
        let hang = indent + width(label);
        let mut first = true;
        for line in wrap(text, WIDTH.saturating_sub(hang)) {
            let label = if first { label } else { "" };
            let rest = padding(hang - indent - width(label));
            self.line(&format!("{}{label}{rest}{line}", padding(indent)));
            first = false;
        }
    }

    /// Adds labels and their texts in two columns. Leaves out empty texts.
    pub(crate) fn pairs(&mut self, indent: usize, pairs: &[(&str, &str)]) {
        let shown = || pairs.iter().filter(|(_, text)| !text.is_empty());
        let widest = shown()
            .map(|(label, _)| width(label))
            .max()
            .unwrap_or_default();
        for (label, text) in shown() {
            let rest = padding(widest - width(label) + 2);
            self.hanging(indent, &format!("{label}{rest}"), text);
        }
    }
}

/// Returns the number of columns that a text takes.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// Returns that many spaces. Unlike `{:width$}`, it takes any number.
fn padding(columns: usize) -> String {
    " ".repeat(columns)
}

/// The part of a long text that stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keep {
    /// Its first words: of a sentence.
    Start,
    /// Its start and its end, in which names differ: `org.open…eted.v1`.
    Ends,
}

/// Returns the text, cut to a number of columns.
fn cut(text: &str, columns: usize, keep: Keep) -> Cow<'_, str> {
    // Characters without a width would pass in any number.
    let limit = columns.saturating_mul(4);
    if text.len() <= columns || width(text) <= columns && text.chars().nth(limit).is_none() {
        return Cow::Borrowed(text);
    }
    let Some(shown) = columns.checked_sub(1) else {
        return Cow::Borrowed("");
    };
    let head = match keep {
        Keep::Start => shown,
        Keep::Ends => shown.div_ceil(2),
    };
    let head: String = fitting(text.chars(), head).collect();
    let tail: Vec<char> = fitting(text.chars().rev(), shown - width(&head).min(shown)).collect();
    let tail: String = tail.into_iter().rev().collect();
    let cut = format!("{head}…{tail}");
    // Characters that combine can take more columns than each of them does.
    if width(&cut) <= columns {
        Cow::Owned(cut)
    } else {
        Cow::Owned("…".to_owned())
    }
}

/// Returns the characters that fit into a number of columns.
fn fitting(chars: impl Iterator<Item = char>, columns: usize) -> impl Iterator<Item = char> {
    let mut left = columns;
    let limit = columns.saturating_mul(4);
    chars.take(limit).take_while(move |char| {
        let width = char.width().unwrap_or(1);
        let fits = width <= left;
        left = left.saturating_sub(width);
        fits
    })
}

/// Breaks a text at its white space. A long word gets a line of its own, and an empty line stays.
fn wrap(text: &str, width_of_line: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.split("\n\n") {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            if !line.is_empty() && width(&line) + 1 + width(word) > width_of_line {
                lines.push(core::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    lines
}

/// Returns `1 signal`, `2 signals`.
pub(crate) fn count(number: usize, one: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {one}{plural}")
}

/// Returns `1 entry`, `2 entries`.
pub(crate) fn entries(number: u64) -> String {
    let word = if number == 1 { "entry" } else { "entries" };
    format!("{number} {word}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_wrap_under_their_label() {
        let mut page = Page::default();
        page.hanging(2, "- ", &"word ".repeat(30));
        let text = page.finish();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 2);
        assert!(lines[0].starts_with("  - word"), "{text}");
        assert!(lines[1].starts_with("    word"), "{text}");
        assert!(lines.iter().all(|line| width(line) <= WIDTH), "{text}");
    }

    #[test]
    fn long_words_are_not_broken() {
        let long = "x".repeat(WIDTH * 2);
        assert_eq!(wrap(&format!("a {long} b"), WIDTH), ["a", &long, "b"]);
    }

    #[test]
    fn blank_lines_do_not_pile_up() {
        let mut page = Page::default();
        page.blank();
        page.line("a");
        page.blank();
        page.blank();
        page.pairs(2, &[("one", "1"), ("none", ""), ("three", "3")]);
        assert_eq!(page.finish(), "a\n\n  one    1\n  three  3\n");
    }

    #[test]
    fn numbers_have_their_plural() {
        assert_eq!(count(1, "signal"), "1 signal");
        assert_eq!(count(0, "signal"), "0 signals");
        assert_eq!(entries(1), "1 entry");
        assert_eq!(entries(2), "2 entries");
    }
}
