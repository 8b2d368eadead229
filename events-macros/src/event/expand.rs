//! Writes the struct, its signal, and its implementation of `Event`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{DeriveInput, Ident, Path};

use super::check::derived;
use super::parse::{Event, dotted, strip};
use crate::attr;
use crate::event_data::{debug_impl, is_of_one_thread, record_impls, stub_debug, stub_impls};

/// What every event implements, written here unless the author asks for it.
const DERIVES: [&str; 3] = ["Debug", "Clone", "PartialEq"];

pub(super) fn expand(event: &Event) -> TokenStream {
    let mut item = event.item.clone();
    strip(&mut item);
    let ident = &item.ident;
    let vis = &item.vis;
    let krate = attr::crate_path(event.krate.as_ref());
    let Event {
        signal,
        type_name: event_type,
        minor_version,
        doc,
        ..
    } = event;
    let cfgs = attr::cfgs(&item.attrs);
    // What is deprecated is the event: its signal says so too, and what is written here may use both.
    let deprecated = item
        .attrs
        .iter()
        .find(|attr| attr.path().is_ident("deprecated"));
    let quiet = deprecated
        .map(|_| quote!(#[allow(deprecated, reason = "the implementation of what is deprecated")]));
    let name = attr::plain(ident);
    let signal_name = attr::plain(signal);

    let present = derived(&item.attrs);
    // With personal data, `Debug` is one that does not show it.
    let debug = debug_impl(ident, &event.fields);
    let missing = DERIVES
        .iter()
        .filter(|derive| !is_derived(&present, derive))
        .filter(|derive| debug.is_none() || **derive != "Debug");
    let derives = missing.map(|derive| {
        let derive = Ident::new(derive, proc_macro2::Span::call_site());
        quote!(#[#krate::__private::derive(#krate::__private::#derive)])
    });

    let (key_path, key) = key(event.key.as_deref());
    let record = record_impls(ident, &name, doc, &event.fields);
    let contract = contract(event, ident);
    let kept =
        (!event.files.is_empty()).then(|| quote!(.with_files(__CONTRACT.kept, __CONTRACT.waivers)));
    let location = attr::location(&quote!(#krate::__private));
    let signal_doc = signal_doc(&name, event_type, doc);
    quote! {
        #(#derives)*
        #item

        #(#cfgs)*
        #deprecated
        #quiet
        #[doc = #signal_doc]
        #vis static #signal: #krate::Signal<#ident> = #krate::Signal::new(#krate::__private::SignalInfo::new(
            #signal_name,
            #krate::__private::module_path!(),
            #location,
        ));

        #(#cfgs)*
        #quiet
        const _: () = {
            use #krate::__private as __private;

            #record
            #debug
            #contract

            #[automatically_derived]
            impl __private::Event for #ident {
                const INFO: &'static __private::EventInfo = &__private::EventInfo::new(
                    #event_type,
                    #minor_version,
                    #key_path,
                    #name,
                    #doc,
                    match <#ident as __private::EventData>::SCHEMA {
                        __private::Schema::Record(record) => record,
                        _ => __private::unreachable!(),
                    },
                )#kept;

                fn signal() -> &'static __private::Signal<Self> {
                    &#signal
                }

                fn key(&self) -> __private::Option<__private::Cow<'_, str>> {
                    #key
                }
            }

            __private::register_signal!(#signal);
        };
    }
}

/// The comparison of the event with its schema files.
fn contract(event: &Event, name: &Ident) -> TokenStream {
    let Event {
        type_name,
        minor_version,
        files,
        ..
    } = event;
    let tracked = files.tracked();
    let (kept, waivers) = (files.kept(), files.waivers());
    // One call for each place to point at; the numbers are those of `Contract`.
    let refuse = |span| quote_spanned!(span=> __CONTRACT.refuse());
    let (at_type, at_minor) = (refuse(event.type_span), refuse(event.minor_span));
    let fields = event.fields.iter().enumerate().map(|(index, field)| {
        let (index, refuse) = (index + 3, refuse(field.ident.span()));
        quote!(#index => #refuse)
    });
    quote! {
        #tracked

        const __CONTRACT: __private::Contract = __private::Contract::new(
            #type_name,
            #minor_version,
            <#name as __private::EventData>::SCHEMA,
            #kept,
            #waivers,
        );
        const _: () = match __CONTRACT.guilty() {
            0 => {}
            2 => #at_minor,
            #(#fields,)*
            _ => #at_type,
        };
    }
}

/// The key's path as text, and the body of `Event::key`.
fn key(path: Option<&[Ident]>) -> (TokenStream, TokenStream) {
    let Some(path) = path else {
        return (quote!(__private::None), quote!(__private::None));
    };
    let text = dotted(path);
    // At the last part: it is its type that must be a key.
    let span = path
        .last()
        .map_or_else(proc_macro2::Span::call_site, Ident::span);
    // `self` is that of the method, also where a macro wrote the event, and its caller the path.
    let this = quote!(self);
    let field = quote_spanned!(span=> &#this.#(#path).*);
    let key = quote_spanned!(span=> __private::KeyOf::event_key(#field));
    (
        quote!(__private::Some(#text)),
        quote!(__private::Some(#key)),
    )
}

/// An event and a signal that only look like some, for an item whose mistakes were noted. Nothing of it runs.
pub(super) fn stub(mut item: DeriveInput, signal: &Ident, krate: Option<&Path>) -> TokenStream {
    strip(&mut item);
    if !item.generics.params.is_empty() || is_of_one_thread(&item.data) {
        return quote!(#item);
    }
    let krate = attr::crate_path(krate);
    let (ident, vis) = (&item.ident, &item.vis);
    let cfgs = attr::cfgs(&item.attrs);
    let name = attr::plain(ident);
    let data = stub_impls(ident, &name);
    let present = derived(&item.attrs);
    let derives = DERIVES
        .iter()
        .filter(|derive| !is_derived(&present, derive))
        .map(|derive| stub_derive(derive, ident));
    quote! {
        #item

        #(#cfgs)*
        #[doc(hidden)]
        #vis static #signal: #krate::Signal<#ident> = #krate::Signal::new(#krate::__private::SignalInfo::new(
            "", "", #krate::__private::SourceLocation::new("", 0, 0),
        ));

        #(#cfgs)*
        const _: () = {
            use #krate::__private as __private;

            #(#derives)*
            #data

            #[automatically_derived]
            impl __private::Event for #ident {
                const INFO: &'static __private::EventInfo = &__private::EventInfo::new(
                    "", 0, __private::None, #name, "", &__private::RecordSchema::new(#name, "", &[]),
                );

                fn signal() -> &'static __private::Signal<Self> {
                    &#signal
                }

                fn key(&self) -> __private::Option<__private::Cow<'_, str>> {
                    __private::None
                }
            }
        };
    }
}

/// The implementation that a derive would write, were it not that a field of a refused type might not have it.
fn stub_derive(derive: &str, ident: &Ident) -> TokenStream {
    match derive {
        "Debug" => stub_debug(ident),
        "Clone" => quote! {
            impl __private::Clone for #ident {
                fn clone(&self) -> Self {
                    __private::unreachable!()
                }
            }
        },
        _ => quote! {
            impl __private::PartialEq for #ident {
                fn eq(&self, _: &Self) -> bool {
                    __private::unreachable!()
                }
            }
        },
    }
}

fn is_derived(present: &[Path], derive: &str) -> bool {
    let mut names = present.iter().filter_map(|path| path.segments.last());
    names.any(|last| last.ident == derive)
}

fn signal_doc(name: &str, event_type: &str, doc: &str) -> String {
    let summary = doc.lines().next().unwrap_or_default();
    format!("The signal of [`{name}`], event type `{event_type}`.\n\n{summary}")
        .trim_end()
        .to_owned()
}
