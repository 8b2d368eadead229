//! What all pages share.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::commands::docs::ASYNCAPI;
use crate::commands::docs::site::Site;

pub(super) const INDEX: &str = "index.html";
pub(super) const TYPES: &str = "types.html";
pub(super) const PERSONAL: &str = "personal-data.html";
pub(super) const STYLE: &str = "assets/site.css";
pub(super) const SCRIPT: &str = "assets/site.js";

/// A page around its content.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame<'a> {
    pub(super) site: &'a Site<'a>,
    /// The page's own title; none on the index.
    pub(super) title: Option<&'a str>,
    pub(super) description: &'a str,
    /// From the page to the root of the site: empty, or `../`.
    pub(super) root: &'a str,
    /// The path of the page, where the navigation has it.
    pub(super) current: &'a str,
}

impl Frame<'_> {
    /// The whole page. The content comes with its own `main`.
    pub(super) fn page(&self, content: &Markup) -> String {
        let Self { site, root, .. } = *self;
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    @if !self.description.is_empty() {
                        meta name="description" content=(self.description);
                    }
                    title {
                        @if let Some(title) = self.title { (title) " · " }
                        (site.title)
                    }
                    // Without it, browsers ask the server for one.
                    link rel="icon" href="data:,";
                    link rel="stylesheet" href={ (root) (STYLE) };
                    script src={ (root) (SCRIPT) } defer {}
                }
                body {
                    a.skip href="#content" { "Skip to the content" }
                    header.top {
                        a.brand href={ (root) (INDEX) } { (site.title) }
                        nav aria-label="Site" {
                            (self.tab(INDEX, "Events"))
                            (self.tab(TYPES, "Data types"))
                            (self.tab(PERSONAL, "Personal data"))
                        }
                        // Shown by the script: without it, there is no search.
                        form.search role="search" action={ (root) (INDEX) } method="get" hidden {
                            label.quiet for="search" { "Search events" }
                            input #search name="q" type="search" placeholder="Search: name, type, field"
                                autocomplete="off" spellcheck="false" aria-keyshortcuts="/";
                        }
                    }
                    (content)
                    footer.bottom {
                        p {
                            "Made by " code { "events docs" } " from what is linked into the binary. "
                            "For machines: " a href={ (root) (ASYNCAPI) } { "AsyncAPI document" } "."
                        }
                    }
                }
            }
        };
        page.0
    }

    fn tab(&self, to: &str, name: &str) -> Markup {
        let current = (self.current == to).then_some("page");
        html! { a href={ (self.root) (to) } aria-current=[current] { (name) } }
    }
}

/// A name that may be broken behind its dots, colons and underscores.
pub(super) fn breakable(name: &str) -> Markup {
    let mut out = String::new();
    for part in name.split_inclusive(['.', ':', '_', '/']) {
        out.push_str(&html! { (part) }.0);
        if !part.ends_with(':') || out.ends_with("::") {
            out.push_str("<wbr>");
        }
    }
    PreEscaped(out.trim_end_matches("<wbr>").to_owned())
}

/// Code that can be copied.
pub(super) fn code_block(label: &str, code: &str) -> Markup {
    html! {
        div.code data-copy {
            pre tabindex="0" role="region" aria-label=(label) { code { (code) } }
        }
    }
}

/// The mark of personal data.
pub(super) fn personal_badge() -> Markup {
    html! { span.badge.personal { "personal data" } }
}
