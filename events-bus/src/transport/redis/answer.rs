//! Answers of the server.

use redis::Value;

use super::failure::Failure;
use crate::transport::EntryId;

/// Returns the elements of a list. Nothing is an empty list.
pub(super) fn list(value: Value) -> Result<Vec<Value>, Failure> {
    match value {
        Value::Array(values) => Ok(values),
        Value::Nil => Ok(Vec::new()),
        Value::ServerError(error) => Err(Failure::Server(error)),
        _ => Err(Failure::Answer("a list")),
    }
}

/// Returns a number that is not negative.
pub(super) fn number(value: Value) -> Result<u64, Failure> {
    match value {
        Value::Int(number) => u64::try_from(number).ok(),
        Value::BulkString(text) => digits(&text),
        Value::ServerError(error) => return Err(Failure::Server(error)),
        _ => None,
    }
    .ok_or(Failure::Answer("a number"))
}

/// Returns bytes, or `None` for nothing.
pub(super) fn bytes(value: Value) -> Result<Option<Vec<u8>>, Failure> {
    match value {
        Value::BulkString(bytes) => Ok(Some(bytes)),
        Value::SimpleString(text) => Ok(Some(text.into_bytes())),
        Value::Nil => Ok(None),
        Value::ServerError(error) => Err(Failure::Server(error)),
        _ => Err(Failure::Answer("a text")),
    }
}

/// Returns a text. Bytes that are not UTF-8 are replaced.
pub(super) fn text(value: Value) -> Result<String, Failure> {
    let bytes = bytes(value)?.ok_or(Failure::Answer("a text"))?;
    Ok(String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

/// Returns the id of an entry.
pub(super) fn id(value: &Value) -> Result<EntryId, Failure> {
    let id = match value {
        Value::BulkString(text) => parse_id(text),
        Value::SimpleString(text) => parse_id(text.as_bytes()),
        Value::ServerError(error) => return Err(Failure::Server(error.clone())),
        _ => None,
    };
    id.ok_or(Failure::Answer("the id of an entry"))
}

/// Returns any answer that is not a refusal.
pub(super) fn done(value: Value) -> Result<Value, Failure> {
    match value {
        Value::ServerError(error) => Err(Failure::Server(error)),
        value => Ok(value),
    }
}

/// Returns the values of a list of names and values, in the order of the names. A name that is missing has nothing.
pub(super) fn pick<const N: usize>(value: Value, names: [&str; N]) -> Result<[Value; N], Failure> {
    let mut picked = [const { Value::Nil }; N];
    let mut values = list(value)?.into_iter();
    while let (Some(name), Some(value)) = (values.next(), values.next()) {
        let name = text(name)?;
        if let Some(place) = names.iter().position(|wanted| *wanted == name) {
            picked[place] = value;
        }
    }
    Ok(picked)
}

/// Reads an id such as `1795376013252-0`.
pub(super) fn parse_id(text: &[u8]) -> Option<EntryId> {
    let dash = text.iter().position(|byte| *byte == b'-')?;
    let (major, minor) = (digits(&text[..dash])?, digits(&text[dash + 1..])?);
    Some(EntryId::new(major, minor))
}

fn digits(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u64, |number, byte| {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number.checked_mul(10)?.checked_add(u64::from(digit))
    })
}
