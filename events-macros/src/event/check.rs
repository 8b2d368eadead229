//! The rules of events, one function each.

use syn::punctuated::Punctuated;
use syn::{Attribute, DeriveInput, FieldsNamed, Ident, Meta, Path, Token, Visibility};

use super::event_type;
use super::parse::{Arguments, is_private};
use crate::attr::{self, did_you_mean, list, plain};
use crate::errors::Errors;
use crate::event_data::{Field, refuse_serde};

/// What stands in for an event type that is missing or wrong.
const STAND_IN: &str = "org.example.invalid.event.type.v1";

/// The event type, checked.
pub(super) fn event_type(args: &Arguments, input: &DeriveInput, errors: &mut Errors) -> String {
    let Some(literal) = args.event_type.get() else {
        if !args.event_type.is_missing() {
            return STAND_IN.to_owned();
        }
        errors.at(
            &input.ident,
            format_args!(
                "event `{}` has no event type: `#[event(type = \"org.example.shop.order.placed.v1\")]`",
                input.ident
            ),
        );
        return STAND_IN.to_owned();
    };
    match event_type::check(&literal.value(), args.unversioned.get().is_some()) {
        Ok(()) => literal.value(),
        Err(message) => {
            errors.at(literal, message);
            STAND_IN.to_owned()
        }
    }
}

/// Receivers reserve some names, and ignore a leading underscore.
pub(super) fn field_names(fields: &FieldsNamed, errors: &mut Errors) {
    for ident in fields.named.iter().filter_map(|field| field.ident.as_ref()) {
        let name = plain(ident);
        if let Some((_, meaning)) = attr::RESERVED
            .iter()
            .find(|(reserved, _)| *reserved == name)
        {
            errors.at(
                ident,
                format_args!(
                    "a field cannot be called `{name}`: a receiver's parameter of that name is {meaning}. Rename the field; \
                     `#[event_data(name = \"{name}\")]` keeps its name on the wire"
                ),
            );
        }
        if name.starts_with('_') {
            errors.at(
                ident,
                format_args!(
                    "a field's name cannot begin with `_`: receivers ignore a leading `_` of a parameter, so that `_user` \
                     means `user`. Call it `{}`",
                    name.trim_start_matches('_')
                ),
            );
        }
    }
}

/// Senders and receivers in other crates build and read the event.
pub(super) fn visibilities(event: &Visibility, fields: &FieldsNamed, errors: &mut Errors) {
    if is_private(event) {
        return;
    }
    for field in fields.named.iter().filter(|field| is_private(&field.vis)) {
        let Some(ident) = &field.ident else { continue };
        errors.at(
            ident,
            format_args!(
                "field `{ident}` is private while the event is not: whoever sends the event must be able to set it, and \
                 receivers to read it. Write `{} {ident}`",
                quote::quote!(#event)
            ),
        );
    }
}

/// What `#[event]` writes for every event must not be derived once more.
fn derives(attrs: &[Attribute], errors: &mut Errors) {
    for path in derived(attrs) {
        let Some(last) = path.segments.last() else {
            continue;
        };
        match last.ident.to_string().as_str() {
            "EventData" => errors.at(&path, "`#[event]` derives `EventData` itself; drop it here"),
            "Serialize" | "Deserialize" => errors.at(
                &path,
                format_args!(
                    "`#[event]` writes the serde implementations itself, so that wire and schema agree; drop `{}` here",
                    last.ident
                ),
            ),
            _ => {}
        }
    }
}

/// A derived `Debug` would show what is marked as personal.
pub(super) fn debug(attrs: &[Attribute], fields: &[Field], errors: &mut Errors) {
    if fields.iter().all(|field| field.pii.is_none()) {
        return;
    }
    for path in derived(attrs) {
        if path
            .segments
            .last()
            .is_some_and(|last| last.ident == "Debug")
        {
            errors.at(
                &path,
                "a field is marked `pii`, and a derived `Debug` would show it; drop `Debug` here: `#[event]` writes one \
                 that does not",
            );
        }
    }
}

/// Whether `#[event]` writes it itself, so that it must not be derived.
fn is_written(path: &Path) -> bool {
    let last = path.segments.last();
    last.is_some_and(|last| WRITTEN.iter().any(|name| last.ident == name))
}

const WRITTEN: [&str; 3] = ["EventData", "Serialize", "Deserialize"];

/// Leaves of a `#[derive(…)]` what is not refused.
pub(super) fn keep_derives(attr: &mut Attribute) {
    let Meta::List(meta) = &mut attr.meta else {
        return;
    };
    let paths = meta.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated);
    if let Ok(paths) = paths {
        let kept = paths.iter().filter(|path| !is_written(path));
        meta.tokens = quote::quote!(#(#kept),*);
    }
}

/// Whether the attribute is one more `#[event]`.
pub(super) fn is_event(attr: &Attribute) -> bool {
    let last = attr.path().segments.last();
    last.is_some_and(|last| last.ident == "event")
}

/// Attributes of the event that are refused.
pub(super) fn attributes(attrs: &[Attribute], errors: &mut Errors) {
    derives(attrs, errors);
    refuse_serde(attrs, errors);
    for attr in attrs {
        if is_event(attr) {
            errors.at(
                attr,
                "a second `#[event]` on one struct: an event has one event type; declare a struct for each",
            );
        }
        if attr.path().is_ident("event_data") {
            errors.at(
                attr,
                "`#[event_data]` belongs on the types that events carry, and on fields; the event itself is known by its \
                 event type",
            );
        }
    }
}

/// The paths in the `#[derive(…)]` attributes below `#[event]`.
pub(super) fn derived(attrs: &[Attribute]) -> Vec<Path> {
    let derives = attrs
        .iter()
        .filter(|attr| attr.path().is_ident("derive"))
        .filter_map(|attr| {
            let Meta::List(meta) = &attr.meta else {
                return None;
            };
            meta.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated)
                .ok()
        });
    derives.flatten().collect()
}

/// The first part of the key is a field of this struct; the compiler checks the rest.
pub(super) fn key(key: &[Ident], fields: &FieldsNamed, errors: &mut Errors) {
    if is_field(key, fields) {
        return;
    }
    let Some(first) = key.first() else { return };
    let names: Vec<_> = fields
        .named
        .iter()
        .filter_map(|field| field.ident.as_ref())
        .map(plain)
        .collect();
    let hint = did_you_mean(&plain(first), names.iter().map(String::as_str));
    let known = match &names[..] {
        [] => "it has none".to_owned(),
        names => format!("its fields are {}", list(names)),
    };
    errors.at(
        first,
        format_args!("the key names `{first}`, which is no field of this event{hint}; {known}"),
    );
}

pub(super) fn is_field(key: &[Ident], fields: &FieldsNamed) -> bool {
    key.first().is_some_and(|first| {
        fields
            .named
            .iter()
            .any(|field| field.ident.as_ref() == Some(first))
    })
}

/// A static is written in capitals, and receivers find it by that.
pub(super) fn signal_name(signal: &Ident, errors: &mut Errors) {
    let name = plain(signal);
    if name.chars().any(char::is_lowercase) {
        errors.at(
            signal,
            format_args!(
                "a signal is a static, and is written in capitals: `{}`",
                heck::AsShoutySnakeCase(&name)
            ),
        );
    }
}
