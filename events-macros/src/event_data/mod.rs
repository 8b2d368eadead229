//! `#[derive(EventData)]`: schema and serde implementations of what events carry.

mod expand;
mod fields;
mod parse;

use proc_macro2::TokenStream;
use quote::quote;

use crate::errors::Errors;

pub(crate) use expand::record_impls;
pub(crate) use fields::{Field, parse_fields};

pub(crate) fn event_data(item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let impls = match syn::parse2(item) {
        Ok(input) => parse::parse(&input, &mut errors).map(|parsed| expand::expand(&parsed)),
        Err(error) => {
            errors.push(error);
            None
        }
    };
    let errors = errors.into_tokens();
    quote!(#errors #impls)
}
