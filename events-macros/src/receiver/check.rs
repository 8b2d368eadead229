//! The rules of receivers.

use proc_macro2::Span;
use quote::ToTokens;
use syn::{Ident, ItemFn, LitStr, Path, Type};

use super::parameters::check_parameters;
use super::parse::Arguments;
use super::signature::{check_further_attributes, check_return, check_signature};
use crate::attr;
use crate::errors::Errors;

/// A receiver without mistakes, or what is left of it.
pub(super) struct Receiver {
    pub(super) function: ItemFn,
    pub(super) signals: Signals,
    pub(super) parameters: Vec<Parameter>,
    pub(super) manual: bool,
    pub(super) durable: bool,
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
    /// Where the type begins and where it ends.
    pub(super) ends: (Span, Span),
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

impl Receiver {
    /// Whether the compiler refuses the function itself, so that nothing is left to say.
    pub(super) fn refused_by_the_compiler(&self) -> bool {
        self.parameters
            .iter()
            .any(|parameter| match unparenthesized(&parameter.ty) {
                Type::Path(ty) => ty.path.is_ident("str"),
                Type::Slice(_) | Type::TraitObject(_) => true,
                _ => false,
            })
    }
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

    /// Whether a reserved name was likely meant, which the compiler can then suggest.
    pub(super) fn is_nearly_reserved(&self) -> bool {
        self.wish == Wish::Field
            && attr::closest(&attr::plain(&self.field()), attr::reserved_names()).is_some()
    }

    /// Whether the parameter is a reference, and gets the value as it is.
    pub(super) fn by_reference(&self) -> bool {
        matches!(unparenthesized(&self.ty), Type::Reference(_))
    }
}

pub(super) fn unparenthesized(ty: &Type) -> &Type {
    match ty {
        Type::Paren(inner) => unparenthesized(&inner.elem),
        Type::Group(inner) => unparenthesized(&inner.elem),
        other => other,
    }
}

pub(super) fn check(mut function: ItemFn, args: Arguments, errors: &mut Errors) -> Receiver {
    check_further_attributes(&mut function, &args, errors);
    check_signature(&function, errors);
    check_return(&function.sig.output, errors);
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
        durable: args.durable.get().is_some(),
        id: args.id.take(),
        aliases: args.aliases,
        priority: args.priority.take().unwrap_or(0),
        krate: args.krate.take(),
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
