//! Compares two schemas of one event by the rules of Avro's schema resolution.
//!
//! Source of the rules: the Avro specification 1.12, *Schema Resolution*: a reader matches the fields of a record by
//! name, needs a default for what the writer does not have, ignores what it does not know, takes a `long` for a
//! `double`, and `string` and `bytes` for each other. An enum travels as text and so is judged by what its readers
//! accept.

use super::describe::{described, enumerated};
use super::finding::{Finding, Findings};
use super::model::{EnumSchema, FieldSchema, RecordSchema, Schema};
use super::rule::Rule;
use super::text::{Text, contains, equal};

/// What differs between an older and a newer schema of one event; nothing, if they are the same on the wire.
///
/// Documentation, defaults and the names of the two records themselves are not on the wire. A default matters only where
/// a field is missing on the other side.
pub const fn compare(old: &RecordSchema, new: &RecordSchema) -> Findings {
    let mut comparison = Comparison {
        findings: Findings::new(),
        path: Text::new(),
        field: new.fields.len(),
    };
    comparison.fields(old, new, true);
    comparison.findings
}

/// What the change does to whom: the service with the older schema, and that with the newer one.
#[derive(Clone, Copy)]
struct Breaks {
    old: bool,
    new: bool,
}

const NOBODY: Breaks = Breaks {
    old: false,
    new: false,
};
const BOTH: Breaks = Breaks {
    old: true,
    new: true,
};

struct Comparison {
    findings: Findings,
    path: Text<160>,
    field: usize,
}

impl Comparison {
    const fn find(&mut self, rule: Rule, breaks: Breaks, old: Text<120>, new: Text<120>) {
        self.findings.push(&Finding {
            rule,
            path: self.path,
            old,
            new,
            breaks_old: breaks.old,
            breaks_new: breaks.new,
            field: self.field,
        });
    }

    const fn enter(&mut self, name: &str) -> usize {
        let len = self.path.len();
        if len > 0 {
            self.path.push(".");
        }
        self.path.push(name);
        len
    }

    const fn fields(&mut self, old: &RecordSchema, new: &RecordSchema, top: bool) {
        let mut index = 0;
        while index < old.fields.len() {
            let field = &old.fields[index];
            if position(new.fields, field.name, index).is_none() {
                if top {
                    // The field is gone; its place is not.
                    self.field = if index < new.fields.len() {
                        index
                    } else {
                        new.fields.len()
                    };
                }
                self.gone(old, new, index);
            }
            index += 1;
        }
        let mut index = 0;
        while index < new.fields.len() {
            let field = &new.fields[index];
            if top {
                self.field = index;
            }
            match position(old.fields, field.name, index) {
                Some(at) => {
                    let len = self.enter(field.name);
                    self.schema(old.fields[at].schema, field.schema);
                    self.path.truncate(len);
                }
                None => {
                    if renamed_from(old, new, index).is_none() {
                        let len = self.enter(field.name);
                        let breaks = Breaks {
                            old: false,
                            new: !field.has_default(),
                        };
                        self.find(
                            Rule::FieldAdded,
                            breaks,
                            Text::new(),
                            described(field.schema),
                        );
                        self.path.truncate(len);
                    }
                }
            }
            index += 1;
        }
        if top {
            self.field = new.fields.len();
        }
        if !same_order(old.fields, new.fields) {
            self.find(
                Rule::FieldsReordered,
                NOBODY,
                listed(old.fields, new.fields),
                listed(new.fields, old.fields),
            );
        }
    }

    /// A field of the older record that the newer one does not have.
    const fn gone(&mut self, old: &RecordSchema, new: &RecordSchema, index: usize) {
        let field = &old.fields[index];
        let len = self.enter(field.name);
        let needed = !field.has_default();
        if let Some(to) = renamed_to(old, new, index) {
            let to = &new.fields[to];
            let breaks = Breaks {
                old: needed,
                new: !to.has_default(),
            };
            let (mut was, mut is) = (Text::new(), Text::new());
            was.push(field.name);
            is.push(to.name);
            self.find(Rule::FieldRenamed, breaks, was, is);
        } else {
            let breaks = Breaks {
                old: needed,
                new: false,
            };
            self.find(
                Rule::FieldRemoved,
                breaks,
                described(field.schema),
                Text::new(),
            );
        }
        self.path.truncate(len);
    }

    const fn schema(&mut self, old: &Schema, new: &Schema) {
        match (old, new) {
            (Schema::Optional(old), Schema::Optional(new)) => self.schema(old, new),
            (Schema::Optional(inner), _) => {
                let breaks = Breaks {
                    old: false,
                    new: true,
                };
                self.find(Rule::MadeRequired, breaks, described(old), described(new));
                self.schema(inner, new);
            }
            (_, Schema::Optional(inner)) => {
                let breaks = Breaks {
                    old: true,
                    new: false,
                };
                self.find(Rule::MadeOptional, breaks, described(old), described(new));
                self.schema(old, inner);
            }
            (Schema::Array(old), Schema::Array(new)) => self.items("[]", old, new),
            (Schema::Map(old), Schema::Map(new)) => self.items("{}", old, new),
            (Schema::Record(old), Schema::Record(new)) => {
                if !equal(old.name, new.name) {
                    let (mut was, mut is) = (Text::new(), Text::new());
                    was.push(old.name);
                    is.push(new.name);
                    self.find(Rule::RecordRenamed, BOTH, was, is);
                }
                self.fields(old, new, false);
            }
            (Schema::Enum(old), Schema::Enum(new)) => self.variants(old, new),
            (Schema::Enum(list), Schema::String(_)) if !list.open => {
                let breaks = Breaks {
                    old: true,
                    new: false,
                };
                self.find(Rule::EnumOpened, breaks, described(old), described(new));
            }
            (Schema::String(_), Schema::Enum(list)) if !list.open => {
                let breaks = Breaks {
                    old: false,
                    new: true,
                };
                self.find(Rule::EnumClosed, breaks, described(old), described(new));
            }
            _ => {
                if let Some(breaks) = types(old, new) {
                    self.find(Rule::TypeChanged, breaks, described(old), described(new));
                }
            }
        }
    }

    const fn items(&mut self, mark: &str, old: &Schema, new: &Schema) {
        let len = self.path.len();
        self.path.push(mark);
        self.schema(old, new);
        self.path.truncate(len);
    }

    const fn variants(&mut self, old: &EnumSchema, new: &EnumSchema) {
        let mut index = 0;
        while index < old.variants.len() {
            if !contains(new.variants, old.variants[index]) {
                let breaks = Breaks {
                    old: false,
                    new: !new.open,
                };
                let mut was = Text::new();
                was.push(old.variants[index]);
                self.find(Rule::VariantRemoved, breaks, was, Text::new());
            }
            index += 1;
        }
        let mut index = 0;
        while index < new.variants.len() {
            if !contains(old.variants, new.variants[index]) {
                let breaks = Breaks {
                    old: !old.open,
                    new: false,
                };
                let mut is = Text::new();
                is.push(new.variants[index]);
                self.find(Rule::VariantAdded, breaks, Text::new(), is);
            }
            index += 1;
        }
        if old.open && !new.open {
            let breaks = Breaks {
                old: false,
                new: true,
            };
            self.find(Rule::EnumClosed, breaks, enumerated(old), enumerated(new));
        }
        if !old.open && new.open {
            let breaks = Breaks {
                old: true,
                new: false,
            };
            self.find(Rule::EnumOpened, breaks, enumerated(old), enumerated(new));
        }
    }
}

/// Whom a change between two types breaks that have no parts in common; `None` where they are the same on the wire.
const fn types(old: &Schema, new: &Schema) -> Option<Breaks> {
    match (old, new) {
        (Schema::Boolean, Schema::Boolean)
        | (Schema::Long, Schema::Long)
        | (Schema::Double, Schema::Double)
        | (Schema::Bytes, Schema::Bytes)
        | (Schema::String(_) | Schema::Enum(_), Schema::String(_) | Schema::Enum(_)) => None,
        (Schema::Long, Schema::Double) => Some(Breaks {
            old: true,
            new: false,
        }),
        (Schema::Double, Schema::Long) => Some(Breaks {
            old: false,
            new: true,
        }),
        (Schema::String(_), Schema::Bytes) | (Schema::Bytes, Schema::String(_)) => Some(NOBODY),
        (Schema::Foreign(old), Schema::Foreign(new)) if equal(old, new) => None,
        _ => Some(BOTH),
    }
}

/// Where a field stands. Looks first where it stood.
const fn position(fields: &[FieldSchema], name: &str, hint: usize) -> Option<usize> {
    if hint < fields.len() && equal(fields[hint].name, name) {
        return Some(hint);
    }
    let mut index = 0;
    while index < fields.len() {
        if equal(fields[index].name, name) {
            return Some(index);
        }
        index += 1;
    }
    None
}

/// The field that took the place of a field that is gone: one that is new, has the same type, and follows the same field.
const fn renamed_to(old: &RecordSchema, new: &RecordSchema, index: usize) -> Option<usize> {
    let place = if index == 0 {
        0
    } else {
        match position(new.fields, old.fields[index - 1].name, index - 1) {
            Some(before) => before + 1,
            None => index,
        }
    };
    if place >= new.fields.len() {
        return None;
    }
    let candidate = &new.fields[place];
    let is_new = position(old.fields, candidate.name, place).is_none();
    if is_new && same(old.fields[index].schema, candidate.schema) {
        Some(place)
    } else {
        None
    }
}

const fn renamed_from(old: &RecordSchema, new: &RecordSchema, index: usize) -> Option<usize> {
    let mut at = 0;
    while at < old.fields.len() {
        if position(new.fields, old.fields[at].name, at).is_none()
            && let Some(to) = renamed_to(old, new, at)
            && to == index
        {
            return Some(at);
        }
        at += 1;
    }
    None
}

/// Whether two types are the same on the wire.
pub(super) const fn same(a: &Schema, b: &Schema) -> bool {
    let mut comparison = Comparison {
        findings: Findings::new(),
        path: Text::new(),
        field: 0,
    };
    comparison.schema(a, b);
    comparison.findings.is_empty()
}

/// Whether the fields that both have stand in one order.
const fn same_order(old: &[FieldSchema], new: &[FieldSchema]) -> bool {
    let mut last = 0;
    let mut index = 0;
    while index < new.len() {
        if let Some(at) = position(old, new[index].name, index) {
            if at < last {
                return false;
            }
            last = at;
        }
        index += 1;
    }
    true
}

/// The names of the fields that the other record has too.
const fn listed(fields: &[FieldSchema], others: &[FieldSchema]) -> Text<120> {
    let mut text = Text::new();
    let mut index = 0;
    while index < fields.len() {
        if position(others, fields[index].name, index).is_some() {
            if text.len() > 0 {
                text.push(", ");
            }
            text.push(fields[index].name);
        }
        index += 1;
    }
    text
}
