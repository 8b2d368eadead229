//! Commands that travel together, and scripts.

use redis::{Cmd, Script, Value, cmd};

use super::answer;
use super::connection::Conn;
use super::failure::Failure;
use super::fields;
use crate::record::Record;
use crate::transport::EntryId;

/// Approximate size of a record in commands.
const RECORD_BYTES: usize = 512;

/// Commands that travel together.
pub(super) struct Commands {
    bytes: Vec<u8>,
    /// Number of answers that are expected.
    count: usize,
    /// The command that appends, made anew for each record.
    append: Cmd,
}

impl Commands {
    /// Creates an empty list with room for a number of records.
    pub(super) fn new(records: usize) -> Self {
        Self::with_room(records * RECORD_BYTES)
    }

    /// Creates an empty list with room for about a number of bytes.
    pub(super) fn with_room(bytes: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(bytes + 256),
            count: 0,
            append: Cmd::with_capacity(24, RECORD_BYTES),
        }
    }

    pub(super) fn add(&mut self, command: &Cmd) -> &mut Self {
        command.write_packed_command(&mut self.bytes);
        self.count += 1;
        self
    }

    /// Adds the command that appends a record to a stream. Unless `makes`, the stream has to exist.
    pub(super) fn append(&mut self, stream: &str, makes: bool, record: &Record) {
        self.append.clear();
        self.append.arg("XADD").arg(stream);
        if !makes {
            self.append.arg("NOMKSTREAM");
        }
        self.append.arg("*");
        fields::add_record(&mut self.append, record);
        self.append.write_packed_command(&mut self.bytes);
        self.count += 1;
    }

    /// Sends all commands and waits for all answers, each of which may be a refusal.
    pub(super) fn ask(&self, conn: &mut Conn) -> Result<std::vec::IntoIter<Value>, Failure> {
        conn.ask_all(&self.bytes, self.count).map(Vec::into_iter)
    }
}

/// Reads the answers to a transaction: to `MULTI`, to each command, and to `EXEC`. Returns `None` if it did not take place because
/// something that it watched has changed.
pub(super) fn executed(
    answers: &mut impl Iterator<Item = Value>,
    commands: usize,
) -> Result<Option<Vec<Value>>, Failure> {
    let mut refused = None;
    for _ in 0..=commands {
        if let Value::ServerError(error) = next(answers)? {
            // The first refusal has the reason. `EXEC` only reports that there was one.
            refused.get_or_insert(Failure::Server(error));
        }
    }
    let executed = next(answers)?;
    match (refused, executed) {
        (Some(failure), _) => Err(failure),
        (None, Value::Nil) => Ok(None),
        (None, executed) => answer::list(executed).map(Some),
    }
}

/// Returns the next answer.
pub(super) fn next(answers: &mut impl Iterator<Item = Value>) -> Result<Value, Failure> {
    answers.next().ok_or(Failure::Answer("so many answers"))
}

/// A script of the server. It runs as a whole, between other commands.
pub(super) struct Lua {
    script: Script,
    text: &'static str,
}

impl Lua {
    pub(super) fn new(text: &'static str) -> Self {
        Self {
            script: Script::new(text),
            text,
        }
    }

    /// Creates the command that runs it by its digest. Keys and arguments are to follow.
    pub(super) fn call(&self, keys: usize) -> Cmd {
        let mut call = Cmd::new();
        call.arg("EVALSHA").arg(self.script.get_hash()).arg(keys);
        call
    }

    /// Runs a command that [`call`](Self::call) began.
    pub(super) fn run(&self, conn: &mut Conn, call: &Cmd) -> Result<Value, Failure> {
        match conn.ask(call) {
            Err(Failure::Server(error)) if error.code() == "NOSCRIPT" => {
                // The server was started anew, or never had it.
                conn.ask(cmd("SCRIPT").arg("LOAD").arg(self.text))?;
                conn.ask(call)
            }
            answer => answer,
        }
    }
}

/// Returns `1795376013252-0`, whichever queue the entry is in.
pub(super) fn id_text(id: EntryId) -> String {
    // Each entry that is settled needs one: the standard library's formatting takes several times as long.
    let mut digits = itoa::Buffer::new();
    let mut text = String::with_capacity(20);
    text.push_str(digits.format(id.major()));
    text.push('-');
    text.push_str(digits.format(id.minor()));
    text
}
