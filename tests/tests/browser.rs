//! The site of `events docs` in a browser, from files: what it lists, what the search finds, and that it fits a phone.
//!
//! Ignored where there is no Chromium: `apt-get install chromium`, or name one with `EVENTS_CHROMIUM`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use events_core::{registry, testing};
use serde_json::Value;

#[path = "cli_docs/command.rs"]
mod command;
#[path = "cli_docs/shop.rs"]
mod shop;

use command::{answer, folder};
use shop::ORDER;

fn site(name: &str) -> PathBuf {
    let out = folder(&format!("browser-{name}"));
    answer(&["docs", "--out", out.to_str().unwrap()]);
    out
}

/// The address of a file.
fn address(file: &Path) -> String {
    format!("file://{}", file.to_str().unwrap())
}

/// The page as it is when its scripts have run. Fails where the browser's console has something to say.
#[track_caller]
fn open(address: &str) -> String {
    let profile = folder(&format!("browser-profile-{}", std::process::id())).with_extension(
        std::thread::current()
            .name()
            .unwrap_or("main")
            .replace(':', "-"),
    );
    let output = Command::new(option_env!("EVENTS_BROWSER").unwrap_or("chromium"))
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-extensions",
            "--disable-background-networking",
            "--no-first-run",
            "--hide-scrollbars",
            // So that a page can look into a frame, as pages of one server can.
            "--allow-file-access-from-files",
            // Whatever is not in the files is nowhere, and the console says so.
            "--host-resolver-rules=MAP * ~NOTFOUND",
            "--enable-logging=stderr",
            "--virtual-time-budget=120000",
            "--dump-dom",
        ])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(address)
        .output()
        .expect("the browser that was there when this was compiled");
    let _ = fs::remove_dir_all(profile);
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    let (page, log) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{address}: {log}");
    let console: Vec<_> = log
        .lines()
        .filter(|line| line.contains("CONSOLE"))
        .collect();
    assert!(console.is_empty(), "{address}: {console:#?}");
    page.replace("<wbr>", "")
}

/// The names of the events that the index shows.
fn shown(index: &str) -> Vec<String> {
    let items = index.split("<li data-fields=").skip(1);
    items
        .filter(|item| {
            let (tag, _) = item.split_once('>').unwrap();
            !tag.ends_with(" hidden=\"\"")
        })
        .map(|item| {
            let (_, name) = item.split_once("<a class=\"name\"").unwrap();
            let (name, _) = name.split_once("</a>").unwrap();
            name.split_once('>').unwrap().1.to_owned()
        })
        .collect()
}

#[test]
#[cfg_attr(
    not(browser),
    ignore = "no Chromium: install it, or set EVENTS_CHROMIUM"
)]
fn the_index_lists_every_event_and_offers_the_search() {
    let _scope = testing::scope();
    let index = open(&address(&site("index").join("index.html")));
    let mut names: Vec<_> = registry::signals()
        .iter()
        .map(|signal| signal.info().name.to_owned())
        .collect();
    let mut listed = shown(&index);
    names.sort_unstable();
    listed.sort_unstable();
    assert_eq!(listed, names);
    let (form, _) = index
        .split_once("<form class=\"search\"")
        .unwrap()
        .1
        .split_once('>')
        .unwrap();
    assert!(!form.contains("hidden"), "{form}");
}

#[test]
#[cfg_attr(
    not(browser),
    ignore = "no Chromium: install it, or set EVENTS_CHROMIUM"
)]
fn the_search_finds_by_name_type_and_field() {
    let _scope = testing::scope();
    let index = address(&site("search").join("index.html"));
    let search = |asked: &str| open(&format!("{index}{asked}"));

    let page = search("#q=enrollment");
    let found = shown(&page);
    assert!(found.len() >= 3 && found.len() < 20, "{found:?}");
    for name in ["COURSE_ENROLLMENT_CREATED", "COURSE_UNENROLLMENT_COMPLETED"] {
        assert!(
            found.iter().any(|other| other == name),
            "{name} in {found:?}"
        );
    }
    assert!(
        page.contains(&format!("{} of 77 events.", found.len())),
        "the status"
    );
    // What has nothing left to show goes, its heading with it.
    let authz = page.split("id=\"events_catalog-authz\"").nth(1).unwrap();
    assert!(
        authz.split('>').next().unwrap().ends_with(" hidden=\"\""),
        "{authz}"
    );

    // Several words, in any order, whatever their case; as a form sends it.
    assert_eq!(shown(&search("?q=Placed+ORDER")), ["ORDER_PLACED"]);
    // By a field, which is then shown.
    let page = search("#q=shop.order%20customer.email");
    assert_eq!(shown(&page), [""; 0]);
    let page = search(&format!("#q={ORDER}%20customer.email"));
    assert_eq!(shown(&page), ["ORDER_PLACED"]);
    assert!(
        page.contains("carries <code>customer.email</code>"),
        "{page}"
    );
    // By the type of data.
    assert_eq!(
        shown(&search("#q=CcxCoursePassingStatusData")),
        ["CCX_COURSE_PASSING_STATUS_UPDATED"]
    );
    let page = search("#q=%3Cimg%20src%3Dx%3E");
    assert_eq!(shown(&page), [""; 0]);
    assert!(
        page.contains("No event matches “&lt;img src=x&gt;”."),
        "escaped"
    );
}

/// Looks at each page in a frame of a given width, and writes down what does not fit and what is not there.
const WRAPPER: &str = r#"<!DOCTYPE html><meta charset="utf-8"><pre id="result">unfinished</pre><script>
const pages = PAGES, width = WIDTH, result = [];
const frame = document.createElement("iframe");
frame.style.cssText = `border: 0; width: ${width}px; height: 800px`;
document.body.append(frame);
frame.onload = function () {
  const page = frame.contentDocument, view = frame.contentWindow;
  for (const details of page.querySelectorAll("details")) details.open = true;
  const wide = [];
  for (const element of page.body.querySelectorAll("*")) {
    const box = element.getBoundingClientRect();
    if (box.right > width + 0.5 && box.width > 1 && !element.closest("pre")) wide.push(element.outerHTML.slice(0, 120));
  }
  result.push({
    page: pages[0],
    scrolls: page.documentElement.scrollWidth,
    wide: wide,
    styled: view.getComputedStyle(page.body).maxWidth !== "none",
    copies: page.querySelectorAll("[data-copy] > button").length === page.querySelectorAll("[data-copy]").length,
    asked: view.performance.getEntriesByType("resource").map((entry) => entry.name).filter((name) => !name.startsWith("file:")),
  });
  pages.shift();
  if (pages.length > 0) frame.src = pages[0];
  else document.getElementById("result").textContent = JSON.stringify(result);
};
// Before it is in the page: an empty frame would count as loaded.
frame.src = pages[0];
document.body.append(frame);
</script>"#;

/// What the wrapper says of every page at this width.
fn every_page_at(name: &str, width: u32) -> Vec<Value> {
    let site = site(name);
    let mut pages = vec![
        String::from("index.html"),
        String::from("types.html"),
        String::from("personal-data.html"),
    ];
    for signal in registry::signals() {
        pages.push(format!("events/{}.html", signal.event().event_type));
    }
    let list = serde_json::to_string(&pages).unwrap();
    let wrapper = WRAPPER
        .replace("PAGES", &list)
        .replace("WIDTH", &width.to_string());
    let file = site.join("wrapper.html");
    fs::write(&file, wrapper).unwrap();
    let page = open(&address(&file));
    let (_, rest) = page.split_once("<pre id=\"result\">").unwrap();
    let (json, _) = rest.split_once("</pre>").unwrap();
    let json = json
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&");
    let result: Vec<Value> =
        serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error}: {json}"));
    let seen: Vec<_> = result
        .iter()
        .map(|page| page["page"].as_str().unwrap())
        .collect();
    assert_eq!(seen, pages);
    result
}

#[track_caller]
fn fits(result: &[Value], width: u32) {
    for page in result {
        assert!(
            page["scrolls"].as_u64().unwrap() <= u64::from(width),
            "{page:#}"
        );
        assert_eq!(page["wide"], Value::Array(Vec::new()), "{page:#}");
        assert_eq!(page["asked"], Value::Array(Vec::new()), "{page:#}");
        assert_eq!(
            (&page["styled"], &page["copies"]),
            (&true.into(), &true.into()),
            "{page:#}"
        );
    }
}

#[test]
#[cfg_attr(
    not(browser),
    ignore = "no Chromium: install it, or set EVENTS_CHROMIUM"
)]
fn every_page_fits_a_phone() {
    let _scope = testing::scope();
    fits(&every_page_at("phone", 390), 390);
}

#[test]
#[cfg_attr(
    not(browser),
    ignore = "no Chromium: install it, or set EVENTS_CHROMIUM"
)]
fn every_page_fits_a_small_phone_and_a_desk() {
    let _scope = testing::scope();
    fits(&every_page_at("small", 320), 320);
    fits(&every_page_at("desk", 1280), 1280);
}
