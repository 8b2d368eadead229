//! `events schema diff` with revisions. It needs the command `git`, and makes a repository of its own.

use std::process::Command;

use events_cli::Status;

use super::{DELETED, Folder, SHARED, WRITTEN, document, refusal, text};

fn git(folder: &Folder, args: &[&str]) {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder.path())
        .args([
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@example.org",
            "-c",
            "commit.gpgsign=false",
        ])
        .args(args)
        .output()
        .expect("the command `git`, which this test needs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A repository with a package `notes`, whose schemas changed in its second commit and again since.
fn repository(name: &str) -> Folder {
    let repository = Folder::new(name);
    git(
        &repository,
        &["init", "--quiet", "--initial-branch", "main"],
    );
    let schemas = repository.path().join("notes/schemas");
    std::fs::create_dir_all(&schemas).expect("a folder");
    let copies = Folder::copied(&format!("{name}_copies"));
    for (file, text) in copies.files() {
        if !file.contains(".1.") {
            std::fs::write(schemas.join(file), text).expect("a file");
        }
    }
    repository.write("README.md", "Notes");
    git(&repository, &["add", "."]);
    git(&repository, &["commit", "--quiet", "-m", "one"]);
    for (file, text) in copies.files() {
        std::fs::write(schemas.join(file), text).expect("a file");
    }
    git(&repository, &["add", "."]);
    git(&repository, &["commit", "--quiet", "-m", "two"]);
    repository
}

#[test]
#[cfg_attr(not(git), ignore = "git is not installed")]
fn a_revision_is_compared_with_a_folder() {
    let repository = repository("git_folder");
    let schemas = repository.path().join("notes/schemas");
    let schemas = schemas.to_str().expect("UTF-8");
    let page = text(Status::Ok, &["diff", "git:HEAD~1", schemas]);
    assert!(
        page.starts_with(&format!(
            "Before  git:HEAD~1 (2 events)\nAfter   {schemas} (2 events)\n\n{DELETED}: breaking\n  0 -> 1: breaking\n"
        )),
        "{page}"
    );
    assert!(
        page.ends_with("\n1 breaking, 0 removed, 1 compatible, 0 added, 0 same\n"),
        "{page}"
    );
    let same = document(
        Status::Ok,
        &["diff", "git:main", schemas, "--fail-on", "any"],
    );
    assert_eq!(same["verdicts"]["same"], 2);
}

#[test]
#[cfg_attr(not(git), ignore = "git is not installed")]
fn revisions_are_compared_with_each_other() {
    let repository = repository("git_two");
    let package = repository.path().join("notes");
    let package = package.to_str().expect("UTF-8");
    // The package is as good as its folder, and a path is that of both where only one has it.
    let before = format!("git:HEAD~1:{package}");
    let whole = document(Status::Ok, &["diff", &before, "git:HEAD"]);
    assert_eq!(whole["verdicts"]["breaking"], 1);
    assert_eq!(whole["verdicts"]["compatible"], 1);

    let file = |revision: &str, minor: u32| {
        format!("git:{revision}:{package}/schemas/{WRITTEN}.{minor}.avsc")
    };
    let one = document(Status::Ok, &["diff", &file("HEAD~1", 0), &file("HEAD", 1)]);
    assert_eq!(one["events"].as_array().map(Vec::len), Some(1));
    assert_eq!(one["events"][0]["verdict"], "compatible");
}

#[test]
#[cfg_attr(not(git), ignore = "git is not installed")]
fn what_is_gone_since_is_found() {
    let repository = repository("git_gone");
    let schemas = repository.path().join("notes/schemas");
    std::fs::remove_dir_all(repository.path().join("notes")).expect("it is gone");
    let before = format!("git:HEAD:{}", schemas.display());
    let document = document(
        Status::Ok,
        &["diff", &before, "binary", "--package", "cli_schema"],
    );
    assert_eq!(document["verdicts"]["same"], 2);
    assert_eq!(document["verdicts"]["added"], 2);
    assert!(
        document["events"]
            .as_array()
            .expect("events")
            .iter()
            .any(|event| event["event_type"] == SHARED)
    );
}

#[test]
#[cfg_attr(not(git), ignore = "git is not installed")]
fn what_git_does_not_have_is_refused() {
    let repository = repository("git_refused");
    let path = repository.as_str();
    let error = refusal(&["diff", &format!("git:v9:{path}"), "binary"]);
    assert_eq!(
        error,
        format!("error: `git:v9:{path}` cannot be read: there is no revision `v9` here\n")
    );
    let error = refusal(&["diff", &format!("git:HEAD:{path}/other"), "binary"]);
    assert!(
        error.contains("cannot be read: the revision has no `other`"),
        "{error}"
    );
    let error = refusal(&["diff", &format!("git:HEAD:{path}"), "binary"]);
    assert!(error.contains("holds no schema files"), "{error}");
    let error = refusal(&["diff", "git:HEAD:/", "binary"]);
    assert!(error.contains("not a git repository"), "{error}");
}
