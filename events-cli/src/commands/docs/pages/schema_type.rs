//! The type of a field, with links to the types that have a place on the site.

use events_core::{FieldSchema, Schema, StringFormat};
use maud::{Markup, html};

use super::layout::TYPES;
use crate::commands::docs::site::Site;

/// The type as a reader needs it: `optional list of UserData`.
pub(super) fn schema_type(site: &Site<'_>, root: &str, schema: &'static Schema) -> Markup {
    let linked = |name: &str| {
        html! {
            @if let Some(anchor) = site.types.anchor(schema) {
                a href={ (root) (TYPES) "#" (anchor) } { (name) }
            } @else {
                (name)
            }
        }
    };
    match schema {
        Schema::Optional(inner) => {
            html! { span.quantity { "optional " } (schema_type(site, root, inner)) }
        }
        Schema::Array(inner) => {
            html! { span.quantity { "array of " } (schema_type(site, root, inner)) }
        }
        Schema::Map(inner) => {
            html! { span.quantity { "map of " } (schema_type(site, root, inner)) }
        }
        Schema::Record(record) => linked(record.name),
        Schema::Enum(list) => html! {
            (linked(list.name)) " "
            span.format { "one of " (variants(list.variants)) @if list.open { ", or another" } }
        },
        Schema::String(StringFormat::Custom(name)) => {
            html! { (linked(name)) " " span.format { "string" } }
        }
        Schema::String(StringFormat::DateTime) => html! { "string " span.format { "date-time" } },
        Schema::String(StringFormat::Uuid) => html! { "string " span.format { "uuid" } },
        other => html! { (other) },
    }
}

fn variants(variants: &[&str]) -> Markup {
    html! {
        @for (index, variant) in variants.iter().enumerate() {
            @if index > 0 { ", " }
            code { (variant) }
        }
    }
}

/// What a reader takes where the field is not there.
pub(super) fn default(field: &FieldSchema) -> Option<&'static str> {
    match field.schema {
        Schema::Optional(_) => Some("null"),
        _ => field.default,
    }
}
