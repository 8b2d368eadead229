//! Writes the implementations of `EventData`, `Serialize` and `Deserialize`.
//!
//! Everything about a field goes through `EventData` of its type, at the type's place in the source: a type that is no
//! `EventData` then gives one message there, however often it is used.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::Ident;
use syn::spanned::Spanned;

use super::fields::Field;
use super::parse::{EventDataType, Kind};
use super::types;
use crate::attr;

pub(crate) fn expand(parsed: &EventDataType) -> TokenStream {
    let krate = attr::crate_path(parsed.krate.as_ref());
    let EventDataType {
        ident, name, doc, ..
    } = parsed;
    let impls = match &parsed.kind {
        Kind::Record(fields) => record_impls(ident, name, doc, fields),
        Kind::Enum(variants) => enum_impls(ident, name, doc, variants),
        Kind::String => string_impls(ident),
        Kind::Refused => stub_impls(ident, name),
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
        quote!(__private::FieldSchema::new(#name, #doc, #ty::SCHEMA))
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
                #(#types::__write(&self.#idents, &mut __record, #names)?;)*
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
                            #(#idents: #types::__next(&mut __seq, #indices, #expecting)?,)*
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
                            #(#idents: #types::__finish(#slots, #names)?,)*
                        })
                    }
                }

                __private::serde::Deserializer::deserialize_struct(__deserializer, #name, __FIELDS, __Visitor)
            }
        }
    }
}

fn enum_impls(ident: &Ident, name: &str, doc: &str, variants: &[(Ident, String)]) -> TokenStream {
    let idents: Vec<_> = variants.iter().map(|(ident, _)| ident).collect();
    let names: Vec<_> = variants.iter().map(|(_, name)| name).collect();
    let (last, first) = idents
        .split_last()
        .map_or((None, &[][..]), |(last, first)| (Some(last), first));
    let indices = 0..first.len();
    quote! {
        const __VARIANTS: &'static [&'static str] = &[#(#names),*];

        #[automatically_derived]
        impl __private::EventData for #ident {
            const SCHEMA: &'static __private::Schema =
                &__private::Schema::Enum(&__private::EnumSchema::new(#name, #doc, __VARIANTS));
        }

        #[automatically_derived]
        impl __private::serde::Serialize for #ident {
            fn serialize<__S: __private::serde::Serializer>(
                &self,
                __serializer: __S,
            ) -> __private::Result<__S::Ok, __S::Error> {
                __private::serde::Serializer::serialize_str(__serializer, match self {
                    #(Self::#idents => #names,)*
                })
            }
        }

        #[automatically_derived]
        impl<'de> __private::serde::Deserialize<'de> for #ident {
            fn deserialize<__D: __private::serde::Deserializer<'de>>(
                __deserializer: __D,
            ) -> __private::Result<Self, __D::Error> {
                // An index that is not one of the list was refused there.
                __private::Ok(match __private::read_variant(__deserializer, __VARIANTS)? {
                    #(#indices => Self::#first,)*
                    _ => Self::#last,
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
