//! The fields of a record: of a struct with `#[derive(EventData)]`, or of an event.

use std::collections::HashSet;

use proc_macro2::TokenStream;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, Ident, LitStr, Token, Type};

use super::types;
use crate::attr::{self, Slot};
use crate::errors::Errors;

/// A field of a record.
pub(crate) struct Field {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    /// The name on the wire.
    pub(crate) name: String,
    pub(crate) doc: String,
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
        let given = name_argument(&field.attrs, errors, "name = \"wire_name\"");
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
        });
    }
    parsed
}

/// The grammar of `#[event_data(…)]` on fields and variants: `name = "…"`.
pub(crate) fn name_argument(
    attrs: &[Attribute],
    errors: &mut Errors,
    example: &'static str,
) -> Option<LitStr> {
    let mut name = Slot::new("name");
    for attr in attrs
        .iter()
        .filter(|attr| attr.path().is_ident("event_data"))
    {
        arguments(attr, errors, |input, errors, argument| {
            match argument.to_string().as_str() {
                "name" => {
                    let value = attr::text(input, errors, argument, example);
                    name.set_some(errors, argument, value);
                    true
                }
                "string" | "crate" => {
                    errors.at(
                        argument,
                        format_args!(
                            "`{argument}` belongs on the type, not on a field or a variant"
                        ),
                    );
                    attr::skip_argument(input);
                    true
                }
                _ => false,
            }
        });
    }
    name.take()
}

/// Calls `read` for every argument of the attribute; `false` means that it does not know the argument.
pub(crate) fn arguments(
    attr: &Attribute,
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
                attr::unknown(
                    errors,
                    &argument,
                    "event_data",
                    &["name", "string", "crate"],
                );
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
