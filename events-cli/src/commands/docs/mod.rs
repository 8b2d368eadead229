//! `events docs`: the catalog as a static site.
//!
//! The pages are made from what the linker collected, so they are as true as the binary. They need no server: every
//! link is relative, search runs in the page, and nothing is asked of any other site.

pub(super) mod fields;
mod folder;
mod history;
mod location;
mod markdown;
mod pages;
mod site;
mod snippets;
mod types;

use std::collections::BTreeMap;

pub(super) use folder::at;
use serde::Serialize;

use super::{Facts, Failure, asyncapi};
use crate::args::DocsArgs;
use crate::text::{Page, count};
use crate::world::World;
use site::Site;

/// What was written.
#[derive(Debug, Serialize)]
pub(crate) struct Docs {
    out: String,
    title: String,
    events: usize,
    /// How many pages the site has.
    pages: usize,
    /// How many files the site has, pages included.
    files: usize,
    bytes: usize,
    /// How many files are new or other than before.
    changed: usize,
    /// How many files of an earlier site are gone.
    removed: usize,
}

/// Writes the site.
pub(crate) fn docs(world: &World, args: &DocsArgs) -> Result<Docs, Failure> {
    let site = Site::new(world, &args.title);
    let mut files = BTreeMap::new();
    pages::add(&site, &mut files);
    let pages = files.len() - pages::ASSETS;
    for page in &site.events {
        files.insert(page.schema_path(), page.event().avro_schema().to_string());
    }
    let document = asyncapi::document(world, &args.title, asyncapi::VERSION);
    files.insert(String::from(ASYNCAPI), format!("{document}\n"));
    let written = folder::write(&args.out, &files, args.force)?;
    Ok(Docs {
        out: args.out.display().to_string(),
        title: args.title.clone(),
        events: site.events.len(),
        pages,
        files: files.len(),
        bytes: files.values().map(String::len).sum(),
        changed: written.changed,
        removed: written.removed,
    })
}

/// Where the site has the catalog for machines.
const ASYNCAPI: &str = "asyncapi.json";

impl Facts for Docs {
    fn lay_out(&self, page: &mut Page) {
        page.line(&format!(
            "Wrote {} about {} to {}",
            count(self.pages, "page"),
            count(self.events, "event"),
            self.out
        ));
        page.blank();
        page.pairs(
            2,
            &[
                ("begin at", &format!("{}/index.html", self.out)),
                (
                    "files",
                    &format!(
                        "{}, {} kB; {} changed, {} removed",
                        self.files,
                        self.bytes.div_ceil(1000),
                        self.changed,
                        self.removed
                    ),
                ),
            ],
        );
    }
}
