//! The `events` command, with the example plugins that `events demo` tells its story with.

// The linker drops a crate that nothing names, with all of its receivers. This names them, and states that they are
// expected.
events_core::plugins!(example_greeter, example_audit);

fn main() -> std::process::ExitCode {
    events_cli::main()
}
