//! Every form of every macro, in a crate that denies whatever there is to deny: generated code is the caller's code, and
//! must not be what its lints complain about. `cargo clippy` looks at this, too.

#![deny(
    warnings,
    missing_docs,
    missing_debug_implementations,
    elided_lifetimes_in_paths,
    explicit_outlives_requirements,
    let_underscore_drop,
    macro_use_extern_crate,
    meta_variable_misuse,
    non_ascii_idents,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unit_bindings,
    unnameable_types,
    unreachable_pub,
    unused_extern_crates,
    unused_import_braces,
    unused_lifetimes,
    unused_macro_rules,
    unused_qualifications,
    unused_results,
    variant_size_differences,
    clippy::all,
    clippy::pedantic,
    clippy::nursery,
    clippy::cargo,
    clippy::absolute_paths,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::let_underscore_untyped,
    clippy::panic,
    clippy::pub_use,
    clippy::semicolon_inside_block,
    clippy::shadow_reuse,
    clippy::shadow_same,
    clippy::shadow_unrelated,
    clippy::str_to_string,
    clippy::unreachable,
    clippy::unwrap_in_result,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm
)]
#![allow(
    clippy::derive_partial_eq_without_eq,
    clippy::exhaustive_structs,
    clippy::exhaustive_enums,
    clippy::multiple_crate_versions,
    clippy::cargo_common_metadata,
    clippy::negative_feature_names,
    clippy::wildcard_dependencies,
    clippy::needless_pass_by_value,
    clippy::trivially_copy_pass_by_ref,
    clippy::unused_async,
    clippy::allow_attributes,
    clippy::missing_errors_doc,
    reason = "about this test's own code, about the workspace; and `#[event]` cannot know whether a field is `Eq`"
)]

events_core::plugin!();

/// The module in which everything is public and documented, as in a catalog.
pub mod catalog {
    use std::collections::BTreeMap;
    use std::convert::Infallible;
    use std::fmt;
    use std::str::FromStr;

    use events_core::{Bytes, DateTime, EventData, Uuid, event};

    /// A record.
    #[derive(Debug, Clone, PartialEq, EventData)]
    #[event_data(name = "CustomerData")]
    pub struct Customer {
        /// A whole number.
        pub id: i64,
        /// A fraction.
        pub score: f64,
        /// A text that may be missing.
        #[event_data(name = "nick_name")]
        pub nickname: Option<String>,
    }

    /// A record without fields.
    #[derive(Debug, Clone, PartialEq, Eq, EventData)]
    pub struct Nothing {}

    /// An enum.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, EventData)]
    pub enum Payment {
        /// A variant.
        Cash,
        /// A variant with another name on the wire.
        #[event_data(name = "credit-card")]
        Card,
    }

    /// An enum of one variant.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, EventData)]
    pub enum Single {
        /// The variant.
        Only,
    }

    /// What travels as text.
    #[derive(Debug, Clone, PartialEq, Eq, Hash, EventData)]
    #[event_data(string)]
    pub struct Key(String);

    impl fmt::Display for Key {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(&self.0)
        }
    }

    impl FromStr for Key {
        type Err = Infallible;

        fn from_str(text: &str) -> Result<Self, Self::Err> {
            Ok(Self(text.to_owned()))
        }
    }

    /// A record with personal data and defaults.
    #[derive(Clone, PartialEq, EventData)]
    pub struct Address {
        /// Personal, and so not shown.
        #[event_data(pii)]
        pub street: String,
        /// With a default that is a text.
        #[event_data(default = "de")]
        pub country: String,
        /// With a default that is a number.
        #[event_data(default = -1)]
        pub floor: i64,
        /// With the empty default.
        #[event_data(default)]
        pub notes: Vec<String>,
    }

    /// An enum that keeps names it does not know.
    #[derive(Debug, Clone, PartialEq, Eq, EventData)]
    pub enum Plan {
        /// A variant.
        Free,
        /// Any other name.
        #[event_data(unknown)]
        Other(String),
    }

    /// An event with personal data.
    #[event(type = "org.example.lints.address.changed.v1")]
    pub struct AddressChanged {
        /// A record.
        pub address: Address,
        /// An enum.
        pub plan: Plan,
        /// Personal, and so not shown.
        #[event_data(pii)]
        pub reason: String,
    }

    /// An event with everything.
    #[event(
        type = "org.example.lints.everything.denied.v1",
        key = customer.id,
        minor_version = 2,
        crate = events_core
    )]
    #[derive(Clone)]
    pub struct EverythingDenied {
        /// A record.
        pub customer: Customer,
        /// Bytes.
        pub body: Bytes,
        /// A time.
        pub at: DateTime,
        /// An id.
        pub uuid: Uuid,
        /// A list.
        pub tags: Vec<String>,
        /// A map.
        pub scores: BTreeMap<String, f64>,
        /// A choice.
        pub payment: Payment,
    }

    /// An event without fields, and without a version in its type.
    #[event(type = "org.example.lints.nothing.denied", unversioned, signal = DENIED_NOTHING)]
    pub struct NothingDenied {}

    /// An event by a key that is text.
    #[event(type = "org.example.lints.key.denied.v1", key = key)]
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct KeyDenied {
        /// The key.
        pub key: Key,
        /// A record.
        pub nothing: Nothing,
        /// A choice.
        pub single: Single,
    }
}

/// The plugin.
pub mod plugin {
    use std::fmt::{self, Debug};

    use events_core::{AnyEvent, BoxError, EventMetadata, Signal, event, receiver, testing};

    use super::catalog::{
        Customer, DENIED_NOTHING, EVERYTHING_DENIED, EverythingDenied, KEY_DENIED, Key, Payment,
    };

    fn assert_exists<T: Debug>(value: &T) {
        assert_ne!(format!("{value:?}"), "");
    }

    /// By reference.
    #[receiver(EVERYTHING_DENIED)]
    pub fn by_reference(customer: &Customer, tags: &[String]) {
        assert_exists(&(customer, tags));
    }

    /// By value.
    #[receiver(EVERYTHING_DENIED, id = "lints.by_value", alias = "lints.value", priority = -10)]
    pub fn by_value(customer: Customer, mut tags: Vec<String>, payment: Payment) {
        tags.clear();
        assert_exists(&(customer, tags, payment));
    }

    /// Everything that is reserved.
    #[receiver(EVERYTHING_DENIED)]
    pub fn reserved(
        event: &EverythingDenied,
        metadata: &EventMetadata,
        signal: &Signal<EverythingDenied>,
        from_event_bus: bool,
    ) -> Result<(), BoxError> {
        assert_exists(&(event, metadata, signal));
        if from_event_bus {
            return Err("not from here".into());
        }
        Ok(())
    }

    /// Of several signals.
    #[receiver(EVERYTHING_DENIED, DENIED_NOTHING, KEY_DENIED, crate = events_core)]
    pub(crate) fn several(metadata: EventMetadata) {
        assert_exists(&metadata);
    }

    /// Of any signal.
    #[receiver(any, manual)]
    fn any(event: AnyEvent<'_>, from_event_bus: &bool) {
        assert_exists(&(event, from_event_bus));
    }

    /// Whatever happens.
    #[receiver(KEY_DENIED, durable)]
    fn durable(key: &Key) {
        assert_exists(&key);
    }

    /// In the background.
    #[receiver(KEY_DENIED)]
    async fn later(key: &Key, metadata: &EventMetadata) -> Result<(), fmt::Error> {
        assert_exists(&(key, metadata));
        Ok(())
    }

    /// An event of the module's own.
    #[event(type = "org.example.lints.private.denied.v1")]
    struct PrivateDenied {
        number: i64,
    }

    #[receiver(PRIVATE_DENIED)]
    fn private(_number: i64) {
        assert_exists(&"private");
    }

    #[test]
    fn everything_is_registered() {
        let scope = testing::scope();
        drop(PRIVATE_DENIED.send_event(PrivateDenied { number: 1 }));
        scope.capture(&PRIVATE_DENIED).assert_sent_times(1);
        testing::assert_receiver_connected(&EVERYTHING_DENIED, "lints.value");
        testing::assert_receiver_connected(&KEY_DENIED, "later");
    }
}
