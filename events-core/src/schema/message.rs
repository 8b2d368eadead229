//! The compiler's message about an event that no longer fits its schema files.

use super::contract::{Contract, KeptSchema, MinorProblem, conflict};
use super::finding::Finding;
use super::rule::Rule;
use super::text::Text;

pub(super) type Message = Text<16_000>;

pub(super) const fn message(contract: &Contract) -> Message {
    let mut text = Text::new();
    if let Some((_, record)) = conflict(contract.schema) {
        write(
            &mut text,
            &[
                "[record-name-taken] in event `",
                contract.event_type,
                "` two different records are called `",
                record.name,
                "` on the wire\n  remedy: give one of the two types a name of its own there: `#[event_data(name = \"…\")]`",
            ],
        );
        return text;
    }
    if let Some(problem) = contract.minor() {
        minor(&mut text, contract, problem);
        return text;
    }
    let judgement = judge(contract);
    write(&mut text, &["event `", contract.event_type, "` "]);
    text.push(if judgement.breaking {
        "has changed in a way that breaks services that use it"
    } else {
        "has another schema, and still the same minor version"
    });
    let mut index = 0;
    while index < contract.kept.len() {
        against(&mut text, contract, &contract.kept[index]);
        index += 1;
    }
    if judgement.breaking {
        ways_out(&mut text, contract, judgement.names_only);
    } else {
        text.push(if judgement.waived {
            "\n\nWhat breaks is waived."
        } else {
            "\n\nNobody breaks who resolves schemas as Avro does, and every reader of this framework does.\n(The reference's \
             Redis consumer goes by its own layout alone: update it first.)"
        });
        text.push("\nTo publish the change:\n  - set `minor_version = ");
        text.push_number(next_minor(contract));
        text.push("` in `#[event]`\n  - run `events schema accept`, or the catalog's own test with EVENTS_SCHEMA_ACCEPT=1:\n    it writes the schema file of that version");
    }
    text
}

const fn next_minor(contract: &Contract) -> u64 {
    match contract.newest() {
        Some(newest) => newest as u64 + 1,
        None => 0,
    }
}

/// What the differences come to.
struct Judgement {
    /// Something breaks, and is not waived.
    breaking: bool,
    /// Something breaks, and is waived.
    waived: bool,
    /// A name that is kept on the wire repairs everything that breaks.
    names_only: bool,
}

const fn judge(contract: &Contract) -> Judgement {
    let mut judgement = Judgement {
        breaking: false,
        waived: false,
        names_only: true,
    };
    let mut index = 0;
    while index < contract.kept.len() {
        let kept = &contract.kept[index];
        let findings = contract.findings(kept);
        let items = findings.as_slice();
        let mut at = 0;
        while at < items.len() {
            if items[at].is_breaking() && contract.is_waived(kept, &items[at]) {
                judgement.waived = true;
            } else if items[at].is_breaking() {
                judgement.breaking = true;
                judgement.names_only &=
                    matches!(items[at].rule, Rule::FieldRenamed | Rule::RecordRenamed);
            }
            at += 1;
        }
        if findings.hide_a_break() {
            judgement.breaking = true;
            judgement.names_only = false;
        }
        index += 1;
    }
    judgement
}

const fn minor(text: &mut Message, contract: &Contract, problem: MinorProblem) {
    match problem {
        MinorProblem::Lowered { newest } => {
            write(
                text,
                &[
                    "[minor-version-lowered] event `",
                    contract.event_type,
                    "` has `minor_version = ",
                ],
            );
            text.push_number(contract.minor_version as u64);
            text.push("`, and there is a schema file of minor version ");
            text.push_number(newest as u64);
            text.push(
                "\n  minor versions only rise, for services may use each of them\n  remedy: set `minor_version = ",
            );
            text.push_number(newest as u64);
            text.push("`");
        }
        MinorProblem::Skipped { newest } => {
            write(
                text,
                &[
                    "[minor-version-skipped] event `",
                    contract.event_type,
                    "` has `minor_version = ",
                ],
            );
            text.push_number(contract.minor_version as u64);
            text.push("`, and its newest schema file is that of minor version ");
            text.push_number(newest as u64);
            text.push("\n  minor versions rise by one, and each has its schema file\n  remedy: set `minor_version = ");
            text.push_number(newest as u64 + 1);
            text.push("`, or ");
            text.push_number(newest as u64);
            text.push(" if the schema is still the same");
        }
        MinorProblem::Missing { minor } => {
            write(
                text,
                &[
                    "[schema-file-missing] event `",
                    contract.event_type,
                    "` has no schema file of minor version ",
                ],
            );
            text.push_number(minor as u64);
            write(text, &["\n  expected: schemas/", contract.event_type, "."]);
            text.push_number(minor as u64);
            text.push(".avsc\n  services may still use that version, so that its schema is needed to check this one\n  remedy: restore the file from version control");
        }
    }
}

/// What is wrong against one schema file.
const fn against(text: &mut Message, contract: &Contract, kept: &KeptSchema) {
    let findings = contract.findings(kept);
    let items = findings.as_slice();
    let mut titled = findings.hide_a_break();
    if titled {
        title(text, kept);
    }
    let mut index = 0;
    while index < items.len() {
        if contract.refuses(kept, &items[index]) {
            if !titled {
                title(text, kept);
                titled = true;
            }
            let waived = contract.is_waived(kept, &items[index]);
            finding(text, &items[index], kept, waived);
        }
        index += 1;
    }
    if titled && findings.more() > 0 {
        text.push("\n  and ");
        text.push_number(findings.more() as u64);
        text.push(" more");
        if findings.hide_a_break() {
            text.push(", too many to be waived");
        }
    }
}

const fn title(text: &mut Message, kept: &KeptSchema) {
    text.push("\n\nagainst minor version ");
    version(text, kept);
    write(text, &[", schemas/", kept.file, ":"]);
}

/// `0`, or `0 (before-version)` for a former layout.
const fn version(text: &mut Message, kept: &KeptSchema) {
    text.push_number(kept.minor_version as u64);
    if let Some(label) = kept.label {
        write(text, &[" (", label, ")"]);
    }
}

const fn finding(text: &mut Message, finding: &Finding, kept: &KeptSchema, waived: bool) {
    write(text, &["\n  [", finding.rule.id(), "]"]);
    if !finding.path().is_empty() {
        write(text, &[" `", finding.path(), "`"]);
    }
    change(text, finding);
    if waived {
        text.push("\n      waived");
        return;
    }
    if finding.breaks_old {
        text.push("\n      breaks services of minor version ");
        version(text, kept);
        write(
            text,
            &[" that read what this one writes: ", older(finding.rule)],
        );
    }
    if finding.breaks_new {
        text.push("\n      breaks this one when it reads what services of minor version ");
        version(text, kept);
        write(text, &[" wrote: ", newer(finding.rule)]);
    }
    if finding.is_breaking() {
        remedy(text, finding);
    }
}

const fn change(text: &mut Message, finding: &Finding) {
    let (old, new) = (finding.before(), finding.after());
    match finding.rule {
        Rule::FieldRemoved => write(text, &[" was `", old, "` and is gone"]),
        Rule::FieldAdded => write(text, &[" is new: `", new, "`"]),
        Rule::FieldRenamed => write(text, &[" is now called `", new, "`"]),
        Rule::FieldsReordered => {
            write(
                text,
                &[": the fields stood as ", old, " and stand as ", new],
            );
        }
        Rule::RecordRenamed => write(
            text,
            &[" was the record `", old, "` on the wire and is `", new, "`"],
        ),
        Rule::VariantAdded => write(text, &[" has a new variant `", new, "`"]),
        Rule::VariantRemoved => write(text, &[" has lost its variant `", old, "`"]),
        Rule::TypeChanged
        | Rule::MadeOptional
        | Rule::MadeRequired
        | Rule::EnumOpened
        | Rule::EnumClosed => write(text, &[" was `", old, "` and is `", new, "`"]),
    }
}

/// Why a service with the older schema cannot read what the newer one writes.
pub(super) const fn older(rule: Rule) -> &'static str {
    match rule {
        Rule::FieldRemoved | Rule::FieldRenamed => "they need the field",
        Rule::MadeOptional => "they cannot read a value that is not there",
        Rule::RecordRenamed => "Avro matches records by name",
        Rule::VariantAdded | Rule::EnumOpened => "they refuse names that they do not know",
        _ => "they expect the old type",
    }
}

/// Why a service with the newer schema cannot read what the older one wrote.
pub(super) const fn newer(rule: Rule) -> &'static str {
    match rule {
        Rule::FieldAdded | Rule::FieldRenamed => "the field is not there and has no default",
        Rule::MadeRequired => "the value may not be there",
        Rule::RecordRenamed => "Avro matches records by name",
        Rule::VariantRemoved | Rule::EnumClosed => "it refuses names that it does not know",
        _ => "it expects the new type",
    }
}

const fn remedy(text: &mut Message, finding: &Finding) {
    text.push("\n      remedy: ");
    match finding.rule {
        Rule::FieldRemoved => text.push("keep the field"),
        Rule::FieldAdded => text.push("make it an `Option`, or give it a default: `#[event_data(default = …)]`"),
        Rule::FieldRenamed => write(
            text,
            &["keep the name on the wire: `#[event_data(name = \"", finding.before(), "\")]` on the field"],
        ),
        Rule::RecordRenamed => write(
            text,
            &["keep the name on the wire: `#[event_data(name = \"", finding.before(), "\")]` on the type"],
        ),
        Rule::MadeOptional => text.push("add a new optional field, and keep this one as it was"),
        Rule::MadeRequired => text.push("keep the `Option`"),
        Rule::VariantRemoved => text.push("keep the variant, or let the enum keep names it does not know: `#[event_data(unknown)] Other(String)`"),
        Rule::VariantAdded => text.push("declare a new event type with an enum that keeps names it does not know"),
        Rule::EnumOpened => write(text, &["keep `", finding.before(), "`"]),
        Rule::EnumClosed => write(
            text,
            &[
                "keep `",
                finding.before(),
                "`, or let the enum keep names it does not know: `#[event_data(unknown)] Other(String)`",
            ],
        ),
        Rule::TypeChanged | Rule::FieldsReordered => {
            text.push("keep the type, and add a new optional field of the other one");
        }
    }
}

const fn ways_out(text: &mut Message, contract: &Contract, names_kept: bool) {
    if names_kept {
        text.push("\n\nThe name on the wire is separate from the one in Rust: keep the one, and change the other as you like.");
        return;
    }
    text.push("\n\nTwo ways out:\n  - restore what the schema files say, by the remedies above\n  - declare a new event of type `");
    next_major(text, contract.event_type);
    text.push(
        "` next to this one,\n    and let senders send both for as long as somebody reads the old one",
    );
    write(
        text,
        &[
            "\nNobody has used this version yet? Delete its schema file and run `events schema accept`.\n\
             To break it knowingly, give the reason in schemas/",
            contract.event_type,
            ".waivers.json.",
        ],
    );
}

/// The event type with the next major version.
const fn next_major(text: &mut Message, event_type: &str) {
    let bytes = event_type.as_bytes();
    let mut digits = bytes.len();
    while digits > 0 && bytes[digits - 1].is_ascii_digit() {
        digits -= 1;
    }
    let mut version: u64 = 0;
    let mut index = digits;
    while index < bytes.len() {
        version = version
            .saturating_mul(10)
            .saturating_add((bytes[index] - b'0') as u64);
        index += 1;
    }
    let versioned = digits < bytes.len()
        && digits >= 2
        && bytes[digits - 1] == b'v'
        && bytes[digits - 2] == b'.';
    if versioned && let Some((name, _)) = event_type.split_at_checked(digits) {
        text.push(name);
        text.push_number(version + 1);
    } else {
        text.push(event_type);
        text.push(".v2");
    }
}

const fn write(text: &mut Message, parts: &[&str]) {
    let mut index = 0;
    while index < parts.len() {
        text.push(parts[index]);
        index += 1;
    }
}
