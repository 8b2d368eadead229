//! The pages of the book, so that their examples are compiled and run as tests.

#![expect(
    clippy::test_attr_in_doctest,
    reason = "the pages show tests as a user writes them"
)]

macro_rules! pages {
    ($($name:ident: $path:literal,)*) => {
        $(
            #[doc = include_str!(concat!("../../", $path))]
            pub mod $name {}
        )*
    };
}

pages! {
    readme: "README.md",
    introduction: "docs/src/introduction.md",
    quick_start: "docs/src/quick-start.md",
    journey_receive: "docs/src/journey-receive.md",
    journey_declare: "docs/src/journey-declare.md",
    journey_break: "docs/src/journey-break.md",
    schema_files: "docs/src/schema-files.md",
    testing: "docs/src/testing.md",
    configuration: "docs/src/configuration.md",
    bus: "docs/src/bus.md",
    transactions: "docs/src/transactions.md",
    operating: "docs/src/operating.md",
    writing_a_transport: "docs/src/writing-a-transport.md",
    delivery: "docs/src/delivery.md",
    command: "docs/src/command.md",
    coming_from_openedx_events: "docs/src/coming-from-openedx-events.md",
    events_and_signals: "docs/src/concepts/events-and-signals.md",
    event_types: "docs/src/concepts/event-types.md",
    dispatch: "docs/src/concepts/dispatch.md",
    order: "docs/src/concepts/order.md",
    errors: "docs/src/concepts/errors.md",
    metadata: "docs/src/concepts/metadata.md",
    asynchronous: "docs/src/concepts/async.md",
    personal_data: "docs/src/concepts/personal-data.md",
    opaque_keys: "docs/src/concepts/opaque-keys.md",
    wire_format: "docs/src/wire-format.md",
    registration: "docs/src/concepts/registration.md",
    performance: "docs/src/performance.md",
    python_services: "docs/src/python-services.md",
    architecture: "docs/src/architecture.md",
    decisions: "docs/src/decisions.md",
}
