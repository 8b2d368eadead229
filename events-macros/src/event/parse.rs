//! Reads the arguments of `#[event(…)]` and the struct.

use heck::ToShoutySnakeCase;
use proc_macro2::{Span, TokenStream};
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, DeriveInput, FieldsNamed, Ident, LitInt, LitStr, Path, Token, Visibility};

use super::check;
use super::schema_files::{self, SchemaFiles};
use crate::attr::{self, Expected, Slot};
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
    pub(super) minor_version: Slot<MinorVersion>,
    pub(super) unversioned: Slot<Ident>,
    pub(super) krate: Slot<Path>,
}

/// An event without mistakes, or with stand-ins for what was wrong.
pub(super) struct Event {
    pub(super) item: DeriveInput,
    pub(super) fields: Vec<Field>,
    /// The checked event type.
    pub(super) type_name: String,
    pub(super) signal: Ident,
    pub(super) key: Option<Vec<Ident>>,
    pub(super) minor_version: u32,
    /// Where the minor version stands, or what is to blame for it.
    pub(super) minor_span: Span,
    pub(super) type_span: Span,
    pub(super) files: SchemaFiles,
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
            let value = attr::value(input, errors, name, SIGNAL);
            parsed.signal.set_some(errors, name, value);
        }
        "key" => {
            let value = key(input, errors, name);
            parsed.key.set_some(errors, name, value);
        }
        "minor_version" => {
            let value = attr::value(input, errors, name, MINOR_VERSION);
            parsed.minor_version.set_some(errors, name, value);
        }
        "unversioned" => {
            attr::flag(input, errors, name);
            parsed.unversioned.set(errors, name, name.clone());
        }
        "crate" => {
            let value = attr::value(input, errors, name, attr::CRATE);
            parsed.krate.set_some(errors, name, value);
        }
        _ => {
            attr::unknown(errors, name, "event", KNOWN);
            attr::skip_argument(input);
        }
    }
}

const SIGNAL: Expected = Expected {
    what: "the name of a static, without quotes",
    example: "signal = ORDER_PLACED",
};

const MINOR_VERSION: Expected = Expected {
    what: "a whole number from 0 to 4294967295",
    example: "minor_version = 1",
};

pub(super) struct MinorVersion {
    version: u32,
    span: Span,
}

impl Parse for MinorVersion {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let literal: LitInt = input.parse()?;
        Ok(Self {
            version: literal.base10_parse()?,
            span: literal.span(),
        })
    }
}

const KEY: Expected = Expected {
    what: "the path of a field",
    example: "key = user.pii.username",
};

/// `= user.pii.username`; a text with the same path, as Open edX writes it, gets a hint.
fn key(input: ParseStream<'_>, errors: &mut Errors, name: &Ident) -> Option<Vec<Ident>> {
    if input.peek(Token![=]) && input.peek2(LitStr) {
        let literal: LitStr = attr::value(input, errors, name, KEY)?;
        let path = literal.parse::<KeyPath>();
        let example = path.map_or_else(
            |_| KEY.example.to_owned(),
            |KeyPath(path)| format!("key = {}", dotted(&path)),
        );
        errors.at(
            &literal,
            format_args!(
                "the key is a path, not a text, so that the compiler can check it: `{example}`"
            ),
        );
        return None;
    }
    if input.peek(Token![=]) && input.peek2(Token![self]) {
        let given = attr::rest_of_argument(input);
        errors.at(
            given,
            "the path of a key begins with a field of the event, without `self`: `key = user.pii.username`",
        );
        return None;
    }
    let KeyPath(path) = attr::value(input, errors, name, KEY)?;
    if !input.is_empty() && !input.peek(Token![,]) && !input.peek(Ident::peek_any) {
        let given = attr::rest_of_argument(input);
        errors.at(
            given,
            "a key is a field, and its path has only the names of fields: no methods, no indices",
        );
        return None;
    }
    Some(path)
}

pub(super) fn dotted(path: &[Ident]) -> String {
    path.iter().map(attr::plain).collect::<Vec<_>>().join(".")
}

struct KeyPath(Vec<Ident>);

impl Parse for KeyPath {
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
    check::debug(&input.attrs, &parsed, errors);
    let signal = signal(&input.ident, args.signal.take());
    check::signal_name(&signal, errors);
    let key = args.key.take().filter(|key| check::is_field(key, fields));
    let type_span = args
        .event_type
        .get()
        .map_or_else(Span::call_site, LitStr::span);
    let minor = args.minor_version.take();
    let files = schema_files::read(&event_type);
    for problem in &files.problems {
        errors.push(syn::Error::new(type_span, problem));
    }
    Some(Event {
        item: input.clone(),
        fields: parsed,
        type_name: event_type,
        signal,
        key,
        minor_version: minor.as_ref().map_or(0, |minor| minor.version),
        minor_span: minor.map_or(type_span, |minor| minor.span),
        type_span,
        files,
        krate: args.krate.take(),
        doc: attr::doc(&input.attrs),
    })
}

/// The name of the signal: that which is given, or that of the struct in capitals.
pub(super) fn signal(ident: &Ident, given: Option<Ident>) -> Ident {
    given.unwrap_or_else(|| Ident::new(&attr::plain(ident).to_shouty_snake_case(), ident.span()))
}

/// Takes out the attributes that only our derive understands, and what was refused.
pub(super) fn strip(item: &mut DeriveInput) {
    let keep = |attr: &Attribute| {
        !["event_data", "serde"]
            .iter()
            .any(|name| attr.path().is_ident(name))
            && !check::is_event(attr)
    };
    item.attrs.retain(keep);
    for attr in item
        .attrs
        .iter_mut()
        .filter(|attr| attr.path().is_ident("derive"))
    {
        check::keep_derives(attr);
    }
    match &mut item.data {
        syn::Data::Struct(data) => data
            .fields
            .iter_mut()
            .for_each(|field| field.attrs.retain(keep)),
        syn::Data::Union(data) => data
            .fields
            .named
            .iter_mut()
            .for_each(|field| field.attrs.retain(keep)),
        syn::Data::Enum(data) => {
            for variant in &mut data.variants {
                variant.attrs.retain(keep);
                variant
                    .fields
                    .iter_mut()
                    .for_each(|field| field.attrs.retain(keep));
            }
        }
    }
}

/// Whether a visibility is that of nothing but the module.
pub(super) fn is_private(vis: &Visibility) -> bool {
    matches!(vis, Visibility::Inherited)
}
