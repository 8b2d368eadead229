//! Standard output and standard error, as the commands see them.

use std::fmt;
use std::io::{self, Write};

use super::escape::escape_lines;

/// A writer for people, and for programs that read JSON.
///
/// Everything that a command prints goes through this type. It escapes what a terminal would act on and passes line breaks on. The
/// writer behind it is private, so there is no way around the escaping.
pub(crate) struct Screen<'a> {
    writer: &'a mut dyn Write,
}

impl<'a> Screen<'a> {
    pub(crate) fn new(writer: &'a mut dyn Write) -> Self {
        Self { writer }
    }

    /// Writes a text in one call to the writer, so that lines of several threads do not mix.
    pub(crate) fn print(&mut self, text: &str) -> io::Result<()> {
        self.writer.write_all(escape_lines(text).as_bytes())
    }

    /// Makes `write!` and `writeln!` work.
    pub(crate) fn write_fmt(&mut self, arguments: fmt::Arguments<'_>) -> io::Result<()> {
        match arguments.as_str() {
            Some(text) => self.print(text),
            None => self.print(&arguments.to_string()),
        }
    }

    /// Writes a message after its label: `error: …`. Indents further lines, so that foreign text cannot pass for another message.
    pub(crate) fn note(&mut self, label: &str, message: impl fmt::Display) -> io::Result<()> {
        let message = message.to_string();
        let mut text = format!("{label}: ");
        for (number, line) in message.trim_end().split('\n').enumerate() {
            if number > 0 {
                text.push('\n');
                if !line.is_empty() && !line.starts_with(' ') {
                    text.push_str("  ");
                }
            }
            text.push_str(line);
        }
        text.push('\n');
        self.print(&text)
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(print: impl FnOnce(&mut Screen<'_>) -> io::Result<()>) -> String {
        let mut bytes = Vec::new();
        assert!(print(&mut Screen::new(&mut bytes)).is_ok());
        String::from_utf8_lossy(&bytes).into_owned()
    }

    #[test]
    fn line_breaks_pass_and_escape_sequences_do_not() {
        let name = "a\u{1b}[31m";
        assert_eq!(
            printed(|screen| writeln!(screen, "topic {name}\nmore")),
            "topic a\\u001b[31m\nmore\n"
        );
    }

    #[test]
    fn a_message_cannot_pass_for_two() {
        assert_eq!(
            printed(|screen| screen.note("error", "no topic `a\nerror: b`\n\n    [bus]\n")),
            "error: no topic `a\n  error: b`\n\n    [bus]\n"
        );
    }
}
