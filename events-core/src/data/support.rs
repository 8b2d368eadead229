//! What the derived serde implementations share. Written once here instead of once per struct: the derive's code stays
//! short, and compile time with it.

use core::fmt;
use core::marker::PhantomData;
use core::str::FromStr;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde::ser::Serializer;

/// Reads a field's name and gives its index in the list, or `None` for a field that is not in it.
struct FieldIndex(&'static [&'static str]);

impl<'de> DeserializeSeed<'de> for FieldIndex {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for FieldIndex {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().position(|field| *field == name))
    }
}

/// The name of the next field: the outer `None` is the end, the inner one a field that is not in the list.
///
/// # Errors
/// What reading the name gives.
#[expect(
    clippy::option_option,
    reason = "three cases in the shape of the call it wraps, for the code that the derive writes"
)]
pub fn next_key<'de, A: MapAccess<'de>>(
    map: &mut A,
    fields: &'static [&'static str],
) -> Result<Option<Option<usize>>, A::Error> {
    map.next_key_seed(FieldIndex(fields))
}

/// What writes a type with `#[event_data(string)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` travels as text, and has no `Display`",
    label = "does not implement `Display`",
    note = "`#[event_data(string)]` writes the value with `Display` and reads it with `FromStr`: implement both"
)]
pub trait IntoText {
    /// Writes the text.
    ///
    /// # Errors
    /// What writing gives.
    fn serialize_text<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;

    /// The text.
    fn text(&self) -> String;
}

#[diagnostic::do_not_recommend]
impl<T: fmt::Display> IntoText for T {
    fn serialize_text<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }

    fn text(&self) -> String {
        self.to_string()
    }
}

/// What reads a type with `#[event_data(string)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` travels as text, and has no `FromStr` whose error has `Display`",
    label = "does not implement `FromStr`",
    note = "`#[event_data(string)]` writes the value with `Display` and reads it with `FromStr`: implement both"
)]
pub trait FromText: Sized {
    /// Reads the text.
    ///
    /// # Errors
    /// When the text is refused by the type.
    fn deserialize_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

#[diagnostic::do_not_recommend]
impl<T: FromStr<Err: fmt::Display>> FromText for T {
    fn deserialize_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_string(deserializer)
    }
}

/// What can have a text as its default.
#[diagnostic::on_unimplemented(
    message = "the default of a `{Self}` cannot be a text",
    label = "expected the field to be a `String`",
    note = "a default is a literal of the field's type: `true`, `0`, `1.5`, or a text for a `String`"
)]
pub trait TextDefault {
    /// The value.
    fn from_text(text: &'static str) -> Self;
}

impl TextDefault for String {
    fn from_text(text: &'static str) -> Self {
        text.to_owned()
    }
}

/// The next field of a record that is read by position.
///
/// # Errors
/// When the sequence ends before the field, and what reading the field gives.
pub(super) fn next_field<'de, A: SeqAccess<'de>, T: Deserialize<'de>>(
    seq: &mut A,
    index: usize,
    expected: &'static str,
) -> Result<T, A::Error> {
    // In what is compiled for each event there is a `match` in place of a `?` or a `map`: unoptimised, those are calls.
    match seq.next_element() {
        Ok(Some(value)) => Ok(value),
        Ok(None) => Err(Error::invalid_length(index, &expected)),
        Err(error) => Err(error),
    }
}

/// Reads the value of a named field into its slot.
///
/// # Errors
/// When the field was there already, and what reading the value gives.
pub(super) fn read_field<'de, A: MapAccess<'de>, T: Deserialize<'de>>(
    map: &mut A,
    slot: &mut Option<T>,
    name: &'static str,
) -> Result<(), A::Error> {
    if slot.is_some() {
        return Err(Error::duplicate_field(name));
    }
    *slot = Some(map.next_value()?);
    Ok(())
}

/// Passes over the value of a field that is not in the list.
///
/// # Errors
/// What reading the value gives.
pub fn skip_field<'de, A: MapAccess<'de>>(map: &mut A) -> Result<(), A::Error> {
    map.next_value::<IgnoredAny>().map(drop)
}

/// The value of a field, or `None` for an `Option` that was not there.
///
/// # Errors
/// When a field that is not optional was not there.
pub(super) fn finish_field<'de, T: Deserialize<'de>, E: Error>(
    slot: Option<T>,
    name: &'static str,
) -> Result<T, E> {
    match slot {
        Some(value) => Ok(value),
        None => T::deserialize(Missing(name, PhantomData)),
    }
}

/// Stands for a field that was not there: an `Option` takes it as `None`, everything else refuses.
struct Missing<E>(&'static str, PhantomData<E>);

impl<'de, E: Error> Deserializer<'de> for Missing<E> {
    type Error = E;

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, E> {
        Err(Error::missing_field(self.0))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, E> {
        visitor.visit_none()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// Reads the name of an enum's variant and gives its index.
///
/// # Errors
/// When no variant has the name.
pub fn read_variant<'de, D: Deserializer<'de>>(
    deserializer: D,
    variants: &'static [&'static str],
) -> Result<usize, D::Error> {
    // The name that came is payload: the error shows what is known, not what was given.
    read_open_variant(deserializer, variants)?.map_err(|_| {
        Error::custom(format_args!(
            "unknown variant; expected one of {}",
            variants.join(", ")
        ))
    })
}

/// Reads the name of an enum's variant and gives its index, or the name itself if no variant has it.
///
/// # Errors
/// When there is no text.
pub fn read_open_variant<'de, D: Deserializer<'de>>(
    deserializer: D,
    variants: &'static [&'static str],
) -> Result<Result<usize, String>, D::Error> {
    struct Variant(&'static [&'static str]);

    impl Visitor<'_> for Variant {
        type Value = Result<usize, String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "one of {}", self.0.join(", "))
        }

        fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
            let found = self.0.iter().position(|variant| *variant == name);
            Ok(found.ok_or_else(|| name.to_owned()))
        }
    }

    deserializer.deserialize_str(Variant(variants))
}

/// Reads a type that travels as text.
///
/// # Errors
/// When the text is refused by the type.
fn read_string<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr,
    T::Err: fmt::Display,
{
    struct Text<T>(PhantomData<T>);

    impl<T> Visitor<'_> for Text<T>
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("text")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
            text.parse().map_err(Error::custom)
        }
    }

    deserializer.deserialize_str(Text(PhantomData))
}
