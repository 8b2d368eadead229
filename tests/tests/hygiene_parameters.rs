//! Every way in which a receiver may ask for what it wants.

#![allow(
    unused_parens,
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    clippy::exhaustive_structs,
    clippy::allow_attributes,
    reason = "odd code, which is here to compile"
)]

use std::collections::BTreeMap;

use events_core::{EventData, EventMetadata, Signal, event, receiver};

#[derive(Debug, Clone, PartialEq, EventData)]
pub struct Customer {
    pub id: i64,
}

type Name = String;

#[event(type = "org.example.hygiene.parameters.given.v1")]
pub struct ParametersGiven {
    pub name: Name,
    pub tags: Vec<String>,
    pub scores: BTreeMap<String, f64>,
    pub customer: Option<Customer>,
    pub number: i64,
    /// Nearly the name of a reserved parameter, and a field all the same.
    pub meta_data: String,
    pub signals: Vec<String>,
    pub events: i64,
}

#[receiver(PARAMETERS_GIVEN)]
pub fn coerced(name: &str, tags: &[String], customer: &Option<Customer>) {
    let _ = (name, tags, customer);
}

#[receiver(PARAMETERS_GIVEN)]
pub fn owned(mut name: String, mut number: i64, scores: BTreeMap<String, f64>) {
    name.push('!');
    number += 1;
    let _ = (name, number, scores);
}

#[receiver(PARAMETERS_GIVEN)]
pub fn with_lifetimes<'a, 'b>(
    name: &'a str,
    tags: &'b Vec<String>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>>
where
    'a: 'b,
{
    let _ = (name, tags);
    Ok(())
}

#[receiver(PARAMETERS_GIVEN)]
pub fn everything(
    event: &ParametersGiven,
    metadata: EventMetadata,
    signal: &'static Signal<ParametersGiven>,
    from_event_bus: &bool,
) {
    let _ = (event, metadata, signal, from_event_bus);
}

#[receiver(PARAMETERS_GIVEN)]
pub fn unused(_name: &str, _number: i64, _metadata: &EventMetadata) {}

#[receiver(PARAMETERS_GIVEN)]
pub fn nearly_reserved(meta_data: &str, signals: Vec<String>, events: &i64) {
    let _ = (meta_data, signals, events);
}

#[receiver(PARAMETERS_GIVEN)]
pub async fn nearly_reserved_later(meta_data: &str, signals: Vec<String>, events: &i64) {
    let _ = (meta_data, signals, events);
}

#[receiver(PARAMETERS_GIVEN)]
pub async fn later<'a>(
    name: &'a str,
    tags: &[String],
    mut number: i64,
    event: &ParametersGiven,
    metadata: &EventMetadata,
    signal: &Signal<ParametersGiven>,
    from_event_bus: bool,
) -> Result<(), std::fmt::Error> {
    number += 1;
    let _ = (name, tags, number, event, metadata, signal, from_event_bus);
    Ok(())
}

#[receiver(PARAMETERS_GIVEN)]
pub fn nothing() {}

#[receiver(PARAMETERS_GIVEN)]
pub fn parenthesized(name: (&str), number: (i64)) {
    let _ = (name, number);
}

#[test]
fn all_of_them_are_connected() {
    let mut names: Vec<_> = PARAMETERS_GIVEN
        .receivers()
        .iter()
        .map(|info| info.name)
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "coerced",
            "everything",
            "later",
            "nearly_reserved",
            "nearly_reserved_later",
            "nothing",
            "owned",
            "parenthesized",
            "unused",
            "with_lifetimes",
        ]
    );
}

#[test]
fn functions_stay_callable_as_written() {
    coerced("ada", &[], &None);
    owned("ada".to_owned(), 1, BTreeMap::new());
    assert_eq!(with_lifetimes("ada", &Vec::new()).ok(), Some(()));
}
