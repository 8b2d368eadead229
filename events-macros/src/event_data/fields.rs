//! The fields of a record: of a struct with `#[derive(EventData)]`, or of an event.

use std::collections::HashSet;

use proc_macro2::TokenStream;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, Ident, Lit, LitStr, Token, Type};

use super::types;
use crate::attr::{self, Expected, Slot};
use crate::errors::Errors;

/// A field of a record.
pub(crate) struct Field {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    /// The name on the wire.
    pub(crate) name: String,
    pub(crate) doc: String,
    /// What stands for the field where it is not there.
    pub(crate) default: Option<Default>,
    /// The mark of personal data.
    pub(crate) pii: Option<Ident>,
    /// Whether an argument was not understood, so that it might have been that mark.
    pub(crate) doubtful: bool,
}

/// `default` or `default = …` of a field.
pub(crate) enum Default {
    /// The empty value of the type; where the argument stands.
    Empty(Ident),
    Literal(Literal),
}

/// A literal, perhaps with a minus.
pub(crate) struct Literal {
    pub(crate) minus: Option<Token![-]>,
    pub(crate) lit: Lit,
}

impl Parse for Literal {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let minus: Option<Token![-]> = input.parse()?;
        let lit = input.parse()?;
        let number = matches!(lit, Lit::Int(_) | Lit::Float(_));
        let plain = number || (minus.is_none() && matches!(lit, Lit::Bool(_) | Lit::Str(_)));
        if plain {
            Ok(Self { minus, lit })
        } else {
            Err(input.error("expected a literal"))
        }
    }
}

impl Literal {
    /// As JSON.
    pub(crate) fn json(&self) -> String {
        let minus = if self.minus.is_some() { "-" } else { "" };
        match &self.lit {
            Lit::Bool(value) => value.value.to_string(),
            Lit::Int(value) => format!("{minus}{}", value.base10_digits()),
            Lit::Float(value) => {
                let number: f64 = value.base10_parse().unwrap_or_default();
                format!("{minus}{}", serde_json::Value::from(number))
            }
            Lit::Str(value) => serde_json::Value::from(value.value()).to_string(),
            _ => String::new(),
        }
    }
}

/// Reads the fields and notes what is wrong with them.
pub(crate) fn parse_fields(
    fields: &Punctuated<syn::Field, Token![,]>,
    errors: &mut Errors,
) -> Vec<Field> {
    let mut names = HashSet::new();
    let mut parsed = Vec::new();
    for field in fields {
        let Some(ident) = &field.ident else { continue };
        refuse_serde(&field.attrs, errors);
        let FieldArguments {
            name: given,
            default,
            pii,
            doubtful,
        } = field_arguments(&field.attrs, errors);
        let name = given
            .as_ref()
            .map_or_else(|| attr::plain(ident), LitStr::value);
        if let Some(given) = &given {
            check_avro_name(given, errors);
        }
        if !names.insert(name.clone()) {
            match &given {
                Some(given) => errors.at(
                    given,
                    format_args!("two fields are called `{name}` on the wire"),
                ),
                None => errors.at(
                    ident,
                    format_args!("two fields are called `{name}` on the wire"),
                ),
            }
        }
        refuse_cfg(&field.attrs, "field", errors);
        types::refuse(&field.ty, errors);
        parsed.push(Field {
            ident: ident.clone(),
            ty: field.ty.clone(),
            name,
            doc: attr::doc(&field.attrs),
            default,
            pii,
            doubtful,
        });
    }
    parsed
}

struct FieldArguments {
    name: Option<LitStr>,
    default: Option<Default>,
    pii: Option<Ident>,
    doubtful: bool,
}

const DEFAULT: Expected = Expected {
    what: "a literal: `true`, `0`, `1.5` or a text",
    example: "default = 0",
};

/// `#[event_data(name = "…", default = …, pii)]` on a field.
fn field_arguments(attrs: &[Attribute], errors: &mut Errors) -> FieldArguments {
    let mut name = Slot::new("name");
    let mut default = Slot::new("default");
    let mut pii = Slot::new("pii");
    let known = &["name", "default", "pii"];
    let mut doubtful = false;
    for attr in of_event_data(attrs) {
        arguments(attr, known, errors, |input, errors, argument| {
            match argument.to_string().as_str() {
                "name" => {
                    let value = attr::text(input, errors, argument, "name = \"wire_name\"");
                    name.set_some(errors, argument, value);
                }
                "default" if input.peek(Token![=]) => {
                    let value = attr::value(input, errors, argument, DEFAULT);
                    default.set_some(errors, argument, value.map(Default::Literal));
                }
                "default" => default.set(errors, argument, Default::Empty(argument.clone())),
                "pii" => {
                    attr::flag(input, errors, argument);
                    pii.set(errors, argument, argument.clone());
                }
                _ => {
                    doubtful = true;
                    return misplaced(input, errors, argument);
                }
            }
            true
        });
    }
    FieldArguments {
        doubtful,
        name: name.take(),
        default: default.take(),
        pii: pii.take(),
    }
}

/// What `#[event_data(…)]` says of a variant.
pub(crate) struct VariantArguments {
    pub(crate) name: Option<LitStr>,
    pub(crate) unknown: Option<Ident>,
}

/// `#[event_data(name = "…")]` or `#[event_data(unknown)]` on a variant.
pub(crate) fn variant_arguments(attrs: &[Attribute], errors: &mut Errors) -> VariantArguments {
    let mut name = Slot::new("name");
    let mut unknown = Slot::new("unknown");
    for attr in of_event_data(attrs) {
        arguments(
            attr,
            &["name", "unknown"],
            errors,
            |input, errors, argument| {
                match argument.to_string().as_str() {
                    "name" => {
                        let value = attr::text(input, errors, argument, "name = \"wire-name\"");
                        name.set_some(errors, argument, value);
                    }
                    "unknown" => {
                        attr::flag(input, errors, argument);
                        unknown.set(errors, argument, argument.clone());
                    }
                    _ => return misplaced(input, errors, argument),
                }
                true
            },
        );
    }
    VariantArguments {
        name: name.take(),
        unknown: unknown.take(),
    }
}

pub(crate) fn of_event_data(attrs: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attrs
        .iter()
        .filter(|attr| attr.path().is_ident("event_data"))
}

/// Notes an argument that has another place; `false` for one that has none.
fn misplaced(input: ParseStream<'_>, errors: &mut Errors, argument: &Ident) -> bool {
    let place = match argument.to_string().as_str() {
        "string" | "crate" => "on the type, not on a field or a variant",
        "default" | "pii" => "on a field of a struct",
        "unknown" => "on a variant of an enum",
        _ => return false,
    };
    errors.at(argument, format_args!("`{argument}` belongs {place}"));
    attr::skip_argument(input);
    true
}

/// Calls `read` for every argument of the attribute; `false` means that it does not know the argument.
pub(crate) fn arguments(
    attr: &Attribute,
    known: &[&str],
    errors: &mut Errors,
    mut read: impl FnMut(ParseStream<'_>, &mut Errors, &Ident) -> bool,
) {
    let tokens = match attr.meta.require_list() {
        Ok(list) => list.tokens.clone(),
        Err(_) => {
            return errors.at(
                attr,
                "`event_data` needs arguments: `#[event_data(name = \"…\")]`",
            );
        }
    };
    let parser = |input: ParseStream<'_>| {
        while !input.is_empty() {
            let argument = attr::argument_name(input)?;
            if read(input, errors, &argument) {
            } else if argument == "rename" {
                errors.at(
                    &argument,
                    "`rename` is serde's word; here it is `name`: `#[event_data(name = \"…\")]`",
                );
                attr::skip_argument(input);
            } else {
                attr::unknown(errors, &argument, "event_data", known);
                attr::skip_argument(input);
            }
            attr::argument_end(input, errors);
        }
        Ok(())
    };
    let result: syn::Result<()> = parse_tokens(parser, tokens);
    errors.take(result);
}

fn parse_tokens(
    parser: impl FnOnce(ParseStream<'_>) -> syn::Result<()>,
    tokens: TokenStream,
) -> syn::Result<()> {
    parser.parse2(tokens)
}

/// The derive writes serde's implementations itself, so serde's own attributes would do nothing.
pub(crate) fn refuse_serde(attrs: &[Attribute], errors: &mut Errors) {
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("serde")) {
        errors.at(
            attr,
            "`EventData` writes the serde implementations itself, so that wire and schema agree, and does not read \
             `#[serde(…)]`; to change a name on the wire, use `#[event_data(name = \"…\")]`",
        );
    }
}

/// The schema is what the source says, whatever the build.
pub(crate) fn refuse_cfg(attrs: &[Attribute], what: &str, errors: &mut Errors) {
    if let Some(cfg) = attr::cfgs(attrs).first() {
        errors.at(
            cfg,
            format_args!(
                "a {what} of an event cannot depend on `cfg`: its schema would depend on how the crate is built. Let it be \
                 there always{}",
                if what == "field" { ", as an `Option`" } else { "" }
            ),
        );
    }
}

/// The Avro specification, *Names*: a letter or `_`, then letters, digits and `_`.
pub(crate) fn check_avro_name(name: &LitStr, errors: &mut Errors) {
    let text = name.value();
    let mut chars = text.chars();
    let first = chars
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    if !first || !chars.all(|c| c.is_ascii_alphanumeric() || c == '_') {
        errors.at(
            name,
            format_args!(
                "`{text}` is not a name on the wire: a letter or `_`, then letters, digits and `_`"
            ),
        );
    }
}
