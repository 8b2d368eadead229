//! Where code stands, without where it was built.

use events_core::SourceLocation;

/// The place in the source. The compiler records the path that cargo gave it: relative for a crate of the workspace,
/// and absolute for others. Of an absolute one this keeps what is below the folder of the crate.
pub(super) fn shown(location: SourceLocation) -> String {
    format!("{}:{}", in_crate(location.file), location.line)
}

fn in_crate(file: &str) -> String {
    let file = file.replace('\\', "/");
    let is_absolute = file.starts_with('/') || file.get(1..3) == Some(":/");
    let parts: Vec<_> = file.split('/').filter(|part| *part != ".").collect();
    if !is_absolute && !parts.contains(&"..") {
        return parts.join("/");
    }
    let roots = ["src", "tests", "examples", "benches"];
    let start = parts.iter().rposition(|part| roots.contains(part));
    let start = start.unwrap_or(parts.len().saturating_sub(1));
    let kept = parts.get(start..).unwrap_or_default();
    kept.join("/")
}

#[cfg(test)]
mod tests {
    use super::in_crate;

    #[test]
    fn nothing_is_told_of_the_machine() {
        for (recorded, shown) in [
            (
                "tests/plugins/audit/src/lib.rs",
                "tests/plugins/audit/src/lib.rs",
            ),
            ("/registry/src/index-1/shop-1.0.0/src/a/b.rs", "src/a/b.rs"),
            ("C:\\checkout\\shop\\src\\lib.rs", "src/lib.rs"),
            ("../ada/shop/src/lib.rs", "src/lib.rs"),
            ("./src/lib.rs", "src/lib.rs"),
            ("/checkout/build.rs", "build.rs"),
        ] {
            assert_eq!(in_crate(recorded), shown);
        }
    }
}
