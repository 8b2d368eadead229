//! `#[event(…)]`: a struct becomes an event with a signal.

mod avro;
mod check;
mod event_type;
mod expand;
mod parse;
mod schema_files;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Fields, FieldsNamed};

use crate::attr;
use crate::errors::Errors;

pub(crate) fn event(args: TokenStream, item: &TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let args = parse::parse_arguments(args, &mut errors);
    let Ok(input) = syn::parse2::<DeriveInput>(item.clone()) else {
        errors.at(
            attr::head(item),
            "`#[event]` goes on a struct with named fields: `#[event(type = \"…\")] pub struct OrderPlaced { … }`",
        );
        let errors = errors.into_tokens();
        return quote!(#errors #item);
    };
    check::attributes(&input.attrs, &mut errors);
    let signal = parse::signal(&input.ident, args.signal.get().cloned());
    let krate = args.krate.get().cloned();
    let event = named_fields(&input, &mut errors)
        .and_then(|fields| parse::parse(&input, fields, args, &mut errors));
    let expanded = match event {
        Some(event) if errors.is_empty() => expand::expand(&event),
        // Whoever sends or receives the event is not to blame.
        _ => expand::stub(input, &signal, krate.as_ref()),
    };
    let errors = errors.into_tokens();
    quote!(#errors #expanded)
}

/// The fields of the struct, unless it is something that cannot be an event.
fn named_fields<'a>(input: &'a DeriveInput, errors: &mut Errors) -> Option<&'a FieldsNamed> {
    let ident = &input.ident;
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => return Some(fields),
            Fields::Unnamed(fields) => errors.at(
                fields,
                format_args!(
                    "an event has named fields, for receivers choose them by name: `pub struct {ident} {{ pub order: … }}`"
                ),
            ),
            Fields::Unit => errors.at(
                ident,
                format_args!(
                    "an event has named fields; for one without data, write `pub struct {ident} {{}}`"
                ),
            ),
        },
        Data::Enum(data) => errors.at(
            data.enum_token,
            "an event is a struct with named fields; an enum can be the type of a field, with `#[derive(EventData)]`",
        ),
        Data::Union(data) => {
            errors.at(data.union_token, "an event is a struct with named fields");
        }
    }
    None
}
