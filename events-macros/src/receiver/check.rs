//! The rules of receivers.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{
    FnArg, GenericParam, Ident, ItemFn, LitStr, Pat, PatType, Path, ReturnType, Safety, Type,
};

use super::parse::Arguments;
use crate::attr;
use crate::errors::Errors;

/// A receiver without mistakes, or what is left of it.
pub(super) struct Receiver {
    pub(super) function: ItemFn,
    pub(super) signals: Signals,
    pub(super) parameters: Vec<Parameter>,
    pub(super) manual: bool,
    pub(super) id: Option<LitStr>,
    pub(super) aliases: Vec<LitStr>,
    pub(super) priority: i32,
    pub(super) krate: Option<Path>,
}

pub(super) enum Signals {
    Any,
    Named(Vec<Path>),
}

/// What a parameter asks for.
pub(super) struct Parameter {
    pub(super) ident: Ident,
    pub(super) ty: Type,
    pub(super) wish: Wish,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    Field,
    Event,
    Metadata,
    Signal,
    FromEventBus,
}

impl Parameter {
    /// The name of the field, without the underscore that says "not used".
    pub(super) fn field(&self) -> Ident {
        let text = self.ident.to_string();
        match text.strip_prefix('_') {
            Some(rest) if !rest.is_empty() => Ident::new(rest, self.ident.span()),
            _ => self.ident.clone(),
        }
    }

    /// Whether the parameter is a reference, and gets the value as it is.
    pub(super) fn by_reference(&self) -> bool {
        matches!(unparenthesized(&self.ty), Type::Reference(_))
    }
}

fn unparenthesized(ty: &Type) -> &Type {
    match ty {
        Type::Paren(inner) => unparenthesized(&inner.elem),
        Type::Group(inner) => unparenthesized(&inner.elem),
        other => other,
    }
}

pub(super) fn check(function: ItemFn, args: Arguments, errors: &mut Errors) -> Receiver {
    check_signature(&function, errors);
    let signals = check_signals(&function, &args, errors);
    let parameters = check_parameters(&function, &signals, errors);
    let any = matches!(signals, Signals::Any);
    if let (true, Some(asyncness)) = (any, &function.sig.asyncness) {
        errors.at(
            asyncness,
            "an `async fn` runs on after the send, and `#[receiver(any)]` only lends the event: make the function \
             synchronous, and take what you need out of the event",
        );
    }
    check_ids(&args, errors);
    Receiver {
        function,
        signals,
        parameters,
        manual: args.manual.get().is_some(),
        id: args.id.take(),
        aliases: args.aliases,
        priority: args.priority.take().unwrap_or(0),
        krate: args.krate.take(),
    }
}

/// What a function must not be, to be called with an event by code that knows no more than its name.
fn check_signature(function: &ItemFn, errors: &mut Errors) {
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
    if let ReturnType::Type(_, ty) = &sig.output {
        if let Type::ImplTrait(_) = &**ty {
            errors.at(
                ty,
                "a receiver returns `()` or `Result<(), E>`; for a future, write `async fn`",
            );
        }
    }
}

fn check_signals(function: &ItemFn, args: &Arguments, errors: &mut Errors) -> Signals {
    if let Some(any) = args.any.get() {
        if let Some(signal) = args.signals.first() {
            let signal = path_text(signal);
            errors.at(
                any,
                format_args!(
                    "`any` receives every signal, `{signal}` included; keep one of the two"
                ),
            );
        }
        return Signals::Any;
    }
    if args.signals.is_empty() && !args.refused {
        errors.at(
            &function.sig.ident,
            format_args!(
                "receiver `{}` names no signal: `#[receiver(STUDENT_REGISTRATION_COMPLETED)]`, or `#[receiver(any)]` for \
                 every event",
                function.sig.ident
            ),
        );
    }
    let mut seen: Vec<String> = Vec::new();
    for signal in &args.signals {
        let text = path_text(signal);
        if seen.contains(&text) {
            errors.at(
                signal,
                format_args!(
                    "signal `{text}` is named twice; the receiver would run twice for one event"
                ),
            );
        }
        seen.push(text);
    }
    Signals::Named(args.signals.clone())
}

pub(super) fn path_text(path: &Path) -> String {
    path.to_token_stream().to_string().replace(' ', "")
}

fn check_parameters(function: &ItemFn, signals: &Signals, errors: &mut Errors) -> Vec<Parameter> {
    function
        .sig
        .inputs
        .iter()
        .filter_map(|input| check_parameter(input, signals, errors))
        .collect()
}

fn check_parameter(input: &FnArg, signals: &Signals, errors: &mut Errors) -> Option<Parameter> {
    let PatType { attrs, pat, ty, .. } = match input {
        FnArg::Typed(parameter) => parameter,
        FnArg::Receiver(this) => {
            errors.at(
                this,
                "a method cannot be a receiver: there is no object to call it on. Write a function outside the `impl`, which \
                 calls the method",
            );
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
    if let Type::ImplTrait(ty) = &**ty {
        errors.at(
            ty,
            "a receiver's parameter cannot be `impl Trait`: name the type of the field",
        );
    }
    if let Type::Reference(reference) = unparenthesized(ty) {
        if let Some(mutability) = &reference.mutability {
            errors.at(
                mutability,
                "a receiver cannot change the event: it is shared with the other receivers. Ask for the value itself, which \
                 is cloned, with `mut` before its name",
            );
        }
    }
    let mut parameter = Parameter {
        ident: pattern.ident.clone(),
        ty: (**ty).clone(),
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
    if parameter.wish == Wish::Field && matches!(signals, Signals::Any) {
        let hint = attr::did_you_mean(
            &name,
            ["event", "metadata", "signal", "from_event_bus"].into_iter(),
        );
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

fn check_ids(args: &Arguments, errors: &mut Errors) {
    let mut seen: Vec<String> = args.id.get().map(LitStr::value).into_iter().collect();
    for alias in &args.aliases {
        let text = alias.value();
        if seen.contains(&text) {
            errors.at(
                alias,
                format_args!(
                    "alias `{text}` is given twice, or is the id itself; an alias is an earlier id"
                ),
            );
        }
        seen.push(text);
    }
}

/// Where the function says what it returns; where it says nothing, its name.
pub(super) fn return_span(function: &ItemFn) -> proc_macro2::Span {
    match &function.sig.output {
        ReturnType::Default => function.sig.ident.span(),
        ReturnType::Type(_, ty) => ty.span(),
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
