//! What an event promises with its schema files, and whether the struct keeps it.

use super::compare::{compare, same};
use super::finding::{Finding, Findings};
use super::message;
use super::model::{RecordSchema, Schema};
use super::text::equal;

/// A schema file of an event, as the compiler read it.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct KeptSchema {
    /// The minor version it is the schema of.
    pub minor_version: u32,
    /// What tells a former layout from the schema of the minor version: services wrote it under the same minor version
    /// once, and it is read, never written. `before-version` in `….v1.0-before-version.avsc`.
    pub label: Option<&'static str>,
    /// The name of the file in the folder `schemas`.
    pub file: &'static str,
    /// The schema.
    pub schema: &'static RecordSchema,
}

/// An incompatibility that the maintainers of an event have decided to live with, from its `….waivers.json`.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Waiver {
    /// The schema file that the event no longer fits.
    pub against: &'static str,
    /// The id of the rule.
    pub rule: &'static str,
    /// Where.
    pub path: &'static str,
    /// Why.
    pub reason: &'static str,
}

impl KeptSchema {
    /// Called by `#[event]`.
    #[doc(hidden)]
    pub const fn new(
        minor_version: u32,
        label: Option<&'static str>,
        file: &'static str,
        schema: &'static RecordSchema,
    ) -> Self {
        Self {
            minor_version,
            label,
            file,
            schema,
        }
    }
}

impl Waiver {
    /// Called by `#[event]`.
    #[doc(hidden)]
    pub const fn new(
        against: &'static str,
        rule: &'static str,
        path: &'static str,
        reason: &'static str,
    ) -> Self {
        Self {
            against,
            rule,
            path,
            reason,
        }
    }

    /// Whether the finding, against a schema file, is the one that is waived.
    pub const fn covers(&self, file: &str, finding: &Finding) -> bool {
        equal(self.against, file)
            && equal(self.rule, finding.rule().id())
            && equal(self.path, finding.path())
    }
}

/// What `#[event]` knows of an event and its schema files. Its methods are called during constant evaluation.
#[derive(Debug, Clone, Copy)]
pub struct Contract {
    pub(super) event_type: &'static str,
    pub(super) minor_version: u32,
    pub(super) schema: &'static RecordSchema,
    /// The schema files.
    pub kept: &'static [KeptSchema],
    /// What is waived.
    pub waivers: &'static [Waiver],
}

impl Contract {
    /// The answer of [`guilty`](Self::guilty) where nothing is wrong.
    pub const NOTHING: usize = 0;
    /// The event type is to blame.
    pub const EVENT_TYPE: usize = 1;
    /// The minor version is to blame.
    pub const MINOR_VERSION: usize = 2;
    /// The first field is to blame; the next number is the second field, and so on.
    pub const FIRST_FIELD: usize = 3;

    /// Called by `#[event]`.
    ///
    /// # Panics
    /// If the schema is not that of a record.
    pub const fn new(
        event_type: &'static str,
        minor_version: u32,
        schema: &'static Schema,
        kept: &'static [KeptSchema],
        waivers: &'static [Waiver],
    ) -> Self {
        let Schema::Record(schema) = schema else {
            panic!("an event is a record")
        };
        Self {
            event_type,
            minor_version,
            schema,
            kept,
            waivers,
        }
    }

    /// Which part of the source to point at.
    pub const fn guilty(&self) -> usize {
        if let Some((path, _)) = conflict(self.schema) {
            return Self::FIRST_FIELD + path;
        }
        if self.minor().is_some() {
            return Self::MINOR_VERSION;
        }
        let mut suspect = Self::NOTHING;
        let mut index = 0;
        while index < self.kept.len() {
            let kept = &self.kept[index];
            let findings = compare(kept.schema, self.schema);
            let items = findings.as_slice();
            let mut at = 0;
            while at < items.len() {
                if self.refuses(kept, &items[at]) {
                    let place = if items[at].field < self.schema.fields.len() {
                        Self::FIRST_FIELD + items[at].field
                    } else {
                        Self::EVENT_TYPE
                    };
                    // What breaks somebody first.
                    if items[at].is_breaking() && !self.is_waived(kept, &items[at]) {
                        return place;
                    }
                    if suspect == Self::NOTHING {
                        suspect = place;
                    }
                }
                at += 1;
            }
            // What no longer has a place in the list cannot be waived either.
            if findings.hide_a_break() {
                return Self::EVENT_TYPE;
            }
            index += 1;
        }
        suspect
    }

    /// Ends constant evaluation with a message.
    ///
    /// # Panics
    /// Always.
    #[track_caller]
    pub const fn refuse(&self) -> ! {
        let text = message::message(self);
        panic!("{}", text.as_str())
    }

    /// Whether a difference to a schema file must not be.
    pub(super) const fn refuses(&self, kept: &KeptSchema, finding: &Finding) -> bool {
        // The file of the version itself: nothing may differ. That of another: nothing may break.
        (kept.minor_version == self.minor_version && kept.label.is_none())
            || (finding.is_breaking() && !self.is_waived(kept, finding))
    }

    pub(super) const fn is_waived(&self, kept: &KeptSchema, finding: &Finding) -> bool {
        let mut index = 0;
        while index < self.waivers.len() {
            if self.waivers[index].covers(kept.file, finding) {
                return true;
            }
            index += 1;
        }
        false
    }

    /// The newest kept minor version.
    pub(super) const fn newest(&self) -> Option<u32> {
        let mut newest = None;
        let mut index = 0;
        while index < self.kept.len() {
            let kept = &self.kept[index];
            if kept.label.is_none() {
                newest = match newest {
                    Some(minor) if minor > kept.minor_version => newest,
                    _ => Some(kept.minor_version),
                };
            }
            index += 1;
        }
        newest
    }

    const fn has(&self, minor_version: u32) -> bool {
        let mut index = 0;
        while index < self.kept.len() {
            if self.kept[index].label.is_none() && self.kept[index].minor_version == minor_version {
                return true;
            }
            index += 1;
        }
        false
    }

    /// What is wrong with the minor version.
    pub(super) const fn minor(&self) -> Option<MinorProblem> {
        let Some(newest) = self.newest() else {
            return None;
        };
        if self.minor_version < newest {
            return Some(MinorProblem::Lowered { newest });
        }
        if self.minor_version > newest.saturating_add(1) {
            return Some(MinorProblem::Skipped { newest });
        }
        let mut oldest = newest;
        let mut index = 0;
        while index < self.kept.len() {
            if self.kept[index].label.is_none() && self.kept[index].minor_version < oldest {
                oldest = self.kept[index].minor_version;
            }
            index += 1;
        }
        while oldest < newest {
            if !self.has(oldest) {
                return Some(MinorProblem::Missing { minor: oldest });
            }
            oldest += 1;
        }
        None
    }

    /// What the event breaks or changes of one schema file.
    pub(super) const fn findings(&self, kept: &KeptSchema) -> Findings {
        compare(kept.schema, self.schema)
    }
}

/// What can be wrong with a minor version.
#[derive(Clone, Copy)]
pub(super) enum MinorProblem {
    Lowered { newest: u32 },
    Skipped { newest: u32 },
    Missing { minor: u32 },
}

/// The first record of an event whose name another, different one has: the field of the event that it is in, and it.
pub(super) const fn conflict(event: &RecordSchema) -> Option<(usize, &RecordSchema)> {
    let mut names = Names {
        records: [None; 64],
        len: 0,
    };
    let mut index = 0;
    while index < event.fields.len() {
        if let Some(record) = names.visit(event.fields[index].schema) {
            return Some((index, record));
        }
        index += 1;
    }
    None
}

/// The records seen so far. Beyond 64 different ones no conflict is seen; such an event is not one.
struct Names {
    records: [Option<&'static RecordSchema>; 64],
    len: usize,
}

impl Names {
    const fn visit(&mut self, schema: &'static Schema) -> Option<&'static RecordSchema> {
        match schema {
            Schema::Optional(inner) | Schema::Array(inner) | Schema::Map(inner) => {
                self.visit(inner)
            }
            Schema::Record(record) => {
                // The name of the event's own record.
                if equal(record.name, "CloudEvent") {
                    return Some(record);
                }
                let mut index = 0;
                while index < self.len {
                    if let Some(seen) = self.records[index]
                        && equal(seen.name, record.name)
                    {
                        return if same(&Schema::Record(seen), schema) {
                            None
                        } else {
                            Some(record)
                        };
                    }
                    index += 1;
                }
                if self.len < self.records.len() {
                    self.records[self.len] = Some(record);
                    self.len += 1;
                }
                let mut index = 0;
                while index < record.fields.len() {
                    if let Some(found) = self.visit(record.fields[index].schema) {
                        return Some(found);
                    }
                    index += 1;
                }
                None
            }
            _ => None,
        }
    }
}
