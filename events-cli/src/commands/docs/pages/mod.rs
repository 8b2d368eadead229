//! The pages of the site.

mod event;
mod index;
mod layout;
mod personal;
mod schema_type;
mod types;
mod versions;

use std::collections::BTreeMap;

use super::site::Site;

/// How many of the files are no pages.
pub(super) const ASSETS: usize = 2;

/// Adds the pages and what they need, by their paths.
pub(super) fn add(site: &Site<'_>, files: &mut BTreeMap<String, String>) {
    files.insert(
        String::from(layout::STYLE),
        include_str!("../assets/site.css").to_owned(),
    );
    files.insert(
        String::from(layout::SCRIPT),
        include_str!("../assets/site.js").to_owned(),
    );
    files.insert(String::from(layout::INDEX), index::page(site));
    files.insert(String::from(layout::TYPES), types::page(site));
    files.insert(String::from(layout::PERSONAL), personal::page(site));
    for (index, event) in site.events.iter().enumerate() {
        files.insert(event.path(), event::page(site, event, index));
    }
}
