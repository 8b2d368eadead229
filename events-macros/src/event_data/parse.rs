//! Reads the type that `#[derive(EventData)]` stands on.

use std::collections::HashSet;

use quote::ToTokens;
use syn::{Attribute, Data, DataEnum, DeriveInput, Fields, Ident, LitStr, Path, Type, Variant};

use super::fields::{
    Field, VariantArguments, arguments, check_avro_name, of_event_data, parse_fields, refuse_cfg,
    refuse_serde, variant_arguments,
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
    Enum {
        /// The variants with their names on the wire.
        variants: Vec<(Ident, String)>,
        /// The variant that keeps a name which is not among them.
        unknown: Option<Ident>,
    },
    /// Travels as text.
    String,
    /// Something about it is wrong, and was noted.
    Refused {
        /// Whether it has personal data, and so no `Debug` of its own.
        personal: bool,
    },
}

impl Kind {
    /// Whether the type might be one with personal data.
    pub(crate) fn is_doubtful(&self) -> bool {
        matches!(self, Self::Record(fields) if fields.iter().any(|field| field.doubtful))
    }

    /// What is left of it when something about it is wrong.
    pub(crate) fn refused(&self) -> Self {
        let personal =
            matches!(self, Self::Record(fields) if fields.iter().any(|field| field.pii.is_some()));
        Self::Refused { personal }
    }
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
        kind: kind.unwrap_or(Kind::Refused { personal: false }),
    })
}

fn parse_arguments(attrs: &[Attribute], errors: &mut Errors) -> TypeArguments {
    let mut args = TypeArguments {
        name: Slot::new("name"),
        string: Slot::new("string"),
        krate: Slot::new("crate"),
    };
    for attr in of_event_data(attrs) {
        arguments(
            attr,
            &["name", "string", "crate"],
            errors,
            |input, errors, argument| {
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
                    "default" | "pii" => {
                        errors.at(
                            argument,
                            format_args!("`{argument}` belongs on a field of a struct"),
                        );
                        attr::skip_argument(input);
                    }
                    "unknown" => {
                        errors.at(argument, "`unknown` belongs on a variant of an enum");
                        attr::skip_argument(input);
                    }
                    _ => return false,
                }
                true
            },
        );
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
    let mut unknown = None;
    let mut plain = true;
    for variant in &data.variants {
        refuse_serde(&variant.attrs, errors);
        refuse_cfg(&variant.attrs, "variant", errors);
        let VariantArguments {
            name: given,
            unknown: mark,
        } = variant_arguments(&variant.attrs, errors);
        if let Some(mark) = mark {
            check_unknown(variant, given.as_ref(), errors);
            if unknown.replace(variant.ident.clone()).is_some() {
                errors.at(
                    &mark,
                    "a second variant with `unknown`: one keeps every name",
                );
            }
            continue;
        }
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
        let name = given.map_or_else(|| attr::plain(&variant.ident), |given| given.value());
        if !names.insert(name.clone()) {
            errors.at(
                &variant.ident,
                format_args!("two variants are called `{name}` on the wire"),
            );
        }
        variants.push((variant.ident.clone(), name));
    }
    if variants.is_empty() {
        return refuse(
            &input.ident,
            "an enum that knows no name is a text; write `String`",
            errors,
        );
    }
    plain.then_some(Kind::Enum { variants, unknown })
}

fn is_string(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "String"))
}

/// `#[event_data(unknown)] Other(String)`.
fn check_unknown(variant: &Variant, name: Option<&LitStr>, errors: &mut Errors) {
    let text = match &variant.fields {
        Fields::Unnamed(fields) => fields.unnamed.first().filter(|_| fields.unnamed.len() == 1),
        _ => None,
    };
    if !text.is_some_and(|field| is_string(&field.ty)) {
        errors.at(
            variant,
            format_args!(
                "the variant with `unknown` keeps the name that came: `#[event_data(unknown)] {}(String)`",
                variant.ident
            ),
        );
    }
    if let Some(name) = name {
        errors.at(
            name,
            "the variant with `unknown` has no name on the wire: it stands for every other name",
        );
    }
}
