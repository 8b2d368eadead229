//! The waivers of an event: reading them, and finding those that waive nothing.

use super::disk::{Files, Waivers};
use super::name::file_of;
use super::problem::{Problem, ProblemKind};
use crate::event::EventInfo;
use crate::schema::rule::Rule;
use crate::schema::{Waiver, compare};
use serde_json::Value as Json;

/// A [`Waiver`] that was read from a file.
#[derive(Debug, Default)]
pub(super) struct OwnedWaiver {
    against: String,
    rule: String,
    path: String,
    reason: String,
}

impl PartialEq<Waiver> for OwnedWaiver {
    fn eq(&self, other: &Waiver) -> bool {
        self.against == other.against
            && self.rule == other.rule
            && self.path == other.path
            && self.reason == other.reason
    }
}

const KEYS: [&str; 4] = ["against", "rule", "path", "reason"];
const SHAPE: &str = "write a list of { \"against\": \"<schema file>\", \"rule\": \"<rule id>\", \"path\": \"<path>\", \
                     \"reason\": \"<why>\" }";

/// Reads the text of a file of waivers.
pub(super) fn read(name: &str, event_type: &str, text: Result<String, String>) -> Waivers {
    let mut read = Waivers {
        name: name.to_owned(),
        items: Vec::new(),
        problems: Vec::new(),
    };
    let mut unreadable = |problem: String| {
        let problem = Problem::new(ProblemKind::WaiversUnreadable, name, problem, SHAPE);
        read.problems.push(problem.of(event_type));
    };
    let json = text.and_then(|text| {
        serde_json::from_str::<Json>(&text).map_err(|problem| format!("not JSON: {problem}"))
    });
    let items = match json {
        Ok(Json::Array(items)) => items,
        Ok(_) => {
            unreadable("it is not a list".to_owned());
            return read;
        }
        Err(problem) => {
            unreadable(problem);
            return read;
        }
    };
    for (index, item) in items.iter().enumerate() {
        let place = index + 1;
        let Json::Object(members) = item else {
            unreadable(format!("waiver {place} is not an object"));
            continue;
        };
        for key in members.keys().filter(|key| !KEYS.contains(&key.as_str())) {
            unreadable(format!("waiver {place} has an unknown key `{key}`"));
        }
        let member = |key: &str| item.get(key).and_then(Json::as_str).map(str::to_owned);
        if let [Some(against), Some(rule), Some(path)] = ["against", "rule", "path"].map(member) {
            read.items.push(OwnedWaiver {
                against,
                rule,
                path,
                reason: member("reason").unwrap_or_default(),
            });
        } else {
            unreadable(format!(
                "waiver {place} does not say, as texts, what it waives: `against`, `rule` and `path`"
            ));
        }
    }
    read
}

/// What is wrong with the waivers of an event.
pub(super) fn check(event: &EventInfo, files: &Files, problems: &mut Vec<Problem>) {
    let Some(file) = &files.waivers else {
        if !event.waivers.is_empty() {
            problems.push(changed(
                event,
                &format!("{}.waivers.json", event.event_type),
                "it is gone",
            ));
        }
        return;
    };
    problems.extend(file.problems.iter().cloned());
    for waiver in &file.items {
        problems.extend(judge(event, files, &file.name, waiver));
    }
    let is_same = file.items.len() == event.waivers.len()
        && file.items.iter().zip(event.waivers).all(|(a, b)| *a == *b);
    if !is_same && file.problems.is_empty() {
        problems.push(changed(event, &file.name, "it has changed"));
    }
}

fn changed(event: &EventInfo, name: &str, how: &str) -> Problem {
    Problem::new(
        ProblemKind::WaiversChanged,
        name,
        format!("{how} since this binary was compiled, so that the compiler has not judged by it"),
        "build again",
    )
    .of(event.event_type)
}

fn judge(event: &EventInfo, files: &Files, name: &str, waiver: &OwnedWaiver) -> Option<Problem> {
    let OwnedWaiver {
        against,
        rule,
        path,
        reason,
    } = waiver;
    let problem = |kind, message: String, remedy: &str| {
        Some(Problem::new(kind, name, message, remedy).of(event.event_type))
    };
    let what = format!("the waiver of `{rule}` at `{path}` against {against}");
    if reason.trim().is_empty() {
        return problem(
            ProblemKind::WaiverWithoutReason,
            format!("{what} has no reason; whoever reads the event breaks by it, and will ask why"),
            "say it: \"reason\": \"…\"",
        );
    }
    let Some(rule) = Rule::ALL.iter().find(|known| known.id() == rule) else {
        let known: Vec<_> = Rule::ALL.iter().map(|rule| rule.id()).collect();
        return problem(
            ProblemKind::WaiverOfUnknownRule,
            format!("{what} names a rule that there is not"),
            &format!(
                "name the rule that the compiler's message names: {}",
                known.join(", ")
            ),
        );
    };
    if *against == file_of(event.event_type, event.minor_version) {
        return problem(
            ProblemKind::WaiverStale,
            format!(
                "{what} waives nothing: from the file of its own minor version an event may not differ"
            ),
            "raise `minor_version`; the waiver then applies. If it is not needed, delete it",
        );
    }
    let Some(file) = files.schemas.values().find(|file| file.name == *against) else {
        return problem(
            ProblemKind::WaiverOfUnknownFile,
            format!("{what} names a schema file that is not there"),
            "name a schema file of this event, or delete the waiver",
        );
    };
    // What cannot be read has its own problem.
    let content = file.content.as_ref().ok()?;
    let findings = compare(content.schema, event.schema);
    let covers = findings
        .as_slice()
        .iter()
        .any(|finding| finding.is_breaking() && finding.rule() == *rule && finding.path() == path);
    if covers || findings.more() > 0 {
        return None;
    }
    problem(
        ProblemKind::WaiverStale,
        format!("{what} waives nothing: the event does not break that there"),
        "delete the waiver, so that it cannot hide a later break",
    )
}
