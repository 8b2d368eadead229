//! Writes the struct, its signal, and its implementation of `Event`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Ident;

use super::check::derived;
use super::parse::{Event, strip};
use crate::attr;
use crate::event_data::record_impls;

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
        event_type,
        minor_version,
        doc,
        ..
    } = event;
    let cfgs = attr::cfgs(&item.attrs);
    let name = attr::plain(ident);
    let signal_name = attr::plain(signal);

    let present = derived(&item.attrs);
    let missing = DERIVES.iter().filter(|derive| {
        !present.iter().any(|path| {
            path.segments
                .last()
                .is_some_and(|last| last.ident == **derive)
        })
    });
    let derives = missing.map(|derive| {
        let derive = Ident::new(derive, proc_macro2::Span::call_site());
        quote!(#[#krate::__private::derive(#krate::__private::#derive)])
    });

    let (key_path, key) = key(event.key.as_deref());
    let record = record_impls(ident, &name, doc, &event.fields);
    let location = attr::location(&quote!(#krate::__private));
    let signal_doc = signal_doc(&name, event_type, doc);
    quote! {
        #(#derives)*
        #item

        #(#cfgs)*
        #[doc = #signal_doc]
        #vis static #signal: #krate::Signal<#ident> = #krate::Signal::new(#krate::__private::SignalInfo::new(
            #signal_name,
            #krate::__private::module_path!(),
            #location,
        ));

        #(#cfgs)*
        const _: () = {
            use #krate::__private as __private;

            #record

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
                );

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

/// The key's path as text, and the body of `Event::key`.
fn key(path: Option<&[Ident]>) -> (TokenStream, TokenStream) {
    let Some(path) = path else {
        return (quote!(__private::None), quote!(__private::None));
    };
    let text = path.iter().map(attr::plain).collect::<Vec<_>>().join(".");
    // At the last part: it is its type that must be a key.
    let span = path
        .last()
        .map_or_else(proc_macro2::Span::call_site, Ident::span);
    let field = quote_spanned!(span=> &self.#(#path).*);
    let key = quote_spanned!(span=> __private::EventKey::event_key(#field));
    (
        quote!(__private::Some(#text)),
        quote!(__private::Some(#key)),
    )
}

fn signal_doc(name: &str, event_type: &str, doc: &str) -> String {
    let summary = doc.lines().next().unwrap_or_default();
    format!("The signal of [`{name}`], event type `{event_type}`.\n\n{summary}")
        .trim_end()
        .to_owned()
}
