//! `#[receiver(…)]`: a function becomes a receiver.

mod check;
mod expand;
mod parameters;
mod parse;
mod signature;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{ItemFn, TraitItemFn};

use crate::attr;
use crate::errors::Errors;

pub(crate) fn receiver(args: TokenStream, item: &TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let args = parse::parse_arguments(args, &mut errors);
    let Ok(function) = syn::parse2::<ItemFn>(item.clone()) else {
        refuse(item, &mut errors);
        let errors = errors.into_tokens();
        return quote!(#errors #item);
    };
    let receiver = check::check(function, args, &mut errors);
    let errors = errors.into_tokens();
    // The function itself stays as it was written, so that whoever calls it gets no second message.
    let function = &receiver.function;
    if errors.is_empty() && !receiver.refused_by_the_compiler() {
        let registration = expand::expand(&receiver);
        quote!(#function #registration)
    } else {
        quote!(#errors #function)
    }
}

/// Says what a receiver is, at what it cannot be.
fn refuse(item: &TokenStream, errors: &mut Errors) {
    if let Ok(function) = syn::parse2::<TraitItemFn>(item.clone()) {
        let signature = &function.sig;
        return errors.at(
            quote!(#signature),
            "a receiver has a body: write a function outside the trait, which calls this one",
        );
    }
    errors.at(
        attr::head(item),
        "`#[receiver]` goes on a function: `#[receiver(SIGNAL)] fn on_event() { … }`",
    );
}
