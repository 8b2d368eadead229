//! Writes the registration of a receiver; the function itself stays as it was.
//!
//! Each parameter becomes a `let` with the parameter's type, at the parameter's place in the source: what does not fit
//! is underlined there, in the user's own line.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Ident, Path};

use super::check::{Parameter, Receiver, Signals, Wish, return_span, without_lifetimes};
use crate::attr;

pub(super) fn expand(receiver: &Receiver) -> TokenStream {
    let krate = attr::crate_path(receiver.krate.as_ref());
    let cfgs = attr::cfgs(&receiver.function.attrs);
    let info = info(receiver);
    let attach = match &receiver.signals {
        Signals::Any => {
            let body = body(receiver, None);
            quote!(__private::Attach::Any(|__event, __delivery| #body))
        }
        Signals::Named(signals) => {
            let calls = signals.iter().map(|signal| {
                let body = body(receiver, Some(signal));
                quote!(__attacher.attach(&#signal, |__event, __delivery| #body);)
            });
            quote!(__private::Attach::Typed(|__attacher| { #(#calls)* }))
        }
    };
    quote! {
        #(#cfgs)*
        const _: () = {
            use #krate::__private as __private;

            __private::inventory::submit! {
                __private::Registration::new(#info, #attach)
            }
        };
    }
}

fn info(receiver: &Receiver) -> TokenStream {
    let name = attr::plain(&receiver.function.sig.ident);
    let id = id(receiver);
    let location = attr::location(&quote!(__private));
    let signals = match &receiver.signals {
        Signals::Any => quote!(__private::ReceiverSignals::Any),
        Signals::Named(signals) => quote!(__private::ReceiverSignals::Named(&[#(&#signals),*])),
    };
    let aliases = (!receiver.aliases.is_empty()).then(|| {
        let aliases = &receiver.aliases;
        quote!(.with_aliases(&[#(#aliases),*]))
    });
    let priority = (receiver.priority != 0).then(|| {
        let priority = receiver.priority;
        quote!(.with_priority(#priority))
    });
    let manual = receiver.manual.then(|| quote!(.manual()));
    let metadata = wants_metadata(receiver).then(|| quote!(.with_metadata()));
    let asynchronous = receiver
        .function
        .sig
        .asyncness
        .map(|_| quote!(.with_async()));
    quote! {
        __private::ReceiverInfo::new(#id, #name, __private::module_path!(), #location, #signals)
            #aliases #priority #manual #metadata #asynchronous
    }
}

fn id(receiver: &Receiver) -> TokenStream {
    let name = attr::plain(&receiver.function.sig.ident);
    match &receiver.id {
        Some(id) => id.to_token_stream(),
        None => quote!(__private::concat!(__private::module_path!(), "::", #name)),
    }
}

fn wants_metadata(receiver: &Receiver) -> bool {
    receiver
        .parameters
        .iter()
        .any(|parameter| parameter.wish == Wish::Metadata)
}

/// The block that calls the function and gives its outcome.
fn body(receiver: &Receiver, signal: Option<&Path>) -> TokenStream {
    if receiver.function.sig.asyncness.is_some() {
        return async_body(receiver, signal);
    }
    let names = argument_names(receiver);
    let lets = receiver
        .parameters
        .iter()
        .zip(&names)
        .map(|(parameter, name)| {
            let ty = parameter_type(parameter);
            let value = if parameter.by_reference() {
                borrowed(parameter, signal)
            } else {
                owned(parameter, signal)
            };
            // The whole statement at the type: what is underlined is the parameter.
            quote_spanned!(parameter.ty.span()=> let #name: #ty = #value;)
        });
    let outcome = outcome(receiver, &names, None);
    quote!({ #(#lets)* #outcome })
}

/// A task outlives the send, so it gets clones, and lends them to the function.
fn async_body(receiver: &Receiver, signal: Option<&Path>) -> TokenStream {
    let names = argument_names(receiver);
    let owned_names: Vec<_> = (0..names.len())
        .map(|index| format_ident!("__owned{index}"))
        .collect();
    let clones = receiver
        .parameters
        .iter()
        .zip(&owned_names)
        .map(|(parameter, name)| {
            let value = owned(parameter, signal);
            quote_spanned!(parameter.ty.span()=> let #name = #value;)
        });
    let lets = receiver
        .parameters
        .iter()
        .zip(names.iter().zip(&owned_names))
        .map(|(parameter, (name, owned))| {
            let ty = parameter_type(parameter);
            let reference = (parameter.by_reference() && parameter.wish != Wish::Signal)
                .then(|| quote_spanned!(parameter.ty.span()=> &));
            quote_spanned!(parameter.ty.span()=> let #name: #ty = #reference #owned;)
        });
    let id = id(receiver);
    let asyncness = receiver
        .function
        .sig
        .asyncness
        .as_ref()
        .map_or_else(Span::call_site, Spanned::span);
    let outcome = outcome(receiver, &names, Some(quote!(.await)));
    // At `async`: that is what the runtime, or the lack of the feature, is about.
    let spawn = quote_spanned!(asyncness=> __private::async_receiver!(__delivery, #id, __future));
    quote!({
        let __future = {
            #(#clones)*
            async move {
                #(#lets)*
                #outcome
            }
        };
        #spawn
    })
}

/// Calls the function, at the type that it returns: what is wrong with that is underlined there.
fn outcome(receiver: &Receiver, names: &[Ident], wait: Option<TokenStream>) -> TokenStream {
    let span = return_span(&receiver.function);
    let mut function = receiver.function.sig.ident.clone();
    function.set_span(span);
    let call = quote_spanned!(span=> #function(#(#names),*) #wait);
    quote_spanned!(span=> __private::IntoOutcome::into_outcome(#call))
}

fn argument_names(receiver: &Receiver) -> Vec<Ident> {
    (0..receiver.parameters.len())
        .map(|index| format_ident!("__argument{index}"))
        .collect()
}

fn parameter_type(parameter: &Parameter) -> TokenStream {
    without_lifetimes(parameter.ty.to_token_stream())
}

/// What a parameter `name: &T` gets.
fn borrowed(parameter: &Parameter, signal: Option<&Path>) -> TokenStream {
    let span = parameter.ty.span();
    match (parameter.wish, signal) {
        (Wish::Field, _) => {
            let field = parameter.field();
            quote_spanned!(span=> &__event.#field)
        }
        (Wish::Event, Some(_)) => quote_spanned!(span=> __event),
        (Wish::Event, None) => quote_spanned!(span=> &__event),
        (Wish::Metadata, _) => quote_spanned!(span=> __delivery.metadata()),
        (Wish::Signal, Some(signal)) => quote_spanned!(span=> &#signal),
        (Wish::Signal, None) => quote_spanned!(span=> __event.signal()),
        (Wish::FromEventBus, _) => quote_spanned!(span=> &__delivery.from_event_bus()),
    }
}

/// What a parameter `name: T` gets: a clone.
fn owned(parameter: &Parameter, signal: Option<&Path>) -> TokenStream {
    let span = parameter.ty.span();
    match (parameter.wish, signal) {
        (Wish::Field, _) => {
            let field = parameter.field();
            quote_spanned!(span=> __private::Clone::clone(&__event.#field))
        }
        (Wish::Event, Some(_)) => quote_spanned!(span=> __private::Clone::clone(__event)),
        (Wish::Event, None) => quote_spanned!(span=> __event),
        (Wish::Metadata, _) => {
            quote_spanned!(span=> __private::Clone::clone(__delivery.metadata()))
        }
        (Wish::Signal, Some(signal)) => quote_spanned!(span=> &#signal),
        (Wish::Signal, None) => quote_spanned!(span=> __event.signal()),
        (Wish::FromEventBus, _) => quote_spanned!(span=> __delivery.from_event_bus()),
    }
}
