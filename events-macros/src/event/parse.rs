//! Reads the arguments of `#[event(…)]` and the struct.

use heck::ToShoutySnakeCase;
use proc_macro2::TokenStream;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, DeriveInput, FieldsNamed, Ident, LitInt, LitStr, Path, Token, Visibility};

use super::check;
use crate::attr::{self, Slot};
use crate::errors::Errors;
use crate::event_data::{Field, parse_fields};

const KNOWN: &[&str] = &[
    "type",
    "signal",
    "key",
    "minor_version",
    "unversioned",
    "crate",
];

/// The grammar of `#[event(…)]`, in any order:
///
/// ```text
/// type = "org.example.shop.order.placed.v1"    required
/// signal = ORDER_PLACED                        default: from the name of the struct
/// key = order.customer.id                      the path of a field
/// minor_version = 0
/// unversioned                                  the event type ends without a version
/// crate = path::to::events_core
/// ```
pub(super) struct Arguments {
    pub(super) event_type: Slot<LitStr>,
    pub(super) signal: Slot<Ident>,
    pub(super) key: Slot<Vec<Ident>>,
    pub(super) minor_version: Slot<u32>,
    pub(super) unversioned: Slot<Ident>,
    pub(super) krate: Slot<Path>,
}

/// An event without mistakes, or with stand-ins for what was wrong.
pub(super) struct Event {
    pub(super) item: DeriveInput,
    pub(super) fields: Vec<Field>,
    pub(super) event_type: String,
    pub(super) signal: Ident,
    pub(super) key: Option<Vec<Ident>>,
    pub(super) minor_version: u32,
    pub(super) krate: Option<Path>,
    pub(super) doc: String,
}

pub(super) fn parse_arguments(args: TokenStream, errors: &mut Errors) -> Arguments {
    let mut parsed = Arguments {
        event_type: Slot::new("type"),
        signal: Slot::new("signal"),
        key: Slot::new("key"),
        minor_version: Slot::new("minor_version"),
        unversioned: Slot::new("unversioned"),
        krate: Slot::new("crate"),
    };
    let parser = |input: ParseStream<'_>| {
        while !input.is_empty() {
            if input.peek(LitStr) {
                let literal: LitStr = input.parse()?;
                errors.at(
                    &literal,
                    "the event type is a named argument: `type = \"…\"`",
                );
                // As good as if it had been named: no second message about a missing type.
                parsed.event_type.set(errors, &literal, literal.clone());
            } else {
                let name = attr::argument_name(input)?;
                parse_argument(input, &name, &mut parsed, errors);
            }
            attr::argument_end(input, errors);
        }
        Ok(())
    };
    let result: syn::Result<()> = parser.parse2(args);
    if let Err(error) = result {
        errors.push(error);
    }
    parsed
}

fn parse_argument(
    input: ParseStream<'_>,
    name: &Ident,
    parsed: &mut Arguments,
    errors: &mut Errors,
) {
    match name.to_string().as_str() {
        "type" => {
            let value = attr::text(
                input,
                errors,
                name,
                "type = \"org.example.shop.order.placed.v1\"",
            );
            parsed.event_type.set_some(errors, name, value);
        }
        "signal" => {
            let value = attr::value(input, errors, name, "signal = ORDER_PLACED");
            parsed.signal.set_some(errors, name, value);
        }
        "key" => {
            let value = key(input, errors, name);
            parsed.key.set_some(errors, name, value);
        }
        "minor_version" => {
            let value = attr::value::<LitInt>(input, errors, name, "minor_version = 1");
            let value = value.and_then(|literal| errors.take(literal.base10_parse::<u32>()));
            parsed.minor_version.set_some(errors, name, value);
        }
        "unversioned" => parsed.unversioned.set(errors, name, name.clone()),
        "crate" => {
            let value = attr::value(input, errors, name, "crate = path::to::events_core");
            parsed.krate.set_some(errors, name, value);
        }
        _ => {
            attr::unknown(errors, name, "event", KNOWN);
            attr::skip_argument(input);
        }
    }
}

/// `= user.pii.username`; a text with the same path, as Open EdX writes it, gets a hint.
fn key(input: ParseStream<'_>, errors: &mut Errors, name: &Ident) -> Option<Vec<Ident>> {
    let example = "key = user.pii.username";
    if input.peek(Token![=]) && input.peek2(LitStr) {
        let literal: Option<LitStr> = attr::value(input, errors, name, example);
        let literal = literal?;
        errors.at(
            &literal,
            format_args!(
                "the key is a path, not a text, so that the compiler can check it: `key = {}`",
                literal.value()
            ),
        );
        return None;
    }
    let path: KeyPath = attr::value(input, errors, name, example)?;
    Some(path.0)
}

struct KeyPath(Vec<Ident>);

impl syn::parse::Parse for KeyPath {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let path = Punctuated::<Ident, Token![.]>::parse_separated_nonempty(input)?;
        Ok(Self(path.into_iter().collect()))
    }
}

/// `None` where no event can be made of the struct.
pub(super) fn parse(
    input: &DeriveInput,
    fields: &FieldsNamed,
    args: Arguments,
    errors: &mut Errors,
) -> Option<Event> {
    check::derives(&input.attrs, errors);
    check::field_names(fields, errors);
    check::visibilities(&input.vis, fields, errors);
    let event_type = check::event_type(&args, input, errors);
    if let Some(key) = args.key.get() {
        check::key(key, fields, errors);
    }
    if !input.generics.params.is_empty() {
        errors.at(
            &input.generics,
            "an event cannot be generic: it has one event type and one schema; write a struct for each",
        );
        return None;
    }
    let parsed = parse_fields(&fields.named, errors);
    let name = attr::plain(&input.ident).to_shouty_snake_case();
    let signal = args
        .signal
        .take()
        .unwrap_or_else(|| Ident::new(&name, input.ident.span()));
    check::signal_name(&signal, errors);
    let key = args.key.take().filter(|key| check::is_field(key, fields));
    Some(Event {
        item: input.clone(),
        fields: parsed,
        event_type,
        signal,
        key,
        minor_version: args.minor_version.take().unwrap_or(0),
        krate: args.krate.take(),
        doc: attr::doc(&input.attrs),
    })
}

/// The item without the attributes that only our derive understands.
pub(super) fn without_our_attributes(mut item: DeriveInput) -> TokenStream {
    strip(&mut item);
    quote::ToTokens::into_token_stream(item)
}

pub(super) fn strip(item: &mut DeriveInput) {
    let keep =
        |attr: &Attribute| !attr.path().is_ident("event_data") && !attr.path().is_ident("serde");
    item.attrs.retain(keep);
    let fields = match &mut item.data {
        syn::Data::Struct(data) => &mut data.fields,
        syn::Data::Enum(_) | syn::Data::Union(_) => return,
    };
    for field in fields {
        field.attrs.retain(keep);
    }
}

/// Whether a visibility is that of nothing but the module.
pub(super) fn is_private(vis: &Visibility) -> bool {
    matches!(vis, Visibility::Inherited)
}
