//! What becomes of the folder that the site is written to.

use std::fs;

use events_cli::Status;
use events_core::testing;
use serde_json::Value;

use crate::command::{answer, folder, run};
use crate::pages::files;

const MARKER: &str = ".events-docs.json";

#[test]
fn a_folder_of_somebody_else_is_refused() {
    let _scope = testing::scope();
    let out = folder("somebody");
    fs::create_dir_all(&out).unwrap();
    let args = ["docs", "--out", out.to_str().unwrap()];
    fs::write(out.join("thesis.txt"), "years of work").unwrap();
    let (status, said, error) = run(&args);
    assert_eq!((status, said.as_str()), (Status::Usage, ""));
    assert!(
        error.contains("has files") && error.contains("`--force`"),
        "{error}"
    );
    assert_eq!(files(&out).len(), 1, "nothing was written");

    // Forced, it writes among them, and removes nothing that it did not write.
    answer(&[&args[..], &["--force"]].concat());
    assert_eq!(fs::read(out.join("thesis.txt")).unwrap(), b"years of work");
    answer(&args);
    assert!(out.join("thesis.txt").is_file());

    let file = out.join("thesis.txt");
    let (status, _, error) = run(&["docs", "--out", file.to_str().unwrap()]);
    assert_eq!(status, Status::Output, "{error}");
    assert!(error.contains("thesis.txt"), "{error}");
}

#[test]
fn pages_of_events_that_are_gone_go() {
    let _scope = testing::scope();
    let out = folder("stale");
    let args = ["docs", "--out", out.to_str().unwrap(), "--json"];
    answer(&args);
    // As an earlier run with one more event would have left it; and a file that somebody put there.
    let stale = "old/org.example.gone.v1.html";
    fs::create_dir_all(out.join("old")).unwrap();
    fs::write(out.join(stale), "gone").unwrap();
    fs::write(out.join("CNAME"), "events.example.com").unwrap();
    let mut marker: Value = serde_json::from_slice(&fs::read(out.join(MARKER)).unwrap()).unwrap();
    marker["files"].as_array_mut().unwrap().push(stale.into());
    fs::write(out.join(MARKER), marker.to_string()).unwrap();
    fs::write(out.join("index.html"), "changed by hand").unwrap();

    let said: Value = serde_json::from_str(&answer(&args)).unwrap();
    assert_eq!((&said["changed"], &said["removed"]), (&1.into(), &1.into()));
    assert!(!out.join("old").exists());
    assert!(out.join("CNAME").is_file());
}

#[test]
fn the_marker_is_not_trusted() {
    let _scope = testing::scope();
    let out = folder("hostile");
    let victim = out.with_file_name("victim.txt");
    fs::create_dir_all(&out).unwrap();
    fs::write(&victim, "not ours").unwrap();
    let listed = [
        "../victim.txt".to_owned(),
        "a/../../victim.txt".to_owned(),
        victim.to_str().unwrap().to_owned(),
        String::new(),
    ];
    let marker = serde_json::json!({"made_by": "somebody", "files": listed});
    fs::write(out.join(MARKER), marker.to_string()).unwrap();
    answer(&["docs", "--out", out.to_str().unwrap()]);
    assert!(victim.is_file());

    // A file of that name that says something else is somebody's.
    let out = folder("another");
    fs::create_dir_all(&out).unwrap();
    fs::write(out.join(MARKER), "[]").unwrap();
    let (status, _, _) = run(&["docs", "--out", out.to_str().unwrap()]);
    assert_eq!(status, Status::Usage);
}
