//! The file of a store: creating it for its owner alone, and noticing that it is gone.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use events_core::Timestamp;

use super::error::{Attempt, Fault};
use super::groups::micros;

/// Time after which a call looks at the file again before it uses it.
const STALE: Duration = Duration::from_millis(100);

/// Time after which the state of a folder is trusted: a change in the same tick of the clock could go unnoticed.
const SETTLED: Duration = Duration::from_millis(50);

/// Maximum number of links that lead to a new file.
const LINKS: usize = 8;

/// Device and inode of a file.
type Identity = (u64, u64);

/// A file, and its write-ahead log, as they were when the store was opened.
///
/// SQLite holds them open. After they were deleted or moved, it would write on into files that cannot be found again.
#[derive(Debug)]
pub(super) struct StoreFile {
    /// The folder of the file and its log.
    folder: PathBuf,
    /// Paths and the files that were there.
    opened: Vec<(PathBuf, Identity)>,
}

impl StoreFile {
    /// Remembers the file at a path and its log, which both exist.
    pub(super) fn opened(path: &Path) -> io::Result<Self> {
        let file = fs::canonicalize(path)?;
        let folder = file.parent().unwrap_or(Path::new("/")).to_owned();
        let log = beside(&file, "-wal");
        let mut paths = vec![file, log];
        if paths.iter().all(|other| *other != *path) {
            // A link on the way may be changed, without a change in the folder of the file.
            paths.push(path.to_owned());
        }
        let opened = paths
            .into_iter()
            .map(|path| identity(&path).map(|identity| (path, identity)))
            .collect::<io::Result<_>>()?;
        Ok(Self { folder, opened })
    }

    /// Returns `true` if the file is reached through a link.
    const fn is_linked(&self) -> bool {
        self.opened.len() > 2
    }

    /// Returns the problem if a file is not the one that was opened.
    fn problem(&self) -> Option<String> {
        let is_changed =
            |(path, opened): &&(PathBuf, Identity)| identity(path).ok() != Some(*opened);
        let (path, _) = self.opened.iter().find(is_changed)?;
        let change = if path.exists() {
            "replaced"
        } else {
            "deleted or moved"
        };
        Some(format!(
            "`{}` was {change} while this process used it; move the file back, or restart this process",
            path.display()
        ))
    }
}

/// Memory of when a connection last saw its file in place.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// Time of the last look at the files.
    seen: Option<Instant>,
    /// State of the folder at the last look, if a later change would show in it.
    folder: Option<FolderState>,
}

impl Watch {
    /// Checks the file before it is used, unless it was seen a moment ago.
    pub(super) fn check(&mut self, file: &StoreFile) -> Attempt<()> {
        let is_fresh = self.seen.is_some_and(|seen| seen.elapsed() < STALE);
        if is_fresh {
            return Ok(());
        }
        self.look(file).map_err(Fault::Gone)
    }

    /// Checks the file after a commit. If it is at its path now, it holds the commit there.
    ///
    /// As long as nothing was created, deleted or renamed in the folder, this looks at the folder alone. A look at the log would
    /// be expensive: to ask for its times makes Linux write a new one with each commit, for which the disk is waited for once
    /// more.
    pub(super) fn check_commit(&mut self, file: &StoreFile) -> Attempt<()> {
        let is_known = self.folder.is_some() && !file.is_linked();
        if is_known && self.folder == FolderState::of(&file.folder) {
            return Ok(());
        }
        self.look(file).map_err(Fault::GoneAtCommit)
    }

    /// Looks at the files.
    pub(super) fn look(&mut self, file: &StoreFile) -> Result<(), String> {
        // Before the files, so that a change in between is seen the next time.
        let folder = FolderState::of(&file.folder);
        *self = Self::default();
        if let Some(problem) = file.problem() {
            return Err(problem);
        }
        self.folder = folder.filter(FolderState::is_settled);
        self.seen = Some(Instant::now());
        Ok(())
    }
}

/// Identity of a folder, and the time of the last change of its entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FolderState {
    identity: Identity,
    changed: SystemTime,
}

impl FolderState {
    fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        Some(Self {
            identity: identity_of(&metadata),
            changed: metadata.modified().ok()?,
        })
    }

    fn is_settled(&self) -> bool {
        let now = Timestamp::now().as_micros();
        self.changed
            .duration_since(SystemTime::UNIX_EPOCH)
            .is_ok_and(|changed| now.saturating_sub(micros(changed)) > micros(SETTLED))
    }
}

/// Returns the path of a companion file: the same with a suffix.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// Creates an empty file that only its owner may read, unless a file exists.
///
/// An existing file is not opened: closing it again would give up the locks of every other connection of this process.
pub(super) fn create(path: &Path) -> io::Result<()> {
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        match private().create_new(true).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && !path.exists() => {
                // A link to a file that is still to be created.
                let target = fs::read_link(&path)?;
                path.pop();
                path.push(target);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
            created => return created.map(drop),
        }
    }
    Err(io::Error::other("too many links"))
}

/// Returns options for a file that only its owner may read.
pub(super) fn private() -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn identity(path: &Path) -> io::Result<Identity> {
    fs::metadata(path).map(|metadata| identity_of(&metadata))
}

#[cfg(unix)]
fn identity_of(metadata: &fs::Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

/// Without inodes there is nothing to compare. Windows does not let an open file be deleted or moved.
#[cfg(not(unix))]
fn identity_of(_metadata: &fs::Metadata) -> Identity {
    (0, 0)
}

/// Returns `true` if other users of the machine may read or write a file.
pub(super) fn is_open_to_others(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}
