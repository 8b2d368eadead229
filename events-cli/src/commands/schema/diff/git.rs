//! Files as they were in a revision, by the `git` command.

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A file, or the files of a folder; what is below in folders is left out.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) is_file: bool,
    /// Names and contents.
    pub(super) files: Vec<(String, Vec<u8>)>,
}

/// Reads a path as it was. The path may be gone since.
pub(super) fn files(revision: &str, path: &Path) -> Result<Files, String> {
    let given = || format!("`git:{revision}:{}`", path.display());
    // What begins with `-` would be an option of git.
    if revision.is_empty() || revision.starts_with('-') {
        return Err(format!(
            "{} names no revision; expected `git:REVISION[:PATH]`, as in `git:HEAD~3:schemas`",
            given()
        ));
    }
    let place = Place::of(path)?;
    let commit = place
        .git(&[
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            &format!("{revision}^{{commit}}"),
        ])
        .map_err(|said| {
            describe(
                &given(),
                &format!("there is no revision `{revision}` here"),
                &said,
            )
        })?;
    let commit = text(&commit);
    let below = place
        .git(&["rev-parse", "--show-prefix"])
        .map_err(|said| describe(&given(), "it is in no git repository", &said))?;
    // Git writes paths with `/`, and none behind the last part.
    let inside = format!("{}{}", text(&below), place.gone);
    let inside = inside.trim_end_matches('/');
    let object = format!("{commit}:{inside}");
    let kind = place.git(&["cat-file", "-t", &object]).map_err(|said| {
        let missing = format!("the revision has no `{inside}`");
        describe(&given(), &missing, &said)
    })?;
    if text(&kind) == "blob" {
        let bytes = place.git(&["cat-file", "blob", &object])?;
        let name = inside.rsplit('/').next().unwrap_or(inside).to_owned();
        return Ok(Files {
            is_file: true,
            files: vec![(name, bytes)],
        });
    }
    let listed = place.git(&["ls-tree", "-z", "--full-tree", &object])?;
    let mut object = object;
    let mut blobs = blobs(&listed);
    if blobs
        .iter()
        .all(|(name, _)| !super::source::is_schema(name))
    {
        // A package is as good as its folder.
        let colon = if inside.is_empty() { "" } else { "/" };
        object = format!("{object}{colon}schemas");
        if let Ok(listed) = place.git(&["ls-tree", "-z", "--full-tree", &object]) {
            blobs = self::blobs(&listed);
        }
    }
    Ok(Files {
        is_file: false,
        files: place.read(blobs)?,
    })
}

/// `mode SP type SP object TAB name NUL`.
fn blobs(listed: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(listed);
    let entries = text.split('\0').filter_map(|entry| {
        let (what, name) = entry.split_once('\t')?;
        let mut what = what.split(' ').skip(1);
        let is_blob = what.next() == Some("blob");
        Some((name.to_owned(), what.next()?.to_owned())).filter(|_| is_blob)
    });
    entries.collect()
}

/// Where git is to run.
struct Place {
    /// The nearest folder of the path that is there.
    folder: PathBuf,
    /// What is left of the path.
    gone: String,
}

impl Place {
    fn of(path: &Path) -> Result<Self, String> {
        let absolute = std::path::absolute(path)
            .map_err(|error| format!("{} is no path: {error}", path.display()))?;
        let mut folder = absolute.as_path();
        let mut gone = Vec::new();
        while !folder.is_dir() {
            let (Some(parent), Some(name)) = (folder.parent(), folder.file_name()) else {
                break;
            };
            gone.push(name.to_string_lossy());
            folder = parent;
        }
        gone.reverse();
        Ok(Self {
            folder: folder.to_owned(),
            gone: gone.join("/"),
        })
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        command.arg("-C").arg(&self.folder).args(arguments);
        command
    }

    /// What git prints, or what it complains of.
    fn git(&self, arguments: &[&str]) -> Result<Vec<u8>, String> {
        finish(self.command(arguments).output())
    }

    /// The contents of all objects, by one process.
    fn read(&self, blobs: Vec<(String, String)>) -> Result<Vec<(String, Vec<u8>)>, String> {
        let mut command = self.command(&["cat-file", "--batch"]);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| not_run(&error))?;
        let mut stdin = child.stdin.take();
        let mut asked = String::new();
        for (_, object) in &blobs {
            asked.push_str(object);
            asked.push('\n');
        }
        // Beside the reading: git answers before it has heard everything.
        let asking = std::thread::spawn(move || {
            if let Some(stdin) = &mut stdin {
                // Where git has gone away, its own words say why.
                let _ = stdin.write_all(asked.as_bytes());
            }
        });
        let output = finish(child.wait_with_output());
        let _ = asking.join();
        let output = output?;
        let mut rest = output.as_slice();
        let mut files = Vec::new();
        for (name, object) in blobs {
            let read = take(&mut rest);
            let Some(bytes) = read else {
                return Err(format!(
                    "git does not give its object {object}, the file {name}"
                ));
            };
            files.push((name, bytes));
        }
        Ok(files)
    }
}

/// `object SP blob SP size LF contents LF`.
fn take(rest: &mut &[u8]) -> Option<Vec<u8>> {
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    let (header, contents) = rest.split_at_checked(end)?;
    let size: usize = core::str::from_utf8(header)
        .ok()?
        .rsplit(' ')
        .next()?
        .parse()
        .ok()?;
    let (bytes, behind) = contents.get(1..)?.split_at_checked(size)?;
    *rest = behind.get(1..).unwrap_or_default();
    Some(bytes.to_vec())
}

fn finish(output: std::io::Result<Output>) -> Result<Vec<u8>, String> {
    match output {
        Ok(output) if output.status.success() => Ok(output.stdout),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        Err(error) => Err(not_run(&error)),
    }
}

fn not_run(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => String::from("the command `git` is not installed here"),
        _ => format!("the command `git` cannot be run: {error}"),
    }
}

/// What is not there, and what git says of it, where it says something.
fn describe(given: &str, missing: &str, said: &str) -> String {
    if said.is_empty() {
        format!("{given} cannot be read: {missing}")
    } else {
        format!("{given} cannot be read: {missing} ({said})")
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_end().to_owned()
}
