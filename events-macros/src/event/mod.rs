//! `#[event(…)]`: a struct becomes an event with a signal.

mod check;
mod event_type;
mod expand;
mod parse;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Fields};

use crate::attr;
use crate::errors::Errors;

pub(crate) fn event(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let args = parse::parse_arguments(args, &mut errors);
    let input: DeriveInput = match syn::parse2(item.clone()) {
        Ok(input) => input,
        Err(_) => {
            errors.at_span(
                attr::call_site(),
                "`#[event]` goes on a struct with named fields: `#[event(type = \"…\")] pub struct OrderPlaced { … }`",
            );
            let errors = errors.into_tokens();
            return quote!(#errors #item);
        }
    };
    let expanded = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => {
                parse::parse(&input, fields, args, &mut errors).map(|event| expand::expand(&event))
            }
            Fields::Unnamed(fields) => {
                errors.at(
                    fields,
                    format_args!(
                        "an event has named fields, for receivers choose them by name: \
                         `pub struct {} {{ pub order: … }}`",
                        input.ident
                    ),
                );
                None
            }
            Fields::Unit => {
                errors.at(
                    &input.ident,
                    format_args!(
                        "an event has named fields; for one without data, write `pub struct {} {{}}`",
                        input.ident
                    ),
                );
                None
            }
        },
        Data::Enum(data) => {
            errors.at(
                data.enum_token,
                "an event is a struct with named fields; an enum can be the type of a field, with `#[derive(EventData)]`",
            );
            None
        }
        Data::Union(data) => {
            errors.at(data.union_token, "an event is a struct with named fields");
            None
        }
    };
    let errors = errors.into_tokens();
    // Where no event can be made of it the item stays as it was, less what only we understand.
    let expanded = expanded.unwrap_or_else(|| parse::without_our_attributes(input));
    quote!(#errors #expanded)
}
