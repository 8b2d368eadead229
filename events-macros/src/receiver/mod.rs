//! `#[receiver(…)]`: a function becomes a receiver.

mod check;
mod expand;
mod parse;

use proc_macro2::TokenStream;
use quote::quote;
use syn::ItemFn;

use crate::attr;
use crate::errors::Errors;

pub(crate) fn receiver(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let args = parse::parse_arguments(args, &mut errors);
    let Ok(function) = syn::parse2::<ItemFn>(item.clone()) else {
        errors.at_span(attr::call_site(), "`#[receiver]` goes on a function with a body: `#[receiver(SIGNAL)] fn on_event() { … }`");
        let errors = errors.into_tokens();
        return quote!(#errors #item);
    };
    let receiver = check::check(function, args, &mut errors);
    let errors = errors.into_tokens();
    // The function itself stays as it was written, so that whoever calls it gets no second message.
    let function = &receiver.function;
    if errors.is_empty() {
        let registration = expand::expand(&receiver);
        quote!(#function #registration)
    } else {
        quote!(#errors #function)
    }
}
