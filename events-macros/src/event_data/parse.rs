//! Reads the type that `#[derive(EventData)]` stands on.

use std::collections::HashSet;

use quote::ToTokens;
use syn::{Attribute, Data, DataEnum, DeriveInput, Fields, Ident, LitStr, Path};

use super::fields::{
    Field, arguments, check_avro_name, name_argument, parse_fields, refuse_cfg, refuse_serde,
};
use crate::attr::{self, Slot};
use crate::errors::Errors;

/// A type that an event can carry.
pub(crate) struct EventDataType {
    pub(crate) ident: Ident,
    pub(crate) krate: Option<Path>,
    /// The name on the wire.
    pub(crate) name: String,
    pub(crate) doc: String,
    pub(crate) kind: Kind,
}

pub(crate) enum Kind {
    Record(Vec<Field>),
    /// The variants with their names on the wire.
    Enum(Vec<(Ident, String)>),
    /// Travels as text.
    String,
    /// Something about it is wrong, and was noted.
    Refused,
}

/// `#[event_data(name = "…", string, crate = path)]` on the type.
struct TypeArguments {
    name: Slot<LitStr>,
    string: Slot<Ident>,
    krate: Slot<Path>,
}

/// `None` where nothing can be written for the type.
pub(crate) fn parse(input: &DeriveInput, errors: &mut Errors) -> Option<EventDataType> {
    let args = parse_arguments(&input.attrs, errors);
    refuse_serde(&input.attrs, errors);
    if let Some(name) = args.name.get() {
        check_avro_name(name, errors);
        if let Some(string) = args.string.get() {
            errors.at(
                string,
                "a type with `string` is a text on the wire, not a record, and has no name there: drop `name`",
            );
        }
    }
    if !input.generics.params.is_empty() {
        errors.at(
            &input.generics,
            "a type that events carry cannot be generic: its schema must be one; write a type for each use",
        );
        return None;
    }
    let kind = if args.string.get().is_some() {
        Some(Kind::String)
    } else {
        parse_kind(input, errors)
    };
    let name = args
        .name
        .get()
        .map_or_else(|| attr::plain(&input.ident), LitStr::value);
    Some(EventDataType {
        ident: input.ident.clone(),
        krate: args.krate.take(),
        name,
        doc: attr::doc(&input.attrs),
        kind: kind.unwrap_or(Kind::Refused),
    })
}

fn parse_arguments(attrs: &[Attribute], errors: &mut Errors) -> TypeArguments {
    let mut args = TypeArguments {
        name: Slot::new("name"),
        string: Slot::new("string"),
        krate: Slot::new("crate"),
    };
    for attr in attrs
        .iter()
        .filter(|attr| attr.path().is_ident("event_data"))
    {
        arguments(attr, errors, |input, errors, argument| {
            match argument.to_string().as_str() {
                "name" => {
                    let name = attr::text(input, errors, argument, "name = \"WireName\"");
                    args.name.set_some(errors, argument, name);
                }
                "string" => {
                    attr::flag(input, errors, argument);
                    args.string.set(errors, argument, argument.clone());
                }
                "crate" => {
                    let path = attr::value(input, errors, argument, attr::CRATE);
                    args.krate.set_some(errors, argument, path);
                }
                _ => return false,
            }
            true
        });
    }
    args
}

fn parse_kind(input: &DeriveInput, errors: &mut Errors) -> Option<Kind> {
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => Some(Kind::Record(parse_fields(&fields.named, errors))),
            Fields::Unnamed(fields) => refuse(
                fields,
                "a field on the wire has a name, and the fields of a tuple struct have none",
                errors,
            ),
            Fields::Unit => refuse(
                &input.ident,
                "a unit struct carries nothing; write `{}` for a record without fields",
                errors,
            ),
        },
        Data::Enum(data) => parse_enum(input, data, errors),
        Data::Union(_) => refuse(
            &input.ident,
            "a union does not say which of its fields it holds; write a struct",
            errors,
        ),
    }
}

fn refuse(tokens: impl ToTokens, message: &str, errors: &mut Errors) -> Option<Kind> {
    errors.at(
        tokens,
        format_args!("{message}; for a type that travels as text, use `#[event_data(string)]` with `Display` and `FromStr`"),
    );
    None
}

fn parse_enum(input: &DeriveInput, data: &DataEnum, errors: &mut Errors) -> Option<Kind> {
    if data.variants.is_empty() {
        return refuse(
            &input.ident,
            "an enum without variants has no value to carry",
            errors,
        );
    }
    let mut names = HashSet::new();
    let mut variants = Vec::new();
    let mut plain = true;
    for variant in &data.variants {
        refuse_serde(&variant.attrs, errors);
        refuse_cfg(&variant.attrs, "variant", errors);
        if !matches!(variant.fields, Fields::Unit) {
            plain = false;
            errors.at(
                &variant.fields,
                format_args!(
                    "an enum on the wire is the name of its variant, so `{}` cannot have a payload; use a struct with \
                     optional fields",
                    variant.ident
                ),
            );
        }
        let given = name_argument(&variant.attrs, errors, "name = \"wire-name\"");
        let name = given.map_or_else(|| attr::plain(&variant.ident), |given| given.value());
        if !names.insert(name.clone()) {
            errors.at(
                &variant.ident,
                format_args!("two variants are called `{name}` on the wire"),
            );
        }
        variants.push((variant.ident.clone(), name));
    }
    plain.then_some(Kind::Enum(variants))
}
