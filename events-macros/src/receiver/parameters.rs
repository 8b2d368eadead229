//! The rules of a receiver's parameters.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::{FnArg, Ident, ItemFn, Pat, PatType, Type};

use super::check::{Parameter, Signals, Wish, unparenthesized};
use super::signature::{METHOD, find_ident};
use crate::attr;
use crate::errors::Errors;

pub(super) fn check_parameters(
    function: &ItemFn,
    signals: &Signals,
    errors: &mut Errors,
) -> Vec<Parameter> {
    function
        .sig
        .inputs
        .iter()
        .filter_map(|input| check_parameter(input, signals, function.sig.fn_token.span, errors))
        .collect()
}

fn check_parameter(
    input: &FnArg,
    signals: &Signals,
    scope: Span,
    errors: &mut Errors,
) -> Option<Parameter> {
    let PatType { attrs, pat, ty, .. } = match input {
        FnArg::Typed(parameter) => parameter,
        FnArg::Receiver(this) => {
            errors.at(this, METHOD);
            return None;
        }
    };
    if let Some(cfg) = attrs.iter().find(|attr| attr.path().is_ident("cfg")) {
        errors.at(cfg, "a receiver's parameter cannot depend on `cfg`; write the function twice, each with its `cfg`");
    }
    let Pat::Ident(pattern) = &**pat else {
        let example = "`user: &UserData`";
        errors.at(
            pat,
            format_args!("a receiver's parameter is chosen by its name, so it needs one: {example}; take it apart in the body"),
        );
        return None;
    };
    if let Some(by_ref) = &pattern.by_ref {
        errors.at(
            by_ref,
            "a receiver's parameter cannot be `ref`; ask for a reference: `user: &UserData`",
        );
    }
    if let Some(token) = find_ident(ty.to_token_stream(), "impl") {
        errors.at(
            token,
            "a receiver's parameter cannot be `impl Trait`: name the type of the field",
        );
    }
    if let Type::Reference(reference) = unparenthesized(ty)
        && let Some(mutability) = &reference.mutability
    {
        errors.at(
            mutability,
            "a receiver cannot change the event: it is shared with the other receivers. Ask for the value itself, which \
             is cloned, with `mut` before its name",
        );
    }
    let mut parameter = Parameter {
        ident: pattern.ident.clone(),
        ty: (**ty).clone(),
        ends: attr::ends(ty, scope),
        wish: Wish::Field,
    };
    let name = attr::plain(&parameter.field());
    parameter.wish = match name.as_str() {
        "event" => Wish::Event,
        "metadata" => Wish::Metadata,
        "signal" => Wish::Signal,
        "from_event_bus" => Wish::FromEventBus,
        _ => Wish::Field,
    };
    check_static_reference(&parameter, errors);
    let any = matches!(signals, Signals::Any);
    if !any {
        check_type_of_reserved(&parameter, errors);
    }
    if parameter.wish == Wish::Field && any {
        let hint = attr::did_you_mean(&name, attr::reserved_names());
        errors.at(
            &pattern.ident,
            format_args!(
                "`#[receiver(any)]` receives events of any type, so there is no field `{name}`{hint}; it can ask for `event`, \
                 `metadata`, `signal` and `from_event_bus`"
            ),
        );
    }
    Some(parameter)
}

/// The event lives until the last receiver has run.
fn check_static_reference(parameter: &Parameter, errors: &mut Errors) {
    let Type::Reference(reference) = unparenthesized(&parameter.ty) else {
        return;
    };
    if let Some(lifetime) = &reference.lifetime
        && lifetime.ident == "static"
        && parameter.wish != Wish::Signal
    {
        errors.at(
            lifetime,
            "a receiver borrows what it asks for only while it runs: drop `'static`, or ask for the value itself, which is \
             cloned",
        );
    }
}

/// No field of an event is of these types, so that a parameter of such a type was meant to be the reserved one.
fn check_type_of_reserved(parameter: &Parameter, errors: &mut Errors) {
    let ty = match unparenthesized(&parameter.ty) {
        Type::Reference(reference) => &*reference.elem,
        other => other,
    };
    let Type::Path(path) = ty else { return };
    let Some(last) = path.path.segments.last() else {
        return;
    };
    let name = match last.ident.to_string().as_str() {
        "EventMetadata" => "metadata",
        "Signal" => "signal",
        _ => return,
    };
    if parameter.wish == Wish::Field {
        errors.at(
            &parameter.ident,
            format_args!(
                "parameters are chosen by name: the `{}` is asked for as `{name}`, not as `{}`",
                last.ident, parameter.ident
            ),
        );
    }
}

/// The type with every named lifetime left to the compiler: at the place where the argument is checked there are none.
pub(super) fn without_lifetimes(tokens: TokenStream) -> TokenStream {
    let mut result = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            proc_macro2::TokenTree::Punct(quote) if quote.as_char() == '\'' => {
                let name = tokens.next();
                let keep = matches!(&name, Some(proc_macro2::TokenTree::Ident(name)) if name == "static" || name == "_");
                let anonymous = || Ident::new("_", quote.span()).into();
                result.push(quote.clone().into());
                result.push(if keep {
                    name.unwrap_or_else(anonymous)
                } else {
                    anonymous()
                });
            }
            proc_macro2::TokenTree::Group(group) => {
                let mut inner =
                    proc_macro2::Group::new(group.delimiter(), without_lifetimes(group.stream()));
                inner.set_span(group.span());
                result.push(inner.into());
            }
            other => result.push(other),
        }
    }
    result.into_iter().collect()
}
