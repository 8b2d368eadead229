//! That the pages hold together: links that lead somewhere, marks that fit, texts that stay in their places, colours that
//! can be read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use events_core::testing;

use crate::pages::{files, read, site, unescaped};

/// A tag with its attributes; good enough for what a tested library writes.
struct Tag {
    name: String,
    attributes: BTreeMap<String, String>,
}

/// The tags of a page in their order. Panics where a `<` is not one of a tag, or a quote is open.
fn tags(page: &str) -> Vec<Tag> {
    let mut found = Vec::new();
    for part in page.split('<').skip(1) {
        let (mut rest, _) = part
            .split_once('>')
            .unwrap_or_else(|| panic!("an open tag: {part}"));
        let end = rest.find(' ').unwrap_or(rest.len());
        let name = rest[..end].to_owned();
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '/' || c == '!';
        assert!(
            !name.is_empty() && name.chars().all(is_name),
            "a tag <{name}>"
        );
        rest = rest[end..].trim_start();
        let mut attributes = BTreeMap::new();
        while !rest.is_empty() {
            let end = rest.find(['=', ' ']).unwrap_or(rest.len());
            let (key, after) = rest.split_at(end);
            let mut value = String::new();
            rest = after;
            if let Some(quoted) = after.strip_prefix("=\"") {
                let (given, after) = quoted.split_once('"').expect("a closed quote");
                value = unescaped(given);
                rest = after;
            }
            let repeated = attributes.insert(key.to_owned(), value);
            assert!(repeated.is_none(), "{key} twice in <{part}");
            rest = rest.trim_start();
        }
        found.push(Tag { name, attributes });
    }
    found
}

fn all_pages(site: &Path) -> BTreeMap<String, String> {
    let pages = files(site)
        .into_iter()
        .filter(|(path, _)| path.ends_with("html"));
    pages
        .map(|(path, bytes)| (path, String::from_utf8(bytes).expect("UTF-8")))
        .collect()
}

fn ids(tags: &[Tag]) -> Vec<&str> {
    let ids = tags.iter().filter_map(|tag| tag.attributes.get("id"));
    ids.map(String::as_str).collect()
}

#[test]
fn every_link_leads_somewhere_on_the_site() {
    let _scope = testing::scope();
    let site = site("links");
    let there = files(&site);
    let pages: BTreeMap<_, _> = all_pages(&site)
        .into_iter()
        .map(|(path, page)| (path, tags(&page)))
        .collect();
    let mut links = 0;
    for (path, tags) in &pages {
        for tag in tags {
            for attribute in ["href", "src", "action"] {
                let Some(target) = tag.attributes.get(attribute) else {
                    continue;
                };
                links += 1;
                // A link to another site is for people to follow; nothing is loaded from one.
                if target.starts_with("https://") {
                    assert_eq!(tag.name, "a", "{path}: {target}");
                    continue;
                }
                if target == "data:," {
                    continue;
                }
                assert!(
                    !target.contains(':') && !target.starts_with('/'),
                    "{path}: {target}"
                );
                let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
                let file = match (file.strip_prefix("../"), path.split_once('/')) {
                    _ if file.is_empty() => path.clone(),
                    (Some(file), Some(_)) => file.to_owned(),
                    (None, Some((folder, _))) => format!("{folder}/{file}"),
                    (_, None) => file.to_owned(),
                };
                assert!(there.contains_key(&file), "{path}: no file {target}");
                if !anchor.is_empty() {
                    assert!(
                        ids(&pages[&file]).contains(&anchor),
                        "{path}: no place {target}"
                    );
                }
            }
        }
    }
    assert!(links > 4000, "{links} links");
    // What a style or a script could load.
    for asset in ["assets/site.css", "assets/site.js"] {
        let text = read(&site, asset);
        for loading in ["url(", "@import", "fetch(", "XMLHttp", "import(", "http"] {
            assert!(!text.contains(loading), "{asset}: {loading}");
        }
    }
}

#[test]
fn pages_are_well_formed_and_can_be_read_out() {
    let _scope = testing::scope();
    let void = ["!DOCTYPE", "meta", "link", "input", "br", "hr", "wbr"];
    for (path, page) in all_pages(&site("markup")) {
        let tags = tags(&page);
        let mut open: Vec<&str> = Vec::new();
        let mut level = 0;
        for tag in &tags {
            let name = tag.name.as_str();
            if let Some(name) = name.strip_prefix('/') {
                assert_eq!(open.pop(), Some(name), "{path}");
            } else if !void.contains(&name) {
                open.push(name);
            }
            if let Some(deeper) = name
                .strip_prefix('h')
                .and_then(|level| level.parse::<u32>().ok())
            {
                // The side bar stands beside the content, not below its last heading.
                assert!(deeper <= level + 1, "{path}: <{name}> below h{level}");
                level = deeper;
            }
            let has = |key: &str| tag.attributes.contains_key(key);
            match name {
                "nav" => assert!(has("aria-label"), "{path}: <nav>"),
                "section" => assert!(has("aria-labelledby"), "{path}: <section>"),
                "th" => assert!(has("scope"), "{path}: <th>"),
                "html" => assert_eq!(tag.attributes["lang"], "en"),
                "pre" => assert!(has("aria-label") && has("tabindex"), "{path}: <pre>"),
                _ => {}
            }
        }
        assert!(open.is_empty(), "{path}: {open:?} are open");
        let number = |name: &str| tags.iter().filter(|tag| tag.name == name).count();
        for once in ["main", "h1", "header", "footer", "title", "form", "label"] {
            assert_eq!(number(once), 1, "{path}: <{once}>");
        }
        let ids = ids(&tags);
        let distinct: BTreeSet<_> = ids.iter().collect();
        assert_eq!(distinct.len(), ids.len(), "{path}: an id stands twice");
        for tag in &tags {
            for attribute in ["for", "aria-labelledby"] {
                if let Some(id) = tag.attributes.get(attribute) {
                    assert!(ids.contains(&id.as_str()), "{path}: {attribute}={id}");
                }
            }
        }
    }
}

#[test]
fn no_text_gets_out_of_its_place() {
    let _scope = testing::scope();
    for (path, page) in all_pages(&site("escaped")) {
        let scripts = tags(&page).into_iter().filter(|tag| tag.name == "script");
        for script in scripts {
            assert!(
                script.attributes["src"].ends_with("assets/site.js"),
                "{path}"
            );
        }
        assert!(
            !page.contains("<script>") && !page.contains("<b>"),
            "{path}"
        );
    }
}

/// `#rrggbb` as relative luminance. Source: WCAG 2.2.
fn luminance(colour: &str) -> f64 {
    let channel = |at: usize| {
        let value = u8::from_str_radix(&colour[at..at + 2], 16).expect("#rrggbb");
        let value = f64::from(value) / 255.0;
        if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

#[test]
fn every_colour_can_be_read_on_its_ground() {
    let _scope = testing::scope();
    let css = read(&site("colours"), "assets/site.css");
    let schemes: Vec<BTreeMap<&str, &str>> = css
        .split(":root {")
        .skip(1)
        .map(|block| {
            let block = block.split('}').next().unwrap_or_default();
            let lines = block.lines().filter_map(|line| line.trim().split_once(':'));
            lines
                .map(|(name, value)| (name, value.trim().trim_end_matches(';')))
                .filter(|(name, _)| name.starts_with("--"))
                .collect()
        })
        .collect();
    assert_eq!(schemes.len(), 2, "light and dark");
    assert_eq!(
        schemes[0].keys().collect::<Vec<_>>(),
        schemes[1].keys().collect::<Vec<_>>()
    );
    for scheme in schemes {
        for (text, ground) in [
            ("--text", "--paper"),
            ("--text", "--panel"),
            ("--soft", "--paper"),
            ("--soft", "--panel"),
            ("--link", "--paper"),
            ("--link", "--panel"),
            ("--badge-text", "--badge"),
            ("--personal-text", "--personal"),
            ("--warning-text", "--warning"),
            ("--added-text", "--added"),
            ("--removed-text", "--removed"),
        ] {
            let (one, other) = (luminance(scheme[text]), luminance(scheme[ground]));
            let contrast = (one.max(other) + 0.05) / (one.min(other) + 0.05);
            assert!(contrast >= 4.5, "{text} on {ground}: {contrast:.2}");
        }
    }
}
