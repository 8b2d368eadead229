//! What the arguments of all three macros have in common.

use core::fmt::Display;

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::discouraged::Speculative as _;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Expr, Ident, Lit, LitStr, Meta, Path, Token};

use crate::errors::Errors;

/// What a receiver's parameter of this name means, whatever the event's fields are.
pub(crate) const RESERVED: [(&str, &str); 4] = [
    ("event", "the whole event"),
    ("metadata", "the metadata of the event"),
    ("signal", "the signal it was sent through"),
    ("from_event_bus", "whether it came from an event bus"),
];

/// The names alone.
pub(crate) fn reserved_names() -> impl Iterator<Item = &'static str> {
    RESERVED.into_iter().map(|(name, _)| name)
}

/// An argument that may be given once.
pub(crate) struct Slot<T> {
    name: &'static str,
    value: Option<T>,
    /// Something was given, and refused.
    refused: bool,
}

impl<T> Slot<T> {
    pub(crate) const fn new(name: &'static str) -> Self {
        Self {
            name,
            value: None,
            refused: false,
        }
    }

    /// Stores the value; a second one is a mistake, noted at `token`.
    pub(crate) fn set(&mut self, errors: &mut Errors, token: impl ToTokens, value: T) {
        if self.value.is_some() {
            errors.at(
                token,
                format_args!("`{}` is given twice; keep one", self.name),
            );
        } else {
            self.value = Some(value);
        }
    }

    /// Stores the value if there is one: its own mistake was noted already.
    pub(crate) fn set_some(&mut self, errors: &mut Errors, token: impl ToTokens, value: Option<T>) {
        match value {
            Some(value) => self.set(errors, token, value),
            None => self.refused = true,
        }
    }

    /// Whether nothing was given, not even something wrong.
    pub(crate) const fn is_missing(&self) -> bool {
        self.value.is_none() && !self.refused
    }

    pub(crate) fn get(&self) -> Option<&T> {
        self.value.as_ref()
    }

    pub(crate) fn take(self) -> Option<T> {
        self.value
    }
}

/// The path of `events-core` in the caller's crate: what `crate = path` says, else `::events_core`.
pub(crate) fn crate_path(given: Option<&Path>) -> TokenStream {
    given.map_or_else(|| quote!(::events_core), ToTokens::to_token_stream)
}

/// Goes on at the next comma, whatever stands before it.
pub(crate) fn skip_argument(input: ParseStream<'_>) {
    rest_of_argument(input);
}

/// Takes everything before the next comma.
pub(crate) fn rest_of_argument(input: ParseStream<'_>) -> TokenStream {
    let mut rest = TokenStream::new();
    while !input.is_empty() && !input.peek(Token![,]) {
        // A token tree always parses where there is input.
        rest.extend(input.parse::<TokenTree>());
    }
    rest
}

/// The comma between arguments; where something else stands, notes it and goes on behind it.
pub(crate) fn argument_end(input: ParseStream<'_>, errors: &mut Errors) {
    if input.is_empty() {
        return;
    }
    if !input.peek(Token![,]) {
        errors.push(input.error("expected `,` between arguments"));
        skip_argument(input);
    }
    let _: Option<Token![,]> = input.parse().ok();
}

/// What an argument is, for messages.
#[derive(Clone, Copy)]
pub(crate) struct Expected {
    /// `a path`.
    pub(crate) what: &'static str,
    /// The argument as it is written.
    pub(crate) example: &'static str,
}

pub(crate) const CRATE: Expected = Expected {
    what: "a path, without quotes",
    example: "crate = path::to::events_core",
};

/// `= value`, for the argument called `name`.
pub(crate) fn value<T: Parse>(
    input: ParseStream<'_>,
    errors: &mut Errors,
    name: &Ident,
    expected: Expected,
) -> Option<T> {
    let Expected { what, example } = expected;
    if !input.peek(Token![=]) {
        errors.at(name, format_args!("`{name}` needs a value: `{example}`"));
        skip_argument(input);
        return None;
    }
    let _: syn::Result<Token![=]> = input.parse();
    let ahead = input.fork();
    if let Ok(value) = ahead.call(T::parse) {
        input.advance_to(&ahead);
        return Some(value);
    }
    // What stands there instead is what the message points at.
    let given: TokenStream = if input.peek(Token![,]) {
        TokenStream::new()
    } else {
        rest_of_argument(input)
    };
    let message = format_args!("`{name}` is {what}: `{example}`");
    if given.is_empty() {
        errors.at(name, message);
    } else {
        errors.at(given, message);
    }
    None
}

/// An argument that takes no value.
pub(crate) fn flag(input: ParseStream<'_>, errors: &mut Errors, name: &Ident) {
    if input.peek(Token![=]) {
        let given = rest_of_argument(input);
        errors.at(
            given,
            format_args!("`{name}` takes no value: write `{name}`, or leave it out"),
        );
    }
}

/// `= "…"`, not empty.
pub(crate) fn text(
    input: ParseStream<'_>,
    errors: &mut Errors,
    name: &Ident,
    example: &'static str,
) -> Option<LitStr> {
    let expected = Expected {
        what: "a text",
        example,
    };
    let text: LitStr = value(input, errors, name, expected)?;
    if text.value().trim().is_empty() {
        errors.at(&text, format_args!("`{name}` is empty: `{example}`"));
        return None;
    }
    Some(text)
}

/// The name of an argument, keywords such as `type` and `crate` included.
pub(crate) fn argument_name(input: ParseStream<'_>) -> syn::Result<Ident> {
    input.call(Ident::parse_any)
}

/// An argument that there is not: says which there are, and which one was likely meant.
pub(crate) fn unknown(errors: &mut Errors, name: &Ident, macro_name: &str, known: &[&str]) {
    let hint = did_you_mean(&name.to_string(), known.iter().copied());
    let known = list(known);
    errors.at(
        name,
        format_args!(
            "unknown argument `{name}` of `{macro_name}`{hint}; the arguments are {known}"
        ),
    );
}

/// `, did you mean …?`, where one of the known names is close.
pub(crate) fn did_you_mean<'a>(given: &str, known: impl Iterator<Item = &'a str>) -> String {
    closest(given, known).map_or_else(String::new, |name| format!(" (did you mean `{name}`?)"))
}

/// The known name that is close to the given one, if any is.
pub(crate) fn closest<'a>(given: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let close = known
        .map(|name| (strsim::jaro_winkler(given, name), name))
        .filter(|(likeness, _)| *likeness > 0.8);
    close
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

/// The names in backticks, with commas.
pub(crate) fn list(names: &[impl Display]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// An identifier as text, without `r#`.
pub(crate) fn plain(ident: &Ident) -> String {
    ident.unraw().to_string()
}

/// Tokens as one writes them: `Vec<i64>`.
pub(crate) fn text_of(tokens: impl ToTokens) -> String {
    tokens
        .to_token_stream()
        .to_string()
        .replace(" <", "<")
        .replace("< ", "<")
        .replace(" >", ">")
        .replace(" ::", "::")
        .replace(":: ", "::")
        .replace(" ,", ",")
}

/// The `#[cfg(…)]` of an item: what belongs to the item is there only where it is.
pub(crate) fn cfgs(attrs: &[Attribute]) -> Vec<&Attribute> {
    attrs
        .iter()
        .filter(|attr| attr.path().is_ident("cfg"))
        .collect()
}

/// The documentation of an item, one line per comment line, without the space that follows `///`.
pub(crate) fn doc(attrs: &[Attribute]) -> String {
    let lines = attrs.iter().filter_map(|attr| {
        let Meta::NameValue(meta) = &attr.meta else {
            return None;
        };
        let Expr::Lit(literal) = &meta.value else {
            return None;
        };
        let Lit::Str(text) = &literal.lit else {
            return None;
        };
        meta.path.is_ident("doc").then(|| {
            let text = text.value();
            text.strip_prefix(' ')
                .unwrap_or(&text)
                .trim_end()
                .to_owned()
        })
    });
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// Where the item stands, for the registry.
pub(crate) fn location(private: &TokenStream) -> TokenStream {
    quote! {
        #private::SourceLocation::new(#private::file!(), #private::line!(), #private::column!())
    }
}

/// The first and the last place of tokens: an expression whose first token is at the one and whose last token is at the
/// other is underlined as the tokens are.
///
/// Names at these places mean what they mean at `scope`: the tokens may come from another macro than what they stand in.
pub(crate) fn ends(tokens: impl ToTokens, scope: Span) -> (Span, Span) {
    let mut spans = tokens
        .to_token_stream()
        .into_iter()
        .map(|token| token.span());
    let first = spans.next().unwrap_or_else(Span::call_site);
    let last = spans.last().unwrap_or(first);
    (first.resolved_at(scope), last.resolved_at(scope))
}

/// What begins an item, as a user names it: `struct Order`, `impl`.
pub(crate) fn head(item: &TokenStream) -> TokenStream {
    let Ok(item) = syn::parse2::<syn::Item>(item.clone()) else {
        return item.clone();
    };
    match &item {
        syn::Item::Const(item) => keyword_and_name(&item.const_token, &item.ident),
        syn::Item::Enum(item) => keyword_and_name(&item.enum_token, &item.ident),
        syn::Item::Fn(item) => keyword_and_name(&item.sig.fn_token, &item.sig.ident),
        syn::Item::Impl(item) => item.impl_token.to_token_stream(),
        syn::Item::Mod(item) => keyword_and_name(&item.mod_token, &item.ident),
        syn::Item::Static(item) => keyword_and_name(&item.static_token, &item.ident),
        syn::Item::Struct(item) => keyword_and_name(&item.struct_token, &item.ident),
        syn::Item::Trait(item) => keyword_and_name(&item.trait_token, &item.ident),
        syn::Item::Type(item) => keyword_and_name(&item.type_token, &item.ident),
        syn::Item::Union(item) => keyword_and_name(&item.union_token, &item.ident),
        other => other.to_token_stream(),
    }
}

fn keyword_and_name(keyword: &impl ToTokens, name: &Ident) -> TokenStream {
    quote!(#keyword #name)
}
