//! A file that is deleted, moved or replaced while a process publishes to it: no event is acknowledged into a file that nobody finds.

#![cfg(all(feature = "sqlite", unix))]
#![allow(
    clippy::unwrap_used,
    clippy::allow_attributes,
    reason = "a test that cannot go on has failed"
)]

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use events_bus::Record;
use events_bus::transport::sqlite::{SqliteOptions, SqliteTransport, Sync};
use events_bus::transport::{
    Groups, Limit, Log, Maintenance, Member, Position, Start, TransportError, TransportErrorKind,
};
use events_core::{EventMetadata, Uuid};

const MEMBER: Member<'static> = Member::new("orders", "billing", "one");

fn open(path: &Path) -> SqliteTransport {
    let mut options = SqliteOptions::default();
    options.sync = Sync::Normal;
    SqliteTransport::open(path, options).unwrap()
}

fn record() -> Record {
    let metadata = EventMetadata::new("org.example.shop.order.placed.v1");
    Record::new(metadata, vec![7; 100])
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", path.display()))
}

/// Does something to the file and its companions.
fn with_all(path: &Path, act: impl Fn(&Path, &str)) {
    for suffix in ["", "-wal", "-shm"] {
        act(&beside(path, suffix), suffix);
    }
}

/// An event that was acknowledged, and when its call began.
struct Acknowledged {
    id: Uuid,
    begun: Instant,
}

#[derive(Default)]
struct Ledger {
    acknowledged: Mutex<Vec<Acknowledged>>,
    errors: Mutex<Vec<TransportError>>,
}

/// Publishes in two threads while something happens to the file. Returns the ledger, and the time at which it had happened.
fn publish_while(store: &SqliteTransport, happens: impl FnOnce()) -> (Ledger, Instant) {
    let ledger = Ledger::default();
    let is_over = AtomicBool::new(false);
    let happened = thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    let record = record();
                    let id = record.metadata.id();
                    let begun = Instant::now();
                    match store.publish("orders", &[record]) {
                        Ok(_) => {
                            let entry = Acknowledged { id, begun };
                            ledger.acknowledged.lock().unwrap().push(entry);
                        }
                        Err(error) => {
                            ledger.errors.lock().unwrap().push(error);
                            thread::sleep(Duration::from_millis(1));
                        }
                    }
                }
            });
        }
        thread::sleep(Duration::from_millis(150));
        happens();
        let happened = Instant::now();
        thread::sleep(Duration::from_millis(300));
        is_over.store(true, Ordering::Relaxed);
        happened
    });
    (ledger, happened)
}

/// The ids of the events in a file.
fn events(path: &Path) -> HashSet<Uuid> {
    let store = open(path);
    let entries = store.read("orders", Position::Oldest, usize::MAX).unwrap();
    entries
        .iter()
        .map(|entry| entry.record.as_ref().unwrap().metadata.id())
        .collect()
}

/// Every acknowledged event is in the file where it was then, and none was acknowledged afterwards.
fn check(ledger: &Ledger, happened: Instant, path: &Path, former: &Path) {
    let acknowledged = ledger.acknowledged.lock().unwrap();
    assert!(acknowledged.len() > 50, "{} events", acknowledged.len());
    let late = acknowledged.iter().filter(|event| event.begun > happened);
    assert_eq!(late.count(), 0, "acknowledged into a file that is gone");
    let kept = events(former);
    let lost = acknowledged
        .iter()
        .filter(|event| !kept.contains(&event.id));
    assert_eq!(lost.count(), 0);
    let errors = ledger.errors.lock().unwrap();
    assert!(errors.len() > 10, "{} errors", errors.len());
    for error in &*errors {
        let text = error.to_string();
        assert_eq!(error.kind(), TransportErrorKind::Unavailable, "{text}");
        assert!(text.contains(&*path.display().to_string()), "{text}");
        assert!(text.contains("move the file back, or restart"), "{text}");
    }
    // Only calls that were under way do not know.
    let unknown = errors.iter().filter(|error| error.is_outcome_unknown());
    assert!(unknown.count() <= 4);
}

/// A store, the folder that it is in, and links by which its files are found after they lost their names.
struct Scene {
    store: SqliteTransport,
    path: PathBuf,
    former: PathBuf,
    _folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("former")).unwrap();
        let path = folder.path().join("events.db");
        let former = folder.path().join("former/events.db");
        let store = open(&path);
        store.publish("orders", &[record()]).unwrap();
        store.join("orders", "billing", Start::Beginning).unwrap();
        with_all(&path, |file, suffix| {
            fs::hard_link(file, beside(&former, suffix)).unwrap();
        });
        Self {
            store,
            path,
            former,
            _folder: folder,
        }
    }
}

#[test]
fn a_deleted_file_is_refused() {
    let scene = Scene::new();
    let Scene { store, path, .. } = &scene;
    let (ledger, happened) = publish_while(store, || {
        with_all(path, |file, _| fs::remove_file(file).unwrap());
    });
    check(&ledger, happened, path, &scene.former);
    assert!(
        !path.exists(),
        "it is not created again behind the operator's back"
    );
    // Nothing else uses it either.
    let errors = [
        store
            .receive(MEMBER, Limit::entries(1), Duration::ZERO)
            .unwrap_err(),
        store.topics().unwrap_err(),
        store.settle(MEMBER, &[]).unwrap_err(),
        store.read("orders", Position::Oldest, 1).unwrap_err(),
    ];
    for error in errors {
        assert!(
            error.to_string().contains("was deleted or moved"),
            "{error}"
        );
        assert!(!error.is_outcome_unknown());
    }
}

#[test]
fn a_replaced_file_is_refused() {
    let scene = Scene::new();
    let Scene { store, path, .. } = &scene;
    let backup = beside(path, ".restored");
    store.backup(&backup).unwrap();
    let (ledger, happened) = publish_while(store, || {
        // As a restore from a backup would, with the service running.
        fs::rename(&backup, path).unwrap();
    });
    check(&ledger, happened, path, &scene.former);
    let error = store.topics().unwrap_err();
    assert!(error.to_string().contains("was replaced"), "{error}");
}

#[test]
fn a_moved_file_is_refused_until_it_is_back() {
    let scene = Scene::new();
    let Scene { store, path, .. } = &scene;
    let moved = beside(path, ".moved");
    let (ledger, happened) = publish_while(store, || fs::rename(path, &moved).unwrap());
    fs::rename(&moved, path).unwrap();
    check(&ledger, happened, path, path);
    store.publish("orders", &[record()]).unwrap();
    assert!(store.topics().unwrap()[0].entries > 50);
}

#[test]
fn a_moved_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (here, there) = (folder.path().join("here"), folder.path().join("there"));
    fs::create_dir(&here).unwrap();
    let path = here.join("events.db");
    let store = open(&path);
    let (ledger, happened) = publish_while(&store, || fs::rename(&here, &there).unwrap());
    check(&ledger, happened, &path, &there.join("events.db"));
}

/// A link that a release moves to another folder.
#[test]
fn a_link_that_leads_elsewhere_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    for folder in [&one, &two] {
        fs::create_dir(folder).unwrap();
        drop(open(&folder.join("events.db")));
    }
    let link = folder.path().join("current");
    std::os::unix::fs::symlink(&one, &link).unwrap();
    let path = link.join("events.db");
    let store = open(&path);
    let (ledger, happened) = publish_while(&store, || {
        let next = folder.path().join("next");
        std::os::unix::fs::symlink(&two, &next).unwrap();
        fs::rename(&next, &link).unwrap();
    });
    check(&ledger, happened, &path, &one.join("events.db"));
}

/// The log holds commits that are not in the file yet.
#[test]
fn a_deleted_log_is_refused() {
    let scene = Scene::new();
    let Scene { store, path, .. } = &scene;
    let (ledger, happened) = publish_while(store, || {
        fs::remove_file(beside(path, "-wal")).unwrap();
    });
    check(&ledger, happened, path, &scene.former);
    let error = store.topics().unwrap_err();
    assert!(error.to_string().contains("-wal` was deleted"), "{error}");
}

/// Other files in the folder come and go.
#[test]
fn a_busy_folder_is_no_reason_to_refuse() {
    let scene = Scene::new();
    let (ledger, _) = publish_while(&scene.store, || {
        for number in 0..200 {
            let other = scene.path.with_file_name(format!("other-{number}"));
            fs::write(&other, "x").unwrap();
            fs::remove_file(&other).unwrap();
        }
    });
    assert_eq!(ledger.errors.lock().unwrap().len(), 0);
    let kept = events(&scene.path);
    let acknowledged = ledger.acknowledged.lock().unwrap();
    assert!(acknowledged.iter().all(|event| kept.contains(&event.id)));
}

#[test]
fn the_files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let scene = Scene::new();
    let backup = beside(&scene.path, ".backup");
    scene.store.backup(&backup).unwrap();
    let wal = beside(&scene.path, "-wal");
    let shm = beside(&scene.path, "-shm");
    let turn = beside(&scene.path, "-turn");
    for file in [&scene.path, &wal, &shm, &turn, &backup] {
        let mode = fs::metadata(file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.display());
    }
    assert!(scene.store.warnings().unwrap().is_empty());
    fs::set_permissions(&scene.path, fs::Permissions::from_mode(0o644)).unwrap();
    let warnings = scene.store.warnings().unwrap();
    assert!(warnings[0].contains("chmod 600"), "{warnings:?}");
}

/// A backup of another store than the one in use would be worse than none.
#[test]
fn a_replaced_file_is_not_backed_up() {
    let scene = Scene::new();
    let backup = beside(&scene.path, ".backup");
    fs::rename(&scene.path, beside(&scene.path, ".moved")).unwrap();
    drop(open(&scene.path));
    let error = scene.store.backup(&backup).unwrap_err();
    assert!(error.to_string().contains("was replaced"), "{error}");
    assert!(!backup.exists());
}

#[test]
fn a_link_to_a_new_file_is_followed() {
    let folder = tempfile::tempdir().unwrap();
    let (link, file) = (folder.path().join("link.db"), folder.path().join("data.db"));
    std::os::unix::fs::symlink("data.db", &link).unwrap();
    let store = open(&link);
    store.publish("orders", &[record()]).unwrap();
    assert_eq!(events(&file).len(), 1);
}
