//! The macros by example: the rest is in `events-macros`.

/// States that this crate is a plugin, once, in its root.
///
/// [`registry::plugins`](crate::registry::plugins) lists it, and [`registry::verify`](crate::registry::verify) can tell
/// that it is there.
///
/// ```
/// events_core::plugin!();
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! plugin {
    () => {
        // What `plugins!` finds the name by, where the binary knows the crate under another one.
        #[doc(hidden)]
        pub const __EVENTS_PLUGIN: &::core::primitive::str =
            $crate::__private::crate_name($crate::__private::module_path!());

        const _: () = {
            $crate::__private::submit! {
                $crate::__private::PluginInfo::new(
                    // The name of the crate: this stands in its root, where the path is one segment long, or the
                    // first segment is taken.
                    $crate::__private::crate_name($crate::__private::module_path!()),
                    ::core::env!("CARGO_PKG_VERSION"),
                    $crate::__private::SourceLocation::new(
                        $crate::__private::file!(),
                        $crate::__private::line!(),
                        $crate::__private::column!(),
                    ),
                )
            }
        };
    };
}

/// States which plugin crates a binary expects, and makes the linker keep them.
///
/// The linker drops a crate that nothing names, with all of its receivers. This names them, and has
/// [`registry::verify`](crate::registry::verify) check that each of them stated itself with [`plugin!`](crate::plugin).
///
/// ```ignore
/// events_core::plugins!(greeter, audit);
/// ```
#[macro_export]
macro_rules! plugins {
    ($($plugin:ident),+ $(,)?) => {
        $(
            use $plugin as _;
            const _: () = {
                // The name by which the crate states itself, which may not be the one that Cargo.toml gives it here. A
                // crate that does not state itself has no such constant, and then the outer one is found.
                const __EVENTS_PLUGIN: &::core::primitive::str = ::core::stringify!($plugin);
                const NAME: &::core::primitive::str = {
                    use $plugin::*;
                    __EVENTS_PLUGIN
                };
                $crate::__private::submit! {
                    $crate::__private::ExpectedPlugin::new(
                        NAME,
                        $crate::__private::SourceLocation::new(
                            $crate::__private::file!(),
                            $crate::__private::line!(),
                            $crate::__private::column!(),
                        ),
                    )
                }
            };
        )+
    };
}

/// Starts an `async fn` receiver.
#[cfg(feature = "tokio")]
#[doc(hidden)]
#[macro_export]
macro_rules! __async_receiver {
    ($delivery:expr, $receiver:expr, $future:expr) => {
        $crate::__private::spawn($delivery, $receiver, $future)
    };
}

/// Says what is missing.
#[cfg(not(feature = "tokio"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __async_receiver_without_tokio {
    ($delivery:expr, $receiver:expr, $future:expr) => {
        ::core::compile_error!(
            "`async fn` receivers need the feature `tokio` of `events-core`: \
             in Cargo.toml, `events-core = { version = \"…\", features = [\"tokio\"] }`"
        )
    };
}
