//! What the macros write means the same wherever it stands: whatever names the caller has in scope, shadows or lacks.

#![allow(
    dead_code,
    unused_parens,
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    clippy::exhaustive_structs,
    clippy::exhaustive_enums,
    clippy::allow_attributes,
    reason = "odd code, which is here to compile"
)]

use events_core::{Event, EventData, registry, testing};

mod without_prelude {
    #![no_implicit_prelude]

    #[derive(
        ::core::fmt::Debug, ::core::clone::Clone, ::core::cmp::PartialEq, ::events_core::EventData,
    )]
    pub struct Customer {
        pub id: i64,
        pub name: ::std::string::String,
        pub tags: ::std::vec::Vec<::std::string::String>,
        pub note: ::core::option::Option<::std::string::String>,
    }

    #[derive(
        ::core::fmt::Debug, ::core::clone::Clone, ::core::cmp::PartialEq, ::events_core::EventData,
    )]
    pub enum Payment {
        Cash,
        Card,
    }

    #[derive(
        ::core::fmt::Debug, ::core::clone::Clone, ::core::cmp::PartialEq, ::events_core::EventData,
    )]
    #[event_data(string)]
    pub struct Key(pub ::std::string::String);

    impl ::core::fmt::Display for Key {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            ::core::fmt::Display::fmt(&self.0, f)
        }
    }

    impl ::core::str::FromStr for Key {
        type Err = ::core::convert::Infallible;

        fn from_str(text: &str) -> ::core::result::Result<Self, Self::Err> {
            ::core::result::Result::Ok(Self(::std::borrow::ToOwned::to_owned(text)))
        }
    }

    #[derive(::core::clone::Clone, ::core::cmp::PartialEq, ::events_core::EventData)]
    pub struct Address {
        #[event_data(pii)]
        pub street: ::std::string::String,
        #[event_data(default = "de")]
        pub country: ::std::string::String,
        #[event_data(default = -1)]
        pub floor: i64,
        #[event_data(default)]
        pub notes: ::std::vec::Vec<::std::string::String>,
    }

    #[derive(
        ::core::fmt::Debug, ::core::clone::Clone, ::core::cmp::PartialEq, ::events_core::EventData,
    )]
    pub enum Plan {
        Free,
        #[event_data(unknown)]
        Other(::std::string::String),
    }

    #[::events_core::event(type = "org.example.hygiene.prelude.absent.v1", key = key)]
    pub struct PreludeAbsent {
        pub customer: Customer,
        pub payment: Payment,
        pub key: Key,
        pub address: Address,
        #[event_data(pii, default = true)]
        pub secret: bool,
        pub plan: Plan,
    }

    #[::events_core::receiver(PRELUDE_ABSENT)]
    fn receive(
        customer: &Customer,
        payment: Payment,
        metadata: &::events_core::EventMetadata,
        from_event_bus: bool,
    ) -> ::core::result::Result<(), ::std::string::String> {
        let _ = (customer, payment, metadata, from_event_bus);
        ::core::result::Result::Ok(())
    }

    #[::events_core::receiver(PRELUDE_ABSENT)]
    async fn receive_later(customer: &Customer, payment: Payment) {
        let _ = (customer, payment);
    }

    #[::events_core::receiver(any, manual)]
    fn receive_any(event: ::events_core::AnyEvent<'_>) {
        let _ = event;
    }

    #[::events_core::receiver(PRELUDE_ABSENT, durable)]
    async fn receive_for_sure(customer: &Customer) {
        let _ = customer;
    }
}

mod shadowed {
    //! Every name that generated code could be tempted to use is something else here.

    use ::events_core::{EventData, event, receiver};

    pub struct Option;
    pub struct Result;
    pub struct String;
    pub struct Vec;
    pub struct Some;
    pub struct None;
    pub struct Ok;
    pub struct Err;
    pub struct Box;
    pub struct Cow;
    pub struct Signal;
    pub struct Event;
    pub struct EventInfo;
    pub struct Schema;
    pub trait Clone {}
    pub trait Debug {}
    pub trait PartialEq {}
    pub trait Serialize {}
    pub trait Deserialize {}
    pub trait Send {}
    pub trait Sync {}
    pub mod core {}
    pub mod std {}
    pub mod alloc {}
    pub mod serde {}
    pub mod events_core {}
    pub mod inventory {}
    pub mod linkme {}
    #[allow(unused_macros, reason = "there to be shadowed")]
    macro_rules! concat {
        () => {};
    }
    #[allow(unused_macros, reason = "there to be shadowed")]
    macro_rules! module_path {
        () => {};
    }

    #[derive(::core::fmt::Debug, ::core::clone::Clone, ::core::cmp::PartialEq, EventData)]
    pub struct Customer {
        pub id: i64,
        pub note: ::core::option::Option<i64>,
    }

    #[derive(::core::clone::Clone, ::core::cmp::PartialEq, EventData)]
    pub struct Address {
        #[event_data(pii)]
        pub street: ::std::string::String,
        #[event_data(default = "de")]
        pub country: ::std::string::String,
    }

    #[derive(::core::fmt::Debug, ::core::clone::Clone, ::core::cmp::PartialEq, EventData)]
    pub enum Plan {
        Free,
        #[event_data(unknown)]
        Other(::std::string::String),
    }

    #[event(type = "org.example.hygiene.names.shadowed.v1", key = customer.id)]
    pub struct NamesShadowed {
        pub customer: Customer,
        pub address: Address,
        pub plan: Plan,
    }

    #[receiver(NAMES_SHADOWED)]
    fn receive(customer: &Customer) -> ::core::result::Result<(), ::std::string::String> {
        let _ = customer;
        ::core::result::Result::Ok(())
    }

    #[receiver(NAMES_SHADOWED)]
    async fn receive_later(customer: Customer) {
        let _ = customer;
    }
}

mod raw {
    //! Names that are keywords.

    use events_core::{EventData, event, receiver};

    #[derive(Debug, Clone, PartialEq, EventData)]
    pub struct Loop {
        pub r#type: i64,
        pub r#match: Option<String>,
    }

    #[event(type = "org.example.hygiene.keywords.used.v1", key = r#loop.r#type)]
    pub struct KeywordsUsed {
        pub r#loop: Loop,
        pub r#fn: bool,
    }

    #[receiver(KEYWORDS_USED)]
    pub fn r#fn(r#loop: &Loop, r#fn: bool) {
        let _ = (r#loop, r#fn);
    }
}

mod generated {
    //! Events and receivers that a macro writes.

    use events_core::{event, receiver};

    macro_rules! declare {
        ($event:ident, $signal:ident, $type:literal, $field:ident: $of:ty, $receiver:ident) => {
            #[event(type = $type, key = $field)]
            pub struct $event {
                pub $field: $of,
            }

            #[receiver($signal, priority = -3)]
            pub fn $receiver($field: &$of, metadata: &events_core::EventMetadata) {
                let _ = ($field, metadata);
            }

            #[receiver($signal)]
            pub fn typed_outside($field: $of) -> Result<(), String> {
                let _ = $field;
                Ok(())
            }

            #[receiver($signal)]
            pub async fn later($field: $of) -> Result<(), String> {
                let _ = $field;
                Ok(())
            }
        };
    }

    declare!(
        MacroWritten,
        MACRO_WRITTEN,
        "org.example.hygiene.macro.written.v1",
        number: i64,
        receive
    );
}

mod visible {
    //! Every visibility.

    use events_core::{event, receiver};

    pub(crate) mod inner {
        use events_core::event;

        #[event(type = "org.example.hygiene.visible.crate.v1")]
        pub(crate) struct VisibleInCrate {
            pub(crate) number: i64,
        }

        #[event(type = "org.example.hygiene.visible.parent.v1")]
        pub(in crate::visible) struct VisibleInParent {
            pub number: i64,
        }
    }

    #[event(type = "org.example.hygiene.visible.nowhere.v1")]
    struct VisibleNowhere {
        number: i64,
    }

    #[receiver(VISIBLE_NOWHERE, inner::VISIBLE_IN_CRATE, inner::VISIBLE_IN_PARENT)]
    pub(super) fn receive(number: i64) {
        let _ = number;
    }

    pub(super) fn send() -> usize {
        VISIBLE_NOWHERE
            .send_event(VisibleNowhere { number: 1 })
            .len()
    }
}

mod facade {
    //! A crate that knows `events-core` through another one. (`fixtures/renamed` has a dependency under another name.)

    pub mod prelude {
        pub use events_core as events;
    }

    use prelude::events::{EventData, event, receiver};

    #[derive(Debug, Clone, PartialEq, EventData)]
    #[event_data(crate = crate::facade::prelude::events)]
    pub struct Customer {
        pub id: i64,
    }

    #[derive(Debug, Clone, PartialEq, EventData)]
    #[event_data(crate = super::facade::prelude::events)]
    pub enum Payment {
        Cash,
        Card,
    }

    #[event(
        type = "org.example.hygiene.facade.used.v1",
        key = customer.id,
        crate = crate::facade::prelude::events
    )]
    pub struct FacadeUsed {
        pub customer: Customer,
        pub payment: Payment,
    }

    #[receiver(FACADE_USED, crate = self::prelude::events)]
    fn receive(customer: &Customer) {
        let _ = customer;
    }

    #[receiver(FACADE_USED, crate = crate::facade::prelude::events)]
    async fn receive_later(customer: &Customer, payment: Payment) {
        let _ = (customer, payment);
    }
}

/// One of the signals of this file.
#[events_core::event(type = "org.example.hygiene.function.local.v1")]
pub struct FunctionLocal {
    /// A number.
    pub number: i64,
}

#[test]
fn receivers_and_events_in_functions() {
    use events_core::{event, receiver};
    use std::sync::atomic::{AtomicI64, Ordering};

    static SEEN: AtomicI64 = AtomicI64::new(0);

    #[event(type = "org.example.hygiene.declared.inside.v1")]
    struct DeclaredInside {
        number: i64,
    }

    #[receiver(FUNCTION_LOCAL, DECLARED_INSIDE)]
    fn receive(number: i64) {
        SEEN.fetch_add(number, Ordering::Relaxed);
    }

    let _scope = testing::scope();
    FUNCTION_LOCAL.send_event(FunctionLocal { number: 3 });
    DECLARED_INSIDE.send_event(DeclaredInside { number: 4 });
    assert_eq!(SEEN.load(Ordering::Relaxed), 7);
}

#[test]
fn receivers_are_connected_wherever_they_stand() {
    for (signal, receivers) in [
        (
            "PRELUDE_ABSENT",
            &["receive", "receive_for_sure", "receive_later"][..],
        ),
        ("NAMES_SHADOWED", &["receive", "receive_later"]),
        ("KEYWORDS_USED", &["fn"]),
        ("MACRO_WRITTEN", &["later", "receive", "typed_outside"]),
        ("VISIBLE_NOWHERE", &["receive"]),
        ("VISIBLE_IN_CRATE", &["receive"]),
        ("VISIBLE_IN_PARENT", &["receive"]),
        ("FACADE_USED", &["receive", "receive_later"]),
    ] {
        let signals = registry::signals();
        let signal = signals
            .iter()
            .find(|known| known.info().name == signal && known.info().module.starts_with("hygiene"))
            .expect(signal);
        let mut names: Vec<_> = signal.receivers().iter().map(|info| info.name).collect();
        names.sort_unstable();
        assert_eq!(names, receivers, "{}", signal.info().name);
    }
}

#[test]
fn keywords_are_written_without_their_mark() {
    assert_eq!(raw::KeywordsUsed::INFO.key, Some("loop.type"));
    let fields: Vec<_> = raw::KeywordsUsed::INFO
        .schema
        .fields
        .iter()
        .map(|field| field.name)
        .collect();
    assert_eq!(fields, ["loop", "fn"]);
    let record = raw::Loop::SCHEMA.record().expect("a struct is a record");
    assert_eq!(record.fields[0].name, "type");
}

#[test]
fn functions_stay_callable_as_written() {
    raw::r#fn(
        &raw::Loop {
            r#type: 1,
            r#match: None,
        },
        true,
    );
    generated::receive(&1, &events_core::EventMetadata::new("org.example.any"));
    assert_eq!(visible::send(), 1);
}
