//! What the arguments of all three macros have in common.

use core::fmt::Display;

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Expr, Ident, Lit, LitStr, Meta, Path, Token};

use crate::errors::Errors;

/// An argument that may be given once.
pub(crate) struct Slot<T> {
    name: &'static str,
    value: Option<T>,
}

impl<T> Slot<T> {
    pub(crate) const fn new(name: &'static str) -> Self {
        Self { name, value: None }
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
        if let Some(value) = value {
            self.set(errors, token, value);
        }
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

/// Goes on behind the next comma, whatever stands before it.
pub(crate) fn skip_argument(input: ParseStream<'_>) {
    while !input.is_empty() && !input.peek(Token![,]) {
        // A token tree always parses where there is input.
        let _: syn::Result<TokenTree> = input.parse();
    }
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

/// `= value`, for the argument called `name`, which `example` shows.
pub(crate) fn value<T: Parse>(
    input: ParseStream<'_>,
    errors: &mut Errors,
    name: &Ident,
    example: &str,
) -> Option<T> {
    if !input.peek(Token![=]) {
        errors.at(name, format_args!("`{name}` needs a value: `{example}`"));
        return None;
    }
    let _: syn::Result<Token![=]> = input.parse();
    match input.call(T::parse) {
        Ok(value) => Some(value),
        Err(_) => {
            // What stands there instead is what the message points at.
            let given: Option<TokenTree> = input.parse().ok();
            let span = given.as_ref().map_or_else(|| name.span(), TokenTree::span);
            errors.at_span(span, format_args!("expected `{example}`"));
            skip_argument(input);
            None
        }
    }
}

/// `= "…"`, not empty.
pub(crate) fn text(
    input: ParseStream<'_>,
    errors: &mut Errors,
    name: &Ident,
    example: &str,
) -> Option<LitStr> {
    let text: LitStr = value(input, errors, name, example)?;
    if text.value().trim().is_empty() {
        errors.at(
            &text,
            format_args!("`{name}` is empty; expected `{example}`"),
        );
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

/// `; did you mean …?`, where one of the known names is close.
pub(crate) fn did_you_mean<'a>(given: &str, known: impl Iterator<Item = &'a str>) -> String {
    let close = known
        .map(|name| (strsim::jaro_winkler(given, name), name))
        .filter(|(likeness, _)| *likeness > 0.8);
    close
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map_or_else(String::new, |(_, name)| format!("; did you mean `{name}`?"))
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

/// The place of the macro's call, for mistakes of which there is no token.
pub(crate) fn call_site() -> Span {
    Span::call_site()
}
