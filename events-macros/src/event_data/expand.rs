//! Writes the implementations of `EventData`, `Serialize` and `Deserialize`.
//!
//! Everything about a field goes through `EventData` of its type, at the type's place in the source: a type that is no
//! `EventData` then gives one message there, however often it is used.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Ident, Lit, Type};

use super::fields::{Default, Field, Literal};
use super::parse::{EventDataType, Kind};
use super::types;
use crate::attr;

pub(crate) fn expand(parsed: &EventDataType) -> TokenStream {
    let krate = attr::crate_path(parsed.krate.as_ref());
    let EventDataType {
        ident, name, doc, ..
    } = parsed;
    let impls = match &parsed.kind {
        Kind::Record(fields) => {
            let record = record_impls(ident, name, doc, fields);
            let debug = debug_impl(ident, fields);
            quote!(#record #debug)
        }
        Kind::Enum { variants, unknown } => {
            enum_impls(ident, name, doc, variants, unknown.as_ref())
        }
        Kind::String => string_impls(ident),
        Kind::Refused { personal } => {
            let stub = stub_impls(ident, name);
            let debug = personal.then(|| stub_debug(ident));
            quote!(#stub #debug)
        }
    };
    quote! {
        const _: () = {
            use #krate::__private as __private;
            #impls
        };
    }
}

/// The implementations for a struct; expects `__private` in scope.
pub(crate) fn record_impls(ident: &Ident, name: &str, doc: &str, fields: &[Field]) -> TokenStream {
    let idents: Vec<_> = fields.iter().map(|field| &field.ident).collect();
    let names: Vec<_> = fields.iter().map(|field| &field.name).collect();
    let slots: Vec<_> = (0..fields.len())
        .map(|index| format_ident!("__slot{index}"))
        .collect();
    let indices: Vec<_> = (0..fields.len()).collect();
    let len = fields.len();
    // `<Type as EventData>`, at the type.
    let types: Vec<_> = fields
        .iter()
        .map(|field| {
            let ty = &field.ty;
            let data = Ident::new(types::event_data(ty), proc_macro2::Span::call_site());
            quote_spanned!(ty.span()=> <#ty as __private::#data>)
        })
        .collect();
    let schemas = fields.iter().zip(&types).map(|(field, ty)| {
        let Field { name, doc, .. } = field;
        let default = match &field.default {
            Some(Default::Empty(place)) => {
                // At the argument: it is what the type may not have.
                let zero = quote_spanned!(place.span()=> __private::zero(#ty::SCHEMA));
                Some(quote!(.with_default(#zero)))
            }
            Some(Default::Literal(literal)) => {
                let json = literal.json();
                Some(quote!(.with_default(#json)))
            }
            None => None,
        };
        let personal = field.pii.as_ref().map(|_| quote!(.with_personal_data()));
        quote!(__private::FieldSchema::new(#name, #doc, #ty::SCHEMA)#default #personal)
    });
    let finished = fields
        .iter()
        .zip(&types)
        .zip(&slots)
        .map(|((field, ty), slot)| {
            let Field { ident, name, .. } = field;
            let value = match &field.default {
                None => quote!(#ty::__finish(#slot, #name)?),
                Some(default) => {
                    let default = default_value(default, &field.ty);
                    quote! {
                        match #slot {
                            __private::Some(__value) => __value,
                            __private::None => #default,
                        }
                    }
                }
            };
            quote!(#ident: #value)
        });
    let slot_types = fields.iter().map(|field| &field.ty);
    let expecting = format!("struct {name}");
    quote! {
        #[automatically_derived]
        impl __private::EventData for #ident {
            const SCHEMA: &'static __private::Schema =
                &__private::Schema::Record(&__private::RecordSchema::new(#name, #doc, &[#(#schemas),*]));
        }

        #[automatically_derived]
        impl __private::serde::Serialize for #ident {
            fn serialize<__S: __private::serde::Serializer>(
                &self,
                __serializer: __S,
            ) -> __private::Result<__S::Ok, __S::Error> {
                let mut __record = __private::serde::Serializer::serialize_struct(__serializer, #name, #len)?;
                #(if let __private::Err(__error) = #types::__write(&self.#idents, &mut __record, #names) {
                    return __private::Err(__error);
                })*
                __private::serde::ser::SerializeStruct::end(__record)
            }
        }

        #[automatically_derived]
        impl<'de> __private::serde::Deserialize<'de> for #ident {
            fn deserialize<__D: __private::serde::Deserializer<'de>>(
                __deserializer: __D,
            ) -> __private::Result<Self, __D::Error> {
                const __FIELDS: &'static [&'static str] = &[#(#names),*];

                struct __Visitor;

                impl<'de> __private::serde::de::Visitor<'de> for __Visitor {
                    type Value = #ident;

                    fn expecting(&self, __f: &mut __private::fmt::Formatter<'_>) -> __private::fmt::Result {
                        __f.write_str(#expecting)
                    }

                    fn visit_seq<__A: __private::serde::de::SeqAccess<'de>>(
                        self,
                        mut __seq: __A,
                    ) -> __private::Result<#ident, __A::Error> {
                        __private::Ok(#ident {
                            #(#idents: match #types::__next(&mut __seq, #indices, #expecting) {
                                __private::Ok(__value) => __value,
                                __private::Err(__error) => return __private::Err(__error),
                            },)*
                        })
                    }

                    fn visit_map<__A: __private::serde::de::MapAccess<'de>>(
                        self,
                        mut __map: __A,
                    ) -> __private::Result<#ident, __A::Error> {
                        #(let mut #slots: __private::Option<#slot_types> = __private::None;)*
                        while let __private::Some(__index) = __private::next_key(&mut __map, __FIELDS)? {
                            match __index {
                                #(__private::Some(#indices) => #types::__read(&mut __map, &mut #slots, #names)?,)*
                                _ => __private::skip_field(&mut __map)?,
                            }
                        }
                        __private::Ok(#ident {
                            #(#finished,)*
                        })
                    }
                }

                __private::serde::Deserializer::deserialize_struct(__deserializer, #name, __FIELDS, __Visitor)
            }
        }
    }
}

/// The value of a field that was not there.
fn default_value(default: &Default, ty: &Type) -> TokenStream {
    match default {
        Default::Empty(place) => {
            quote_spanned!(place.span()=> <#ty as __private::EmptyOf>::default())
        }
        Default::Literal(Literal {
            lit: Lit::Str(text),
            ..
        }) => quote_spanned!(text.span()=> <#ty as __private::TextDefault>::from_text(#text)),
        Default::Literal(Literal { minus, lit }) => quote!(#minus #lit),
    }
}

/// A `Debug` that does not show personal data, for a struct that has some. Expects `__private` in scope.
pub(crate) fn debug_impl(ident: &Ident, fields: &[Field]) -> Option<TokenStream> {
    let pii = fields.iter().find_map(|field| field.pii.as_ref())?;
    let body = debug_body(ident, fields);
    // At the mark: who derives `Debug` as well reads what is in its way.
    Some(quote_spanned! {pii.span()=>
        #[automatically_derived]
        impl __private::Debug for #ident {
            fn fmt(&self, __f: &mut __private::fmt::Formatter<'_>) -> __private::fmt::Result {
                #body
            }
        }
    })
}

fn debug_body(ident: &Ident, fields: &[Field]) -> TokenStream {
    let name = attr::plain(ident);
    let fields = fields.iter().map(|field| {
        let (ident, name) = (&field.ident, attr::plain(&field.ident));
        let value = if field.pii.is_some() {
            quote!(&__private::Redacted)
        } else {
            quote!(&self.#ident)
        };
        quote!(__debug.field(#name, #value);)
    });
    quote! {
        let mut __debug = __f.debug_struct(#name);
        #(#fields)*
        __debug.finish()
    }
}

fn enum_impls(
    ident: &Ident,
    name: &str,
    doc: &str,
    variants: &[(Ident, String)],
    unknown: Option<&Ident>,
) -> TokenStream {
    let idents: Vec<_> = variants.iter().map(|(ident, _)| ident).collect();
    let names: Vec<_> = variants.iter().map(|(_, name)| name).collect();
    let indices: Vec<_> = (0..idents.len()).collect();
    let open = unknown.is_some();
    let write_unknown =
        unknown.map(|unknown| quote!(Self::#unknown(__name) => __private::AsText::as_ref(__name),));
    let (read, read_unknown) = match unknown {
        Some(unknown) => (
            quote!(__private::read_open_variant(__deserializer, __VARIANTS)?),
            quote!(__private::Err(__name) => Self::#unknown(__private::IntoOf::into(__name)),),
        ),
        None => (
            quote!(__private::read_variant(__deserializer, __VARIANTS)?),
            TokenStream::new(),
        ),
    };
    let patterns = indices.iter().map(|index| {
        if open {
            quote!(__private::Ok(#index))
        } else {
            quote!(#index)
        }
    });
    let index = if open {
        quote!(__private::Ok(_))
    } else {
        quote!(_)
    };
    quote! {
        const __VARIANTS: &'static [&'static str] = &[#(#names),*];

        #[automatically_derived]
        impl __private::EventData for #ident {
            const SCHEMA: &'static __private::Schema =
                &__private::Schema::Enum(&__private::EnumSchema::new(#name, #doc, __VARIANTS, #open));
        }

        #[automatically_derived]
        impl __private::serde::Serialize for #ident {
            fn serialize<__S: __private::serde::Serializer>(
                &self,
                __serializer: __S,
            ) -> __private::Result<__S::Ok, __S::Error> {
                __private::serde::Serializer::serialize_str(__serializer, match self {
                    #(Self::#idents => #names,)*
                    #write_unknown
                })
            }
        }

        #[automatically_derived]
        impl<'de> __private::serde::Deserialize<'de> for #ident {
            fn deserialize<__D: __private::serde::Deserializer<'de>>(
                __deserializer: __D,
            ) -> __private::Result<Self, __D::Error> {
                __private::Ok(match #read {
                    #(#patterns => Self::#idents,)*
                    #read_unknown
                    // An index that is not one of the list does not come.
                    #index => __private::unreachable!(),
                })
            }
        }
    }
}

fn string_impls(ident: &Ident) -> TokenStream {
    let name = attr::plain(ident);
    // At the name of the type: a missing `Display` or `FromStr` is missing there.
    let (into_text, from_text) = (
        quote_spanned!(ident.span()=> <#ident as __private::IntoText>),
        quote_spanned!(ident.span()=> <#ident as __private::FromText>),
    );
    quote! {
        #[automatically_derived]
        impl __private::EventData for #ident {
            const SCHEMA: &'static __private::Schema =
                &__private::Schema::String(__private::StringFormat::Custom(#name));
        }

        #[automatically_derived]
        impl __private::EventKey for #ident {
            fn event_key(&self) -> __private::Cow<'_, str> {
                __private::Cow::Owned(#into_text::text(self))
            }
        }

        #[automatically_derived]
        impl __private::serde::Serialize for #ident {
            fn serialize<__S: __private::serde::Serializer>(
                &self,
                __serializer: __S,
            ) -> __private::Result<__S::Ok, __S::Error> {
                #into_text::serialize_text(self, __serializer)
            }
        }

        #[automatically_derived]
        impl<'de> __private::serde::Deserialize<'de> for #ident {
            fn deserialize<__D: __private::serde::Deserializer<'de>>(
                __deserializer: __D,
            ) -> __private::Result<Self, __D::Error> {
                #from_text::deserialize_text(__deserializer)
            }
        }
    }
}

/// A `Debug` that only looks like one. Expects `__private` in scope.
pub(crate) fn stub_debug(ident: &Ident) -> TokenStream {
    quote! {
        impl __private::Debug for #ident {
            fn fmt(&self, _: &mut __private::fmt::Formatter<'_>) -> __private::fmt::Result {
                __private::unreachable!()
            }
        }
    }
}

/// Implementations that only look like some, for a type whose mistakes were noted: whoever uses it is not to blame.
/// Expects `__private` in scope.
pub(crate) fn stub_impls(ident: &Ident, name: &str) -> TokenStream {
    quote! {
        #[automatically_derived]
        impl __private::EventData for #ident {
            const SCHEMA: &'static __private::Schema =
                &__private::Schema::Record(&__private::RecordSchema::new(#name, "", &[]));
        }

        #[automatically_derived]
        impl __private::EventKey for #ident {
            fn event_key(&self) -> __private::Cow<'_, str> {
                __private::unreachable!()
            }
        }

        #[automatically_derived]
        impl __private::serde::Serialize for #ident {
            fn serialize<__S: __private::serde::Serializer>(
                &self,
                _: __S,
            ) -> __private::Result<__S::Ok, __S::Error> {
                __private::unreachable!()
            }
        }

        #[automatically_derived]
        impl<'de> __private::serde::Deserialize<'de> for #ident {
            fn deserialize<__D: __private::serde::Deserializer<'de>>(
                _: __D,
            ) -> __private::Result<Self, __D::Error> {
                __private::unreachable!()
            }
        }
    }
}
