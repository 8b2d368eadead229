//! Reads the arguments of `#[receiver(…)]`.

use proc_macro2::TokenStream;
use syn::parse::discouraged::Speculative as _;
use syn::parse::{ParseStream, Parser};
use syn::{Ident, LitInt, LitStr, Path, Token};

use crate::attr::{self, Slot};
use crate::errors::Errors;

const KNOWN: &[&str] = &["any", "manual", "id", "alias", "priority", "crate"];

/// The grammar of `#[receiver(…)]`:
///
/// ```text
/// SIGNAL, path::to::OTHER_SIGNAL    one or more signals, or
/// any                               every signal
/// manual                            connected by configuration only
/// id = "greeter.send_mail"          default: the path of the function
/// alias = "greeter::old_name"       an earlier id; may be given several times
/// priority = -10                    smaller runs earlier; default 0
/// crate = path::to::events_core
/// ```
pub(super) struct Arguments {
    pub(super) signals: Vec<Path>,
    pub(super) any: Slot<Ident>,
    pub(super) manual: Slot<Ident>,
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
        id: Slot::new("id"),
        aliases: Vec::new(),
        priority: Slot::new("priority"),
        krate: Slot::new("crate"),
        refused: false,
    };
    let parser = |input: ParseStream<'_>| {
        while !input.is_empty() {
            parse_argument(input, &mut parsed, errors)?;
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

fn parse_argument(
    input: ParseStream<'_>,
    parsed: &mut Arguments,
    errors: &mut Errors,
) -> syn::Result<()> {
    if input.peek(LitStr) {
        let literal: LitStr = input.parse()?;
        parsed.refused = true;
        errors.at(
            &literal,
            "a signal is named by its static, not by a text, so that the compiler can check it: \
             `#[receiver(STUDENT_REGISTRATION_COMPLETED)]`",
        );
        attr::skip_argument(input);
        return Ok(());
    }
    // A path with several segments, or one that no `=` follows and that is no option, is a signal.
    let ahead = input.fork();
    if let Ok(name) = attr::argument_name(&ahead) {
        let text = name.to_string();
        let option = ahead.peek(Token![=]) || matches!(text.as_str(), "any" | "manual");
        let misplaced = KNOWN.contains(&text.as_str()) && !ahead.peek(Token![::]);
        if option || misplaced {
            input.advance_to(&ahead);
            parse_option(input, &name, parsed, errors);
            return Ok(());
        }
    }
    match Path::parse_mod_style(input) {
        Ok(path) => parsed.signals.push(path),
        Err(_) => {
            parsed.refused = true;
            errors.push(input.error(
                "expected a signal, such as `STUDENT_REGISTRATION_COMPLETED`, or an option",
            ));
            attr::skip_argument(input);
        }
    }
    Ok(())
}

fn parse_option(input: ParseStream<'_>, name: &Ident, parsed: &mut Arguments, errors: &mut Errors) {
    match name.to_string().as_str() {
        "any" => parsed.any.set(errors, name, name.clone()),
        "manual" => parsed.manual.set(errors, name, name.clone()),
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
            let priority = priority(input, errors, name);
            parsed.priority.set_some(errors, name, priority);
        }
        "crate" => {
            let path = attr::value(input, errors, name, "crate = path::to::events_core");
            parsed.krate.set_some(errors, name, path);
        }
        _ => {
            parsed.refused = true;
            attr::unknown(errors, name, "receiver", KNOWN);
            attr::skip_argument(input);
        }
    }
}

/// A flag that takes no value is given one, or the other way round: `argument_end` notes it.
fn priority(input: ParseStream<'_>, errors: &mut Errors, name: &Ident) -> Option<i32> {
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

    attr::value(input, errors, name, "priority = -10").map(|Integer(priority)| priority)
}
