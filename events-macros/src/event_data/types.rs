//! The types of fields, as far as their look tells.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Data, GenericArgument, PathArguments, Type};

use crate::attr;
use crate::errors::Errors;

/// Notes a type that no event can carry, whatever the names in scope mean. Whether there was one.
pub(super) fn refuse(ty: &Type, errors: &mut Errors) -> bool {
    let (what, instead) = match ty {
        Type::Paren(inner) => return refuse(&inner.elem, errors),
        Type::Group(inner) => return refuse(&inner.elem, errors),
        Type::Path(path) => {
            if let Some(instead) = primitive(path) {
                (format!("`{}`", attr::text_of(ty)), instead)
            } else {
                return refuse_arguments(ty, errors);
            }
        }
        Type::Reference(reference) => {
            let owned = match &*reference.elem {
                Type::Path(path) if path.path.is_ident("str") => "String".to_owned(),
                Type::Slice(slice) => format!("Vec<{}>", attr::text_of(&slice.elem)),
                other => attr::text_of(other),
            };
            ("a reference".to_owned(), format!("an event outlives its sender, and owns what it carries: write `{owned}`"))
        }
        Type::Array(array) => (
            "an array".to_owned(),
            format!("the wire has one kind of list: write `Vec<{}>`", attr::text_of(&array.elem)),
        ),
        Type::Slice(slice) => (
            "a slice".to_owned(),
            format!("the wire has one kind of list: write `Vec<{}>`", attr::text_of(&slice.elem)),
        ),
        Type::Tuple(tuple) if tuple.elems.is_empty() => (
            "`()`".to_owned(),
            "it says nothing: leave the field out".to_owned(),
        ),
        Type::Tuple(_) => (
            "a tuple".to_owned(),
            "its parts have no names on the wire: write a struct with `#[derive(EventData)]`".to_owned(),
        ),
        Type::TraitObject(_) | Type::ImplTrait(_) => (
            "a trait object".to_owned(),
            "its schema would depend on the value: name one type, a struct or an enum with `#[derive(EventData)]`".to_owned(),
        ),
        Type::FnPtr(_) => (
            "a function".to_owned(),
            "it means nothing to another process: carry the data that the function needs".to_owned(),
        ),
        Type::Ptr(_) => (
            "a pointer".to_owned(),
            "it means nothing to another process: carry the value".to_owned(),
        ),
        Type::Never(_) => (
            "`!`".to_owned(),
            "there is no such value: leave the field out".to_owned(),
        ),
        _ => return false,
    };
    errors.at(ty, format_args!("an event cannot carry {what}: {instead}"));
    true
}

/// The types of the language that look like data and are not; nobody gives such a name to a type of their own.
fn primitive(path: &syn::TypePath) -> Option<String> {
    let name = path.path.get_ident()?.to_string();
    let text = match name.as_str() {
        "u8" | "u16" | "u32" | "u64" | "u128" | "usize" | "i8" | "i16" | "i32" | "i128"
        | "isize" => "the wire has one integer, of 64 bits with a sign: write `i64`",
        "f32" => "the wire has one float, of 64 bits: write `f64`",
        "char" => "the wire has no characters: write `String`",
        "str" => "an event owns what it carries: write `String`",
        _ => return None,
    };
    Some(text.to_owned())
}

/// What is inside the generic types of the standard library.
fn refuse_arguments(ty: &Type, errors: &mut Errors) -> bool {
    let Some((name, arguments)) = generic(ty) else {
        return false;
    };
    if let ("Vec", [Type::Path(byte)]) = (name.as_str(), &arguments[..])
        && byte.path.is_ident("u8")
    {
        errors.at(
            ty,
            "an event cannot carry `Vec<u8>`: a list of numbers is not what the wire calls bytes: write `events_core::Bytes`",
        );
        return true;
    }
    let carried = match name.as_str() {
        "Option" | "Vec" => &arguments[..],
        "BTreeMap" => arguments.get(1..).unwrap_or_default(),
        // Not to be sent to another thread, which the compiler would explain at length.
        "Rc" | "Cell" | "RefCell" if !arguments.is_empty() => {
            let inside = arguments
                .iter()
                .map(attr::text_of)
                .collect::<Vec<_>>()
                .join(", ");
            errors.at(
                ty,
                format_args!(
                    "an event cannot carry a `{name}`: an event is a value of its own, and goes to other threads and \
                     processes: write `{inside}`"
                ),
            );
            return true;
        }
        // What they hold is refused here where the compiler would explain it at length.
        "Box" | "Arc" => {
            return arguments.iter().any(|argument| {
                matches!(argument, Type::TraitObject(_)) && refuse(argument, errors)
            });
        }
        _ => return false,
    };
    // All of them, not the first only.
    carried
        .iter()
        .filter(|argument| refuse(argument, errors))
        .count()
        > 0
}

/// The trait of `__private` to ask for of a field's type: `DataOf`, which is `EventData`, or what says the remedy where the type has the
/// name of one in the standard library that no event can carry. See `data/instead.rs` of `events-core`.
pub(super) fn event_data(ty: &Type) -> &'static str {
    let Type::Path(path) = ty else {
        return "DataOf";
    };
    let Some(last) = path.path.segments.last() else {
        return "DataOf";
    };
    match last.ident.to_string().as_str() {
        "HashMap" | "IndexMap" => "MapOnTheWire",
        "BTreeMap" if !has_text_keys(ty) => "MapOnTheWire",
        "HashSet" | "BTreeSet" | "IndexSet" | "VecDeque" | "LinkedList" => "ListOnTheWire",
        "Instant" | "SystemTime" | "NaiveDateTime" | "OffsetDateTime" | "Zoned" => "TimeOnTheWire",
        "Duration" | "TimeDelta" | "SignedDuration" => "DurationOnTheWire",
        "Box" | "Arc" | "Mutex" | "RwLock" => "ValueOnTheWire",
        "Cow" | "PathBuf" | "Path" | "OsString" | "Url" => "TextOnTheWire",
        "Value" => "RecordOnTheWire",
        _ => "DataOf",
    }
}

/// Whether the keys of a map look like texts.
fn has_text_keys(ty: &Type) -> bool {
    let Some((_, arguments)) = generic(ty) else {
        return true;
    };
    match arguments.first() {
        Some(Type::Path(key)) => key
            .path
            .segments
            .last()
            .is_some_and(|last| last.ident == "String"),
        _ => false,
    }
}

/// The name and the types of `Name<A, B>`.
fn generic(ty: &Type) -> Option<(String, Vec<Type>)> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    let types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty.clone()),
        _ => None,
    });
    Some((last.ident.to_string(), types.collect()))
}

/// Whether a type of the fields may be of one thread alone, so that nothing can stand in for the type's implementations.
pub(crate) fn is_of_one_thread(data: &Data) -> bool {
    let Data::Struct(data) = data else {
        return false;
    };
    data.fields
        .iter()
        .any(|field| names_one_thread(field.ty.to_token_stream()))
}

fn names_one_thread(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Punct(punct) => punct.as_char() == '*',
        TokenTree::Ident(name) => ["dyn", "Rc", "Cell", "RefCell"]
            .iter()
            .any(|one| name == one),
        TokenTree::Group(group) => names_one_thread(group.stream()),
        TokenTree::Literal(_) => false,
    })
}
