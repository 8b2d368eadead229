//! The documentation of Rust items as HTML. It is Markdown, in which this keeps what fits into a page of the site:
//! HTML inside of it is shown as text, images become links, and only links to other sites are links.

use maud::{Markup, PreEscaped, html};
use pulldown_cmark::{BrokenLink, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// The whole text, as blocks.
pub(super) fn blocks(text: &str) -> Markup {
    PreEscaped(render(text, false))
}

/// The first paragraph, without the element around it.
pub(super) fn first_paragraph(text: &str) -> Markup {
    let first = text.split("\n\n").next().unwrap_or_default();
    inline(first)
}

/// The text without blocks: what stands in a cell of a table. Paragraphs are set apart by a break.
pub(super) fn inline(text: &str) -> Markup {
    PreEscaped(render(text, true))
}

/// The first paragraph as plain text.
pub(super) fn plain(text: &str) -> String {
    let first = text.split("\n\n").next().unwrap_or_default();
    let mut plain = String::new();
    for event in parser(first) {
        match event {
            Event::Text(text) | Event::Code(text) => plain.push_str(&text),
            Event::SoftBreak | Event::HardBreak => plain.push(' '),
            _ => {}
        }
    }
    plain
}

fn parser(text: &str) -> impl Iterator<Item = Event<'_>> {
    // The links that rustdoc resolves lead nowhere here; they stay what they look like.
    let unresolved = |link: BrokenLink<'_>| {
        let is_item = link.reference.starts_with('`') || link.reference.contains("::");
        is_item.then(|| ("".into(), "".into()))
    };
    Parser::new_with_broken_link_callback(
        text,
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH,
        Some(unresolved),
    )
    .collect::<Vec<_>>()
    .into_iter()
}

fn render(text: &str, inline: bool) -> String {
    let mut out = Out {
        html: String::new(),
        inline,
        links: Vec::new(),
        in_head: false,
    };
    for event in parser(text) {
        out.event(event);
    }
    out.html
}

struct Out {
    html: String,
    /// Whether paragraphs are set apart by a break, and other blocks by nothing.
    inline: bool,
    /// For each link that is open, whether it became an element.
    links: Vec<bool>,
    in_head: bool,
}

impl Out {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(&tag),
            Event::End(tag) => self.end(tag),
            Event::Code(code) => self.html.push_str(&html! { code { (code) } }.0),
            Event::SoftBreak => self.html.push('\n'),
            Event::HardBreak => self.html.push_str("<br>"),
            Event::Rule if !self.inline => self.html.push_str("<hr>"),
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => self.text(&text),
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        self.html.push_str(&html! { (text) }.0);
    }

    fn start(&mut self, tag: &Tag<'_>) {
        match tag {
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => self.link(dest_url),
            Tag::Paragraph if self.inline => {
                if !self.html.is_empty() {
                    self.html.push_str("<br>");
                }
            }
            other => {
                if let Some(name) = self.element(other.to_end()) {
                    self.html.extend(["<", name, ">"]);
                }
                if matches!(other, Tag::TableHead) {
                    self.in_head = true;
                    self.html.push_str("<tr>");
                }
            }
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Link | TagEnd::Image => {
                if self.links.pop() == Some(true) {
                    self.html.push_str("</a>");
                }
            }
            TagEnd::Paragraph if self.inline => {}
            other => {
                if other == TagEnd::TableHead {
                    self.html.push_str("</tr>");
                }
                if let Some(name) = self.element(other) {
                    self.html.extend(["</", name, ">"]);
                }
                if other == TagEnd::TableHead {
                    self.in_head = false;
                }
            }
        }
    }

    fn link(&mut self, to: &str) {
        let leads_out = ["https://", "http://", "mailto:"]
            .iter()
            .any(|scheme| to.starts_with(scheme));
        if leads_out {
            let anchor = html! { a href=(to) rel="noreferrer" {} }.0;
            self.html.push_str(anchor.trim_end_matches("</a>"));
        }
        self.links.push(leads_out);
    }

    /// The element of a block or a span; none for what is left out.
    fn element(&self, tag: TagEnd) -> Option<&'static str> {
        let span = match tag {
            TagEnd::Emphasis => Some("em"),
            TagEnd::Strong => Some("strong"),
            TagEnd::Strikethrough => Some("s"),
            _ => None,
        };
        if span.is_some() || self.inline {
            return span;
        }
        match tag {
            TagEnd::Paragraph => Some("p"),
            // Below the headings of the page.
            TagEnd::Heading(HeadingLevel::H1) => Some("h3"),
            TagEnd::Heading(_) => Some("h4"),
            TagEnd::BlockQuote(_) => Some("blockquote"),
            TagEnd::CodeBlock => Some("pre"),
            TagEnd::List(true) => Some("ol"),
            TagEnd::List(false) => Some("ul"),
            TagEnd::Item => Some("li"),
            TagEnd::Table => Some("table"),
            TagEnd::TableHead => Some("thead"),
            TagEnd::TableRow => Some("tr"),
            TagEnd::TableCell if self.in_head => Some("th"),
            TagEnd::TableCell => Some("td"),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_becomes_html() {
        let html = blocks("One `two` **three**\nfour.\n\n- a\n- b\n\n# Panics\nNever.").0;
        assert_eq!(
            html,
            "<p>One <code>two</code> <strong>three</strong>\nfour.</p><ul><li>a</li><li>b</li></ul>\
             <h3>Panics</h3><p>Never.</p>"
        );
        assert_eq!(inline("One\n\n*two*").0, "One<br><em>two</em>");
        assert_eq!(
            plain("A `b`\nc [d](https://x.example).\n\nMore"),
            "A b c d."
        );
        let table = blocks("| a |\n| - |\n| b |").0;
        assert_eq!(
            table,
            "<table><thead><tr><th>a</th></tr></thead><tr><td>b</td></tr></table>"
        );
    }

    #[test]
    fn nothing_gets_out_of_its_place() {
        let html = blocks("<script>alert(1)</script> a <b onclick=x>b</b> & `<i>`").0;
        assert!(!html.contains("<script") && !html.contains("<b"), "{html}");
        assert!(html.contains("&lt;i&gt;"), "{html}");
        let html =
            blocks("[x](javascript:alert) [y](https://a.example/\"onx=) ![z](https://i.example)").0;
        assert!(
            !html.contains("javascript") && !html.contains("<img"),
            "{html}"
        );
        assert!(
            html.contains("href=\"https://a.example/&quot;onx=\""),
            "{html}"
        );
    }

    #[test]
    fn links_of_rustdoc_stay_what_they_look_like() {
        assert_eq!(
            inline("See [`UserData`] and [the key](crate::keys::CourseKey).").0,
            "See <code>UserData</code> and the key."
        );
    }
}
