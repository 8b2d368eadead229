//! The `events` command as a library.
