//! Log lines of the bus commands on standard error.

use std::io::{self, Write};

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::text::{Screen, escape};

/// Logs everything up to this level to standard error, unless the process has a subscriber already.
pub(crate) fn install(level: LevelFilter) {
    // A program that embeds the command has a subscriber of its own: that one stays.
    if tracing::dispatcher::has_been_set() {
        return;
    }
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(StandardError)
        .log_internal_errors(false);
    // Another thread may install one at the same time: that one stays as well.
    let _ = subscriber.try_init();
}

/// Standard error, behind a [`Screen`].
struct StandardError;

/// The writer of one log line. The subscriber writes each line in one call.
struct Line;

impl MakeWriter<'_> for StandardError {
    type Writer = Line;

    fn make_writer(&self) -> Line {
        Line
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        // A line break within a message would begin another line.
        let line = format!("{}\n", escape(text.trim_end()));
        // If standard error is closed, nobody reads it: that must not end the command.
        let _ = Screen::new(&mut io::stderr()).print(&line);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subscriber_that_is_there_stays() {
        let first = tracing_subscriber::fmt().with_max_level(LevelFilter::OFF);
        assert!(first.try_init().is_ok());
        install(LevelFilter::TRACE);
        assert_eq!(LevelFilter::current(), LevelFilter::OFF);
    }
}
