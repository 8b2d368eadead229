//! Events of an order, for tests that want one of their own.

/// Events of an order, each with a type of its own.
#[macro_export]
macro_rules! order_events {
    ($($name:ident = $event_type:literal;)*) => {
        $(
            #[::events_core::event(type = $event_type, key = customer)]
            #[derive(Eq)]
            #[non_exhaustive]
            /// Emitted when something happened to an order.
            pub struct $name {
                /// Counted by each test.
                pub number: i64,
                /// The key.
                pub customer: String,
            }

            impl $name {
                fn of(number: i64) -> Self {
                    Self { number, customer: "ada".to_owned() }
                }
            }
        )*
    };
}
