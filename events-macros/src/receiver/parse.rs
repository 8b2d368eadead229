//! Reads the arguments of `#[receiver(…)]`.

use proc_macro2::{TokenStream, TokenTree};
use syn::parse::discouraged::Speculative as _;
use syn::parse::{ParseStream, Parser};
use syn::{Ident, LitInt, LitStr, Path, Token};

use super::check::path_text;
use crate::attr::{self, Expected, Slot};
use crate::errors::Errors;

const KNOWN: &[&str] = &[
    "any", "manual", "durable", "id", "alias", "priority", "crate",
];

/// The grammar of `#[receiver(…)]`:
///
/// ```text
/// SIGNAL, path::to::OTHER_SIGNAL    one or more signals, or
/// any                               every signal
/// manual                            connected by configuration only
/// durable                           run by a bus, which stores its work first
/// id = "greeter.send_mail"          default: the path of the function
/// alias = "greeter::old_name"       an earlier id; may be given several times
/// priority = -10                    smaller runs earlier; default 0
/// crate = path::to::events_core
/// ```
pub(super) struct Arguments {
    pub(super) signals: Vec<Path>,
    pub(super) any: Slot<Ident>,
    pub(super) manual: Slot<Ident>,
    pub(super) durable: Slot<Ident>,
    pub(super) id: Slot<LitStr>,
    pub(super) aliases: Vec<LitStr>,
    pub(super) priority: Slot<i32>,
    pub(super) krate: Slot<Path>,
    /// Something that may have been meant as a signal was refused.
    pub(super) refused: bool,
}

pub(super) fn parse_arguments(args: TokenStream, errors: &mut Errors) -> Arguments {
    let mut parsed = Arguments {
        signals: Vec::new(),
        any: Slot::new("any"),
        manual: Slot::new("manual"),
        durable: Slot::new("durable"),
        id: Slot::new("id"),
        aliases: Vec::new(),
        priority: Slot::new("priority"),
        krate: Slot::new("crate"),
        refused: false,
    };
    let parser = |input: ParseStream<'_>| {
        while !input.is_empty() {
            parse_argument(input, &mut parsed, errors);
            attr::argument_end(input, errors);
        }
        Ok(())
    };
    let result: syn::Result<()> = parser.parse2(args);
    if let Err(error) = result {
        parsed.refused = true;
        errors.push(error);
    }
    parsed
}

fn parse_argument(input: ParseStream<'_>, parsed: &mut Arguments, errors: &mut Errors) {
    // A name that is an option, or that a `=` follows, is no signal; nor is one that is nearly an option.
    let ahead = input.fork();
    if let Ok(name) = attr::argument_name(&ahead) {
        let text = name.to_string();
        let path = ahead.peek(Token![::]);
        let alone = ahead.is_empty() || ahead.peek(Token![,]);
        if ahead.peek(Token![=])
            || (KNOWN.contains(&text.as_str()) && !path)
            || (alone && is_nearly_an_option(&text))
        {
            input.advance_to(&ahead);
            parse_option(input, &name, parsed, errors);
            return;
        }
    }
    if let Ok(path) = Path::parse_mod_style(input) {
        signal(input, path, parsed, errors);
    } else {
        parsed.refused = true;
        refuse(&attr::rest_of_argument(input), errors);
    }
}

/// Signals are written in capitals.
fn is_nearly_an_option(text: &str) -> bool {
    !text.contains(char::is_uppercase) && attr::closest(text, KNOWN.iter().copied()).is_some()
}

/// The path of a signal, unless what it names, or what follows it, says that it is none.
fn signal(input: ParseStream<'_>, path: Path, parsed: &mut Arguments, errors: &mut Errors) {
    if input.peek(syn::token::Paren) || input.peek(syn::token::Bracket) || input.peek(Token![.]) {
        let given = attr::rest_of_argument(input);
        errors.at(given, "a signal is named, not called: write its name alone");
    }
    if let Some(last) = path.segments.last() {
        let name = attr::plain(&last.ident);
        if name.starts_with(char::is_uppercase) && name.contains(char::is_lowercase) {
            let signal = heck::AsShoutySnakeCase(&name).to_string();
            parsed.refused = true;
            errors.at(
                &path,
                format_args!(
                    "`{name}` is the name of a type; a receiver names the signal of the event, which is a static in \
                     capitals: `{}`",
                    path_text(&path).replace(&name, &signal)
                ),
            );
            return;
        }
    }
    parsed.signals.push(path);
}

/// Something that is neither a signal nor an option.
fn refuse(given: &TokenStream, errors: &mut Errors) {
    let first = given.clone().into_iter().next();
    match first {
        Some(TokenTree::Literal(_)) => errors.at(
            given,
            "a signal is named by its static, not by a text, so that the compiler can check it: \
             `#[receiver(STUDENT_REGISTRATION_COMPLETED)]`",
        ),
        Some(TokenTree::Punct(and)) if and.as_char() == '&' => {
            let signal: TokenStream = given.clone().into_iter().skip(1).collect();
            let signal = signal.to_string().replace(' ', "");
            errors.at(
                and,
                format_args!("a signal is named without `&`: `#[receiver({signal})]`"),
            );
        }
        Some(TokenTree::Group(group)) => {
            let signals = group.stream();
            errors.at(
                &group,
                format_args!(
                    "several signals are named without brackets: `#[receiver({signals})]`"
                ),
            );
        }
        _ => errors.at(
            given,
            "expected a signal, such as `STUDENT_REGISTRATION_COMPLETED`, or an option",
        ),
    }
}

fn parse_option(input: ParseStream<'_>, name: &Ident, parsed: &mut Arguments, errors: &mut Errors) {
    match name.to_string().as_str() {
        "any" => {
            attr::flag(input, errors, name);
            parsed.any.set(errors, name, name.clone());
        }
        "manual" => {
            attr::flag(input, errors, name);
            parsed.manual.set(errors, name, name.clone());
        }
        "durable" => {
            attr::flag(input, errors, name);
            parsed.durable.set(errors, name, name.clone());
        }
        "id" => {
            let id = attr::text(input, errors, name, "id = \"greeter.send_mail\"");
            parsed.id.set_some(errors, name, id);
        }
        "alias" => parsed.aliases.extend(attr::text(
            input,
            errors,
            name,
            "alias = \"greeter::old_name\"",
        )),
        "priority" => {
            let priority = attr::value(input, errors, name, PRIORITY);
            parsed
                .priority
                .set_some(errors, name, priority.map(|Integer(priority)| priority));
        }
        "crate" => {
            let path = attr::value(input, errors, name, attr::CRATE);
            parsed.krate.set_some(errors, name, path);
        }
        "signal" | "signals" => {
            parsed.refused = true;
            let _: Option<Token![=]> = input.parse().ok();
            let signal = attr::rest_of_argument(input);
            errors.at(
                name,
                format_args!("a signal is named without `{name} =`: `#[receiver({signal})]`"),
            );
        }
        // What Django and Open edX call it.
        "dispatch_uid" | "uid" => {
            errors.at(
                name,
                "a receiver's identity is its `id`: `id = \"greeter.send_mail\"`",
            );
            attr::skip_argument(input);
        }
        _ => {
            parsed.refused = true;
            attr::unknown(errors, name, "receiver", KNOWN);
            attr::skip_argument(input);
        }
    }
}

const PRIORITY: Expected = Expected {
    what: "a whole number between -2147483648 and 2147483647",
    example: "priority = -10",
};

struct Integer(i32);

impl syn::parse::Parse for Integer {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let minus: Option<Token![-]> = input.parse()?;
        let literal: LitInt = input.parse()?;
        let digits = literal.base10_digits();
        let text = if minus.is_some() {
            format!("-{digits}")
        } else {
            digits.to_owned()
        };
        text.parse()
            .map(Self)
            .map_err(|error| syn::Error::new(literal.span(), error))
    }
}
