//! Writes the registration of a receiver; the function itself stays as it was.
//!
//! Each parameter becomes a `let` with the parameter's type, at the parameter's place in the source: what does not fit
//! is underlined there, in the user's own line.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Ident, LitStr, Path};

use super::check::{Parameter, Receiver, Signals, Wish};
use super::parameters::without_lifetimes;
use super::signature::return_tokens;
use crate::attr;

pub(super) fn expand(receiver: &Receiver) -> TokenStream {
    let krate = attr::crate_path(receiver.krate.as_ref());
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
    let registration = quote!({
        use #krate::__private as __private;

        __private::submit! {
            __private::Registration::new(#info, #attach)
        }
    });
    item(receiver, &registration)
}

/// The item that holds the registration.
///
/// A `const _` would do, were it not for a receiver that stands in an `impl`, which is not to be seen from here: there
/// the compiler says that "`const` items in this context need a name", and that there is no such function. Of a struct
/// it says, at the place it is given, that it is "not supported in `trait`s or `impl`s", and "consider moving \[it\] out
/// to a nearby module scope": which is the remedy, and passes over what the struct holds.
fn item(receiver: &Receiver, registration: &TokenStream) -> TokenStream {
    let function = &receiver.function;
    let cfgs = attr::cfgs(&function.attrs);
    let mut hasher = DefaultHasher::new();
    attr::plain(&function.sig.ident).hash(&mut hasher);
    // A function may be annotated twice, with two ids.
    receiver.id.as_ref().map(LitStr::value).hash(&mut hasher);
    let name = format_ident!("__Receiver{:X}", hasher.finish());
    let begin = quote_spanned!(function.sig.fn_token.span=> struct);
    let end = quote_spanned!(function.sig.ident.span()=> ;);
    quote! {
        #(#cfgs)*
        #[doc(hidden)]
        #begin #name([(); {
            const _: () = #registration;
            1
        }]) #end
    }
}

fn info(receiver: &Receiver) -> TokenStream {
    let name = attr::plain(&receiver.function.sig.ident);
    let id = id(receiver);
    let location = attr::location(&quote!(__private));
    let signals = match &receiver.signals {
        Signals::Any => quote!(__private::ReceiverSignals::Any),
        Signals::Named(signals) => {
            let signals = signals.iter().map(|signal| {
                let (first, _) = attr::ends(signal, receiver.function.sig.fn_token.span);
                quote_spanned!(first=> &#signal)
            });
            quote!(__private::ReceiverSignals::Named(&[#(#signals),*]))
        }
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
    let durable = receiver.durable.then(|| quote!(.with_durable()));
    let metadata = wants_metadata(receiver).then(|| quote!(.with_metadata()));
    let asynchronous = receiver
        .function
        .sig
        .asyncness
        .map(|_| quote!(.with_async()));
    quote! {
        __private::ReceiverInfo::new(#id, #name, __private::module_path!(), #location, #signals)
            #aliases #priority #manual #durable #metadata #asynchronous
    }
}

fn id(receiver: &Receiver) -> TokenStream {
    let name = attr::plain(&receiver.function.sig.ident);
    receiver.id.as_ref().map_or_else(
        || quote!(__private::concat!(__private::module_path!(), "::", #name)),
        ToTokens::to_token_stream,
    )
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
        .zip(names.iter().zip(value_names(receiver)))
        .map(|(parameter, (name, value_name))| {
            let value = if parameter.by_reference() {
                borrowed(parameter, signal)
            } else {
                owned(parameter, signal)
            };
            let argument = argument(parameter, name, None, &value_name);
            let (first, _) = parameter.ends;
            quote_spanned!(first=> let #value_name = (#value,); #argument)
        });
    let outcome = outcome(receiver, &names, None);
    quote!({ #(#lets)* #outcome })
}

/// `let name: T = value.0;`, all of it at the type: what is underlined is the parameter's type, from its first token,
/// which the tuple has, to its last, which the index has.
fn argument(
    parameter: &Parameter,
    name: &Ident,
    reference: Option<&TokenStream>,
    value: &Ident,
) -> TokenStream {
    let (first, last) = parameter.ends;
    let ty = parameter_type(parameter);
    let value = Ident::new(&value.to_string(), first);
    let index = quote_spanned!(last=> .0);
    let value = quote_spanned!(first=> #reference #value #index);
    if parameter.by_reference() {
        // A coercion, so that a `&String` can be asked for as `&str`.
        return quote_spanned!(first=> let #name: #ty = #value;);
    }
    // By a trait, whose message says what can be asked for; the compiler would suggest to convert the type.
    let pass = quote_spanned!(last=> ::pass);
    quote_spanned!(first=> let #name = __private::ParameterOf::<#ty> #pass(#value);)
}

/// A task outlives the send, so it gets clones, and lends them to the function.
fn async_body(receiver: &Receiver, signal: Option<&Path>) -> TokenStream {
    let names = argument_names(receiver);
    let value_names = value_names(receiver);
    let clones = receiver
        .parameters
        .iter()
        .zip(&value_names)
        .map(|(parameter, name)| {
            let (first, _) = parameter.ends;
            let value = owned(parameter, signal);
            quote_spanned!(first=> let #name = (#value,);)
        });
    let lets = receiver
        .parameters
        .iter()
        .zip(names.iter().zip(&value_names))
        .map(|(parameter, (name, value))| {
            let (first, _) = parameter.ends;
            let reference = (parameter.by_reference() && parameter.wish != Wish::Signal)
                .then(|| quote_spanned!(first=> &));
            argument(parameter, name, reference.as_ref(), value)
        });
    let id = id(receiver);
    let asyncness = receiver
        .function
        .sig
        .asyncness
        .as_ref()
        .map_or_else(Span::call_site, Spanned::span);
    let outcome = outcome(receiver, &names, Some(&quote!(.await)));
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
fn outcome(receiver: &Receiver, names: &[Ident], wait: Option<&TokenStream>) -> TokenStream {
    let (first, last) = attr::ends(
        return_tokens(&receiver.function),
        receiver.function.sig.fn_token.span,
    );
    let mut function = receiver.function.sig.ident.clone();
    function.set_span(first);
    let call = quote_spanned!(first=> #function(#(#names),*) #wait);
    let tuple = quote_spanned!(first=> __returned);
    let index = quote_spanned!(last=> .0);
    let into_outcome = quote_spanned!(last=> ::into_outcome);
    quote_spanned!(first=> {
        let __returned = (#call,);
        __private::OutcomeOf #into_outcome(#tuple #index)
    })
}

fn value_names(receiver: &Receiver) -> Vec<Ident> {
    (0..receiver.parameters.len())
        .map(|index| format_ident!("__value{index}"))
        .collect()
}

fn argument_names(receiver: &Receiver) -> Vec<Ident> {
    (0..receiver.parameters.len())
        .map(|index| format_ident!("__argument{index}"))
        .collect()
}

fn parameter_type(parameter: &Parameter) -> TokenStream {
    without_lifetimes(parameter.ty.to_token_stream())
}

/// The field that a parameter asks for.
fn field(parameter: &Parameter) -> TokenStream {
    let (first, _) = parameter.ends;
    let field = parameter.field();
    if parameter.is_nearly_reserved() {
        // Through something that has the reserved names as fields, so that the compiler suggests them.
        return quote_spanned!(first=> __private::Parameters::new(__event).#field);
    }
    quote_spanned!(first=> __event.#field)
}

/// What a parameter `name: &T` gets.
fn borrowed(parameter: &Parameter, signal: Option<&Path>) -> TokenStream {
    let (span, _) = parameter.ends;
    match (parameter.wish, signal) {
        (Wish::Field, _) => {
            let field = field(parameter);
            quote_spanned!(span=> &#field)
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
    let (span, _) = parameter.ends;
    match (parameter.wish, signal) {
        (Wish::Field, _) => {
            let field = field(parameter);
            quote_spanned!(span=> __private::CloneOf::clone(&#field))
        }
        (Wish::Event, Some(_)) => quote_spanned!(span=> __private::CloneOf::clone(__event)),
        (Wish::Event, None) => quote_spanned!(span=> __event),
        (Wish::Metadata, _) => {
            quote_spanned!(span=> __private::CloneOf::clone(__delivery.metadata()))
        }
        (Wish::Signal, Some(signal)) => quote_spanned!(span=> &#signal),
        (Wish::Signal, None) => quote_spanned!(span=> __event.signal()),
        (Wish::FromEventBus, _) => quote_spanned!(span=> __delivery.from_event_bus()),
    }
}
