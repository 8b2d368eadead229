//! The kept versions of an event's schema, what changed, and what is waived.

use events_core::EventInfo;
use events_core::schema::{Finding, Waiver};
use maud::{Markup, html};

use crate::commands::docs::history::{Change, Line, Version, versions};
use crate::text::count;

pub(super) fn section(event: &'static EventInfo) -> Markup {
    let versions = versions(event);
    html! {
        section aria-labelledby="versions" {
            h2 #versions { "Versions" }
            @if event.kept.is_empty() {
                p { "No schema file is kept yet: nothing guards this event against a change of its schema." }
            } @else if versions.len() == 1 {
                p { "One version of the schema is kept, and it has not changed." }
            } @else {
                p { "Every kept version is compared with the one before it. The newest comes first." }
            }
            ol.versions {
                @for item in &versions { (version(event, item)) }
            }
            @if !event.waivers.is_empty() { (waivers(event.waivers)) }
        }
    }
}

fn version(event: &EventInfo, version: &Version) -> Markup {
    html! {
        li {
            h3 {
                "Minor version " (version.minor)
                @if let Some(label) = version.label { ", former layout " code { (label) } }
                @if version.minor == event.minor_version && version.label.is_none() {
                    " " span.badge { "current" }
                }
            }
            p.facts {
                @if let Some(file) = version.file { "Schema file " code { (file) } }
                @else { "No schema file yet: " code { "events schema accept" } " writes it." }
            }
            @if let Some(change) = &version.change { (changes(change)) }
        }
    }
}

fn changes(change: &Change) -> Markup {
    let findings = &change.findings;
    html! {
        @if findings.is_empty() {
            p { "Nothing changed on the wire since the version before." }
        } @else {
            p { (count(findings.as_slice().len() + findings.more(), "change")) " since the version before:" }
            ul.findings {
                @for finding in findings.as_slice() { li { (self::finding(finding)) } }
                @if findings.more() > 0 { li { "and " (findings.more()) " more" } }
            }
        }
        @if !change.lines.is_empty() {
            details {
                summary { "Difference as text" }
                (diff(&change.lines))
            }
        }
    }
}

fn finding(finding: &Finding) -> Markup {
    html! {
        code.rule { (finding.rule().id()) } " "
        @if finding.path().is_empty() { "on the event itself" } @else { "at " code { (finding.path()) } }
        @match (finding.before(), finding.after()) {
            ("", "") => {},
            ("", after) => { ": " code { (after) } },
            (before, "") => { ": was " code { (before) } },
            (before, after) => { ": from " code { (before) } " to " code { (after) } },
        }
        ". "
        @if finding.is_breaking() { span.badge.warning { "breaks" } " " (who_breaks(finding)) }
        @else { span.quiet-text { "Breaks nobody." } }
    }
}

fn who_breaks(finding: &Finding) -> &'static str {
    match (
        finding.breaks_older_readers(),
        finding.breaks_newer_readers(),
    ) {
        (true, true) => "Older readers cannot read newer events, nor newer readers older events.",
        (true, false) => "Older readers cannot read newer events.",
        (false, true) => "Newer readers cannot read older events.",
        (false, false) => "Nobody.",
    }
}

fn diff(lines: &[Line]) -> Markup {
    html! {
        div.code {
            pre.diff tabindex="0" role="region" aria-label="Difference of the schemas" {
                @for line in lines {
                    @match line {
                        Line::Same(text) => { span { "  " (text) "\n" } },
                        Line::Added(text) => { ins { "+ " (text) "\n" } },
                        Line::Removed(text) => { del { "- " (text) "\n" } },
                        Line::Gap => { span.gap { "⋯\n" } },
                    }
                }
            }
        }
    }
}

fn waivers(waivers: &[Waiver]) -> Markup {
    html! {
        h3 { "Waivers" }
        p { "Incompatibilities that the maintainers of the event have decided to live with." }
        ul.findings {
            @for waiver in waivers {
                li {
                    code.rule { (waiver.rule) } " at " code { (waiver.path) } " against " code { (waiver.against) }
                    ": " (waiver.reason)
                }
            }
        }
    }
}
