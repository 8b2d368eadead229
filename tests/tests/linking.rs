//! What the linker does with plugin crates, in every profile that matters; and crates that stand outside the workspace.
//!
//! The fixtures are whole workspaces. They are copied below the target directory and built there, so that nothing is
//! left in the tree, with one target directory, so that they share what they depend on.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The root of the main workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn scratch_dir() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

/// Copies a tree; what has not changed keeps its time, so that cargo does not build it again.
fn copy(from: &Path, to: &Path, edit: &dyn Fn(&Path, String) -> String) {
    fs::create_dir_all(to).expect("a directory below the target directory can be made");
    for entry in fs::read_dir(from).expect("the fixture is there") {
        let entry = entry.expect("the fixture can be read");
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type().expect("it has a type").is_dir() {
            if entry.file_name() != "target" {
                copy(&from, &to, edit);
            }
        } else if entry.file_name() != "Cargo.lock" {
            let text = edit(
                &from,
                fs::read_to_string(&from).expect("the fixture is text"),
            );
            write_if_other(&to, &text);
        }
    }
}

fn write_if_other(path: &Path, text: &str) {
    if fs::read_to_string(path).is_ok_and(|there| there == text) {
        return;
    }
    fs::write(path, text).expect("the target directory can be written");
}

/// A fixture, copied to where it is built.
struct Fixture(PathBuf);

impl Fixture {
    fn new(name: &str) -> Self {
        let to = scratch_dir().join("fixtures").join(name);
        let root = root().canonicalize().expect("the workspace is there");
        let root = root.to_str().expect("a path of text");
        let to_root = |path: &Path, text: String| {
            if path
                .extension()
                .is_some_and(|extension| extension == "toml")
            {
                text.replace("../../../events-", &format!("{root}/events-"))
            } else {
                text
            }
        };
        let from = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fixtures")
            .join(name);
        copy(&from, &to, &to_root);
        Self(to).locked()
    }

    /// With the versions of the main workspace: no network is needed, and no other version is tested.
    fn locked(self) -> Self {
        if !self.0.join("Cargo.lock").exists() {
            fs::copy(root().join("Cargo.lock"), self.0.join("Cargo.lock"))
                .expect("the lock file can be copied");
        }
        self
    }

    /// Runs cargo, without the network where that is enough.
    fn cargo(&self, args: &[&str], variables: &[(&str, &str)]) -> Output {
        let run = |offline: &[&str]| {
            Command::new(env!("CARGO"))
                .args(args)
                .args(offline)
                .current_dir(&self.0)
                .env("CARGO_TARGET_DIR", target_dir())
                .env("CARGO_TERM_COLOR", "never")
                .envs(variables.iter().copied())
                .output()
                .expect("cargo can be run")
        };
        let output = run(&["--offline"]);
        if !output.status.success() && stderr(&output).contains("offline") {
            return run(&[]);
        }
        output
    }

    fn build(&self, args: &[&str], variables: &[(&str, &str)]) {
        let output = self.cargo(&[&["build"], args].concat(), variables);
        assert!(
            output.status.success(),
            "the fixture cannot be built. It needs the dependencies of the main workspace, from cargo's cache or a \
             registry:\n{}",
            stderr(&output)
        );
    }
}

/// One for all fixtures, so that they share what they depend on.
fn target_dir() -> PathBuf {
    scratch_dir().join("fixtures-target")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What a program that was built prints.
#[track_caller]
fn run(profile: &str, program: &str, args: &[&str]) -> String {
    let path = target_dir().join(profile).join(program);
    let output = Command::new(&path)
        .args(args)
        .output()
        .expect("the program can be run");
    assert!(
        output.status.success(),
        "{}: {}",
        path.display(),
        stderr(&output)
    );
    String::from_utf8(output.stdout).expect("text")
}

const REACHED: &str = "reached lost::count\nreached lost::deeper::weigh\nreached lost::any\nplugin lost\nsignal \
                       org.example.fixtures.parcel.shipped.v1\nverified\n";

const MISSING: &str = "signal org.example.fixtures.parcel.shipped.v1\nthe event registry has 1 problem\n- plugin `lost` \
                       is expected but not linked into this binary, so none of its receivers is there; linked are no \
                       plugins. The linker drops a crate that nothing names: add `events_core::plugins!(lost);` to the \
                       binary and `lost` to its dependencies; and see that the crate itself has \
                       `events_core::plugin!();` in its root\n";

/// One test for all profiles: they would wait for each other's lock of the target directory.
#[test]
fn a_plugin_that_nothing_names_is_missing_and_reported_in_every_profile() {
    let fixture = Fixture::new("linking");
    let bins = ["--package", "app", "--bins"];
    fixture.build(&bins, &[]);
    assert_eq!(run("debug", "unnamed", &[]), MISSING, "debug");
    assert_eq!(run("debug", "named", &[]), REACHED, "debug");
    for units in ["1", "16"] {
        let variables = [("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", units)];
        fixture.build(&[&bins[..], &["--release"]].concat(), &variables);
        let profile = format!("release, fat LTO, {units} codegen units");
        assert_eq!(run("release", "unnamed", &[]), MISSING, "{profile}");
        assert_eq!(run("release", "named", &[]), REACHED, "{profile}");
    }
}

#[test]
fn a_cdylib_has_a_registry_of_its_own() {
    if !cfg!(target_os = "linux") {
        // The host loads the library with `dlopen`, and the library has its Linux name.
        return;
    }
    let fixture = Fixture::new("linking");
    fixture.build(&["--package", "library"], &[]);
    fixture.build(&["--package", "host"], &[]);
    let library = target_dir().join("debug/liblibrary.so");
    let printed = run(
        "debug",
        "host",
        &[library.to_str().expect("a path of text")],
    );
    assert_eq!(
        printed,
        "library reached 3\nhost reached 1\nhost receivers 1\n"
    );
}

#[test]
fn events_core_and_plugins_may_have_other_names() {
    let fixture = Fixture::new("renamed");
    fixture.build(&[], &[]);
    assert_eq!(
        run("debug", "renamed-app", &[]),
        "Main Street by Some(Rail): org.example.fixtures.parcel.sent.v1\nkey Some(\"Main Street\")\nreached 2\nverified\n"
    );
}

#[test]
fn a_catalog_a_plugin_and_an_application_of_ones_own() {
    let fixture = Fixture::new("scratch");
    fixture.build(&[], &[]);
    assert_eq!(
        run("debug", "scratch-app", &[]),
        "a mentor for ada?\nada, meet bob\n[scratch_plugin::introduce: Ok]\n[scratch_plugin::introduce: Failed(\"the \
         mentor has no address\")]\n"
    );

    // Somebody renames a field in the catalog: the plugin no longer compiles, and the compiler says where and why.
    let changed = [
        "check",
        "--package",
        "scratch-plugin",
        "--features",
        "scratch-catalog/changed",
    ];
    let output = fixture.cargo(&changed, &[]);
    let errors = stderr(&output);
    assert!(!output.status.success(), "it compiles, and should not");
    for part in [
        "plugin/src/lib.rs:10:",
        "error[E0609]: no field `mentor` on type `&MentorAssigned`",
        "available fields are: `learner`, `tutor`",
    ] {
        assert!(errors.contains(part), "{part}:\n{errors}");
    }
    assert_eq!(
        errors.matches("error[").count(),
        1,
        "one change, one message:\n{errors}"
    );
}

#[test]
fn two_versions_of_events_core_are_refused_by_cargo() {
    let dir = scratch_dir().join("two-versions");
    let newer = dir.join("newer");
    let version = format!("version = \"{}\"", env!("CARGO_PKG_VERSION"));
    let newer_version = |path: &Path, text: String| {
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            text.replace(&version, "version = \"0.2.0\"")
        } else {
            text
        }
    };
    for name in ["events-core", "events-macros"] {
        copy(&root().join(name), &newer.join(name), &newer_version);
    }
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("the main manifest");
    let (before, rest) = manifest.split_once("members = [").expect("members");
    let (_, after) = rest.split_once("[workspace.package]").expect("package");
    let manifest = format!(
        "{before}members = [\"events-core\", \"events-macros\"]\n\n[workspace.package]{after}"
    )
    .replace(&version, "version = \"0.2.0\"")
    .replace("version = \"=0.1.0\"", "version = \"=0.2.0\"");
    write_if_other(&newer.join("Cargo.toml"), &manifest);

    let app = dir.join("app");
    fs::create_dir_all(app.join("src"))
        .expect("a directory below the target directory can be made");
    write_if_other(&app.join("src/main.rs"), "fn main() {}\n");
    let core = root()
        .join("events-core")
        .canonicalize()
        .expect("the core is there");
    let dependencies = format!(
        "[workspace]\n[package]\nname = \"app\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\nevents-core = {{ \
         path = {core:?} }}\nnewer = {{ package = \"events-core\", path = \"../newer/events-core\" }}\n"
    );
    write_if_other(&app.join("Cargo.toml"), &dependencies);

    let output = Fixture(app).cargo(&["check"], &[]);
    let errors = stderr(&output);
    assert!(!output.status.success(), "cargo takes two versions");
    // Which of the two it names first depends on the order in which it resolves them.
    for part in [
        "links to the native library `events_core_is_one_registry_per_binary`",
        "package `events-core v0.",
    ] {
        assert!(errors.contains(part), "{part}:\n{errors}");
    }
}
