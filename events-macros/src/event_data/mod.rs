//! `#[derive(EventData)]`: schema and serde implementations of what events carry.

mod expand;
mod fields;
mod parse;
mod types;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput};

use crate::errors::Errors;

pub(crate) use expand::{debug_impl, record_impls, stub_debug, stub_impls};
pub(crate) use fields::{Field, parse_fields, refuse_serde};
pub(crate) use types::is_of_one_thread;

pub(crate) fn event_data(item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let impls = match syn::parse2::<DeriveInput>(item) {
        Ok(input) => {
            let parsed = parse::parse(&input, &mut errors);
            // Nobody can derive `Debug` for a union, which a stand-in would ask for.
            let union = matches!(input.data, Data::Union(_));
            let no_stub = union || is_of_one_thread(&input.data);
            let parsed = parsed
                .filter(|parsed| errors.is_empty() || !(no_stub || parsed.kind.is_doubtful()));
            parsed.map(|mut parsed| {
                if !errors.is_empty() {
                    parsed.kind = parsed.kind.refused();
                }
                expand::expand(&parsed)
            })
        }
        Err(error) => {
            errors.push(error);
            None
        }
    };
    let errors = errors.into_tokens();
    quote!(#errors #impls)
}
