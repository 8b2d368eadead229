//! The test that a catalog's schema files are there and up to date.

use std::fmt::Write as _;
use std::path::Path;

use crate::registry;
use crate::schema::folder::{self, ProblemKind};

/// Set to anything but `0`, it has the test write what is missing.
const ACCEPT: &str = "EVENTS_SCHEMA_ACCEPT";

/// Checks the schema files of a catalog crate: the one line of a test that stands in for `events schema check`.
///
/// In the crate itself:
///
/// ```
/// #[test]
/// fn schema_files_are_accepted() {
///     events_core::testing::schema_files!();
/// }
/// ```
///
/// Under `tests/` of its package, the crate is named, which also has the linker keep it. It is the better place where
/// the crate's own tests declare events:
///
/// ```ignore
/// #[test]
/// fn schema_files_are_accepted() {
///     events_core::testing::schema_files!(my_catalog);
/// }
/// ```
///
/// The files are those in the folder `schemas` of the package that the test belongs to. With the environment variable
/// `EVENTS_SCHEMA_ACCEPT=1`, what is missing is written, as `events schema accept` does, and only what is left fails:
///
/// ```console
/// $ EVENTS_SCHEMA_ACCEPT=1 cargo test -p my-catalog schema_files
/// ```
///
/// # Panics
/// With everything that is wrong, and what to do; see [`ProblemKind`](crate::schema::folder::ProblemKind).
#[macro_export]
#[doc(hidden)]
macro_rules! __schema_files {
    () => {
        $crate::testing::__check_schema_files(
            $crate::__private::crate_name($crate::__private::module_path!()),
            $crate::__private::env!("CARGO_MANIFEST_DIR"),
            $crate::__private::env!("CARGO_PKG_NAME"),
        )
    };
    ($catalog:ident) => {{
        use $catalog as _;
        $crate::testing::__check_schema_files(
            ::core::stringify!($catalog),
            $crate::__private::env!("CARGO_MANIFEST_DIR"),
            $crate::__private::env!("CARGO_PKG_NAME"),
        )
    }};
}

/// What [`schema_files!`](super::schema_files) calls.
///
/// # Panics
/// With everything that is wrong.
#[track_caller]
pub fn check(catalog: &str, package_folder: &str, package: &str) {
    let wants_files =
        std::env::var_os(ACCEPT).is_some_and(|value| !value.is_empty() && value != "0");
    let folder = Path::new(package_folder).join("schemas");
    if let Err(problems) = judge(catalog, &folder, package, wants_files) {
        panic!("{problems}");
    }
}

fn judge(catalog: &str, folder: &Path, package: &str, wants_files: bool) -> Result<(), String> {
    let signals = registry::signals().iter();
    let events: Vec<_> = signals
        .filter(|signal| signal.info().module.split("::").next() == Some(catalog))
        .map(|signal| signal.event())
        .collect();
    if events.is_empty() {
        return Err(format!(
            "no event of a crate `{catalog}` is linked into this test. In the crate's own tests, write \
             `schema_files!()`; elsewhere name the crate as the code does: `schema_files!(my_catalog)`"
        ));
    }
    let mut problems = Vec::new();
    if wants_files {
        let refused = folder::accept(folder, &events, false).refused;
        // What else is refused is found again by the check.
        problems.extend(
            refused
                .into_iter()
                .filter(|problem| problem.kind == ProblemKind::FileUnwritable),
        );
    }
    problems.extend(folder::check(folder, &events).problems);
    if problems.is_empty() {
        return Ok(());
    }
    let plural = if problems.len() == 1 { "" } else { "s" };
    let mut text = format!(
        "the schema files of `{catalog}`, in {}, have {} problem{plural}\n",
        folder.display(),
        problems.len()
    );
    for problem in &problems {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "\n{problem}\n");
    }
    let _ = write!(
        text,
        "\nWhat is missing is written by `{ACCEPT}=1 cargo test -p {package}`, or by `events schema accept --package \
         {package}`\n"
    );
    Err(text)
}
