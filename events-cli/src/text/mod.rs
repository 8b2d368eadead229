//! Plain text for people: paragraphs that wrap, labels that line up, tables. No colour, so that a pipe sees the same.

mod table;

pub(crate) use table::Table;

/// Where paragraphs wrap. Names and paths are never broken: whoever reads them wants to copy them.
pub(crate) const WIDTH: usize = 96;

/// A text that is being laid out.
#[derive(Debug, Default)]
pub(crate) struct Page {
    text: String,
}

impl Page {
    /// The text as it is so far.
    pub(crate) fn finish(self) -> String {
        self.text
    }

    /// An empty line; never two of them, and none at the beginning.
    pub(crate) fn blank(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// A line as it is.
    pub(crate) fn line(&mut self, text: &str) {
        self.text.push_str(text.trim_end());
        self.text.push('\n');
    }

    /// Lines as they are, indented.
    pub(crate) fn verbatim(&mut self, indent: usize, text: &str) {
        for line in text.lines() {
            self.line(&format!("{:indent$}{line}", ""));
        }
    }

    /// A paragraph that wraps; every line of it is indented.
    pub(crate) fn paragraph(&mut self, indent: usize, text: &str) {
        self.hanging(indent, "", text);
    }

    /// A paragraph that begins with a label, and whose further lines begin under its own first word.
    pub(crate) fn hanging(&mut self, indent: usize, label: &str, text: &str) {
        let hang = indent + width(label);
        let mut first = true;
        for line in wrap(text, WIDTH.saturating_sub(hang)) {
            let label = if first { label } else { "" };
            let label_width = hang - indent;
            self.line(&format!("{:indent$}{label:label_width$}{line}", ""));
            first = false;
        }
    }

    /// Labels and their texts, in two columns. Empty texts are left out.
    pub(crate) fn pairs(&mut self, indent: usize, pairs: &[(&str, &str)]) {
        let shown = || pairs.iter().filter(|(_, text)| !text.is_empty());
        let widest = shown()
            .map(|(label, _)| width(label))
            .max()
            .unwrap_or_default();
        for (label, text) in shown() {
            self.hanging(indent, &format!("{label:widest$}  "), text);
        }
    }
}

/// The columns that a text takes, near enough for names from source code.
pub(crate) fn width(text: &str) -> usize {
    text.chars().count()
}

/// Breaks a text at its white space. A word that is too long gets a line of its own; an empty line stays.
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

/// `1 signal`, `2 signals`.
pub(crate) fn count(number: usize, one: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {one}{plural}")
}

/// `1 entry`, `2 entries`.
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
