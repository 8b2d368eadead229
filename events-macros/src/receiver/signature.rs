//! The rules of a receiver's function, its parameters aside.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{GenericArgument, GenericParam, Ident, ItemFn, PathArguments, ReturnType, Safety, Type};

use super::check::unparenthesized;
use super::parse::Arguments;
use crate::errors::Errors;

/// A second `#[receiver(…)]` would register the function a second time, under the same id.
pub(super) fn check_further_attributes(
    function: &mut ItemFn,
    args: &Arguments,
    errors: &mut Errors,
) {
    let is_receiver = |attr: &syn::Attribute| {
        let last = attr.path().segments.last();
        last.is_some_and(|segment| segment.ident == "receiver")
    };
    let has_id = |attr: &syn::Attribute| {
        let tokens = attr.meta.require_list().map(|list| list.tokens.clone());
        tokens.is_ok_and(|tokens| {
            tokens
                .into_iter()
                .any(|token| matches!(token, TokenTree::Ident(name) if name == "id"))
        })
    };
    let Some(second) = function.attrs.iter().find(|attr| is_receiver(attr)) else {
        return;
    };
    if args.id.get().is_some() || has_id(second) {
        return;
    }
    errors.at(
        second,
        "a second `#[receiver]` on one function: name the signals in one, `#[receiver(A, B)]`, or give each its `id`",
    );
    function.attrs.retain(|attr| !is_receiver(attr));
}

/// What a function must not be, to be called with an event by code that knows no more than its name.
pub(super) fn check_signature(function: &ItemFn, errors: &mut Errors) {
    let sig = &function.sig;
    for parameter in &sig.generics.params {
        let (kind, instead) = match parameter {
            GenericParam::Type(_) => ("type", "name the type of the field"),
            GenericParam::Const(_) => ("const", "name the value"),
            // A lifetime is found at each call.
            GenericParam::Lifetime(_) => continue,
        };
        errors.at(
            parameter,
            format_args!("a receiver cannot have a {kind} parameter: it is called with the fields of one event; {instead}"),
        );
    }
    if let Safety::Unsafe(unsafety) = &sig.safety {
        errors.at(
            unsafety,
            "a receiver cannot be `unsafe`: it is called by safe code that can promise it nothing",
        );
    }
    if let Some(abi) = &sig.abi {
        errors.at(abi, "a receiver cannot be `extern`: it is called from Rust; call the foreign function inside it");
    }
    if let Some(variadic) = &sig.variadic {
        errors.at(
            variadic,
            "a receiver cannot be variadic: each parameter names a field of the event",
        );
    }
    if let Some(this) = find_ident(sig.to_token_stream(), "Self") {
        errors.at(this, METHOD);
    }
}

pub(super) const METHOD: &str = "a method cannot be a receiver: there is no object to call it on. Write a function outside the `impl`, \
                      which calls the method";

/// What is known to be wrong by its look; the compiler knows the rest.
pub(super) fn check_return(output: &ReturnType, errors: &mut Errors) {
    let ReturnType::Type(_, ty) = output else {
        return;
    };
    if let Type::ImplTrait(ty) = &**ty {
        return errors.at(
            ty,
            "a receiver returns `()` or `Result<(), E>`; for a future, write `async fn`",
        );
    }
    // `Result<_, Box<dyn Error>>`: without this the compiler explains at length what is missing.
    let boxed = last_argument(ty, "Result").and_then(|error| last_argument(error, "Box"));
    if let Some(Type::TraitObject(object)) = boxed {
        let bounds = object.bounds.to_token_stream();
        let has = |name| find_ident(bounds.clone(), name).is_some();
        if has("Error") && !(has("Send") && has("Sync")) {
            errors.at(
                object,
                "a receiver's error may be looked at by another thread: `Box<dyn Error + Send + Sync>`, or \
                 `events_core::BoxError`",
            );
        }
    }
}

/// The last argument of a generic type of this name: `E` of `Result<(), E>`.
fn last_argument<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    let Type::Path(path) = unparenthesized(ty) else {
        return None;
    };
    let last = path
        .path
        .segments
        .last()
        .filter(|last| last.ident == name)?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    match arguments.args.last()? {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    }
}

/// The first identifier of this name, however deep.
pub(super) fn find_ident(tokens: TokenStream, name: &str) -> Option<Ident> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Ident(ident) if ident == name => Some(ident),
        TokenTree::Group(group) => find_ident(group.stream(), name),
        _ => None,
    })
}

/// Where the function says what it returns; where it says nothing, its name.
pub(super) fn return_tokens(function: &ItemFn) -> TokenStream {
    match &function.sig.output {
        ReturnType::Default => function.sig.ident.to_token_stream(),
        ReturnType::Type(_, ty) => ty.to_token_stream(),
    }
}
