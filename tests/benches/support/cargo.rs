//! Measures the compiler's run for one crate, whose dependencies are built before the clock starts.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use crate::support::{median, nanos};

const ROUNDS: usize = 9;

/// The root of this repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace holds this package")
}

/// An empty package outside of the workspace, with the given lines as its dependencies.
pub(crate) fn package(scratch: &str, name: &str, dependencies: &str) -> PathBuf {
    let package = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
        .join(scratch)
        .join(name);
    fs::create_dir_all(package.join("src")).expect("the directory can be made");
    let manifest = format!(
        "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
         events-core = {{ path = '{}' }}\nserde = {{ version = \"1\", features = [\"derive\"] }}\n{dependencies}",
        root().join("events-core").display()
    );
    fs::write(package.join("Cargo.toml"), manifest).expect("the manifest can be written");
    // The versions are those of the workspace: nothing has to be fetched.
    fs::copy(root().join("Cargo.lock"), package.join("Cargo.lock"))
        .expect("the lock file can be copied");
    package
}

/// Seconds that cargo takes for each package, in turns; medians.
pub(crate) fn seconds<const N: usize>(command: &str, packages: [&Path; N]) -> [f64; N] {
    for package in packages {
        compile(command, package);
    }
    let mut samples = [const { Vec::new() }; N];
    for _ in 0..ROUNDS {
        for (package, samples) in packages.iter().zip(&mut samples) {
            samples.push(compile(command, package));
        }
    }
    samples.map(|samples| median(samples) / 1e9)
}

/// Compiles the package, of which nothing but the source is new, and gives the time.
fn compile(command: &str, package: &Path) -> f64 {
    let source = package.join("src/lib.rs");
    let text = fs::read_to_string(&source).expect("the source was written");
    fs::write(&source, text).expect("the source can be written");
    let start = Instant::now();
    let output = Command::new(env!("CARGO"))
        .args([command, "--quiet", "--offline"])
        .current_dir(package)
        .env("CARGO_TARGET_DIR", package.with_file_name("target"))
        // No incremental cache: it would measure what changed, and nothing has.
        .env("CARGO_INCREMENTAL", "0")
        .output()
        .expect("cargo runs");
    let elapsed = nanos(start.elapsed());
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    elapsed
}
