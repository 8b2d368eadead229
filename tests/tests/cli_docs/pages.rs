//! Writes a site, and reads what is on it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::command::{answer, folder};

/// A new site in a folder of the test's own.
#[track_caller]
pub(crate) fn site(name: &str) -> PathBuf {
    let folder = folder(name);
    answer(&[
        "docs",
        "--out",
        folder.to_str().expect("UTF-8"),
        "--title",
        "Shop & <Platform>",
    ]);
    folder
}

pub(crate) fn read(site: &Path, path: &str) -> String {
    let path = site.join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All files of a site, by their paths with `/`.
pub(crate) fn files(site: &Path) -> BTreeMap<String, Vec<u8>> {
    fn walk(folder: &Path, prefix: &str, found: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let entry = entry.expect("an entry");
            let name = format!("{prefix}{}", entry.file_name().to_str().expect("UTF-8"));
            if entry.path().is_dir() {
                walk(&entry.path(), &format!("{name}/"), found);
            } else {
                found.insert(name, fs::read(entry.path()).expect("a file"));
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(site, "", &mut found);
    found
}

/// Text as it stood before it became HTML.
pub(crate) fn unescaped(html: &str) -> String {
    html.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&amp;", "&")
}

/// The code of the block with this label.
#[track_caller]
pub(crate) fn code_block(page: &str, label: &str) -> String {
    let start = format!("aria-label=\"{label}\"><code>");
    let (_, rest) = page
        .split_once(&start)
        .unwrap_or_else(|| panic!("no {label} in {page}"));
    let (code, _) = rest
        .split_once("</code></pre>")
        .expect("the end of the code");
    unescaped(code)
}
