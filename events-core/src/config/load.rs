//! Texts and files as configurations.

use std::panic::Location;
use std::path::Path;

use super::decode::decode;
use super::layer::Layer;
use super::origin::{Format, Located, Position, Source};
use super::tree::{Lines, Parsed};
use super::words::quoted;
use super::{Config, ConfigError, ConfigErrorKind, json, toml};

impl Config {
    /// A configuration in TOML. `origin` is what problems and values are said to come from: the name of the file, say.
    ///
    /// What is wrong with it, [`check`](Self::check) and [`apply`](Self::apply) report.
    pub fn from_toml(text: &str, origin: impl AsRef<str>) -> Self {
        Self::parsed(toml::parse(text), origin.as_ref(), Format::Toml)
    }

    /// A configuration in JSON, without comments, trailing commas and the like. `origin` is what problems and values
    /// are said to come from: the name of the file, say.
    ///
    /// What is wrong with it, [`check`](Self::check) and [`apply`](Self::apply) report.
    pub fn from_json(text: &str, origin: impl AsRef<str>) -> Self {
        Self::parsed(json::parse(text), origin.as_ref(), Format::Json)
    }

    /// A configuration from a file, in TOML or JSON as its extension says.
    ///
    /// What is wrong with it, even that there is no such file, [`check`](Self::check) and [`apply`](Self::apply)
    /// report.
    pub fn load(path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        let name = path.display().to_string();
        let format = path.extension().and_then(|extension| {
            let is = |known: &str| extension.eq_ignore_ascii_case(known);
            let json = is("json").then_some(Format::Json);
            is("toml").then_some(Format::Toml).or(json)
        });
        let Some(format) = format else {
            return Self::unreadable(
                &name,
                None,
                "cannot tell the format of the file from its extension, expected `.toml` or `.json`; rename it, or read it \
                 and call `Config::from_toml` or `Config::from_json`"
                    .to_owned(),
            );
        };
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                let message =
                    format!("cannot read the file: {error}; correct its path or its permissions");
                return Self::unreadable(&name, None, message);
            }
        };
        match (core::str::from_utf8(&bytes), format) {
            (Ok(text), Format::Toml) => Self::from_toml(text, name),
            (Ok(text), Format::Json) => Self::from_json(text, name),
            (Err(error), _) => {
                let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
                let valid = String::from_utf8_lossy(valid);
                let at = Lines::new(&valid).position(valid.len());
                let message = "the file is not UTF-8 from here on; save it in that encoding";
                Self::unreadable(&name, Some(at), message.to_owned())
            }
        }
    }

    /// A layer that names the running service and nothing else: for a binary that knows which service it is. Its origin is
    /// where this is called.
    #[track_caller]
    pub fn for_service(name: impl Into<String>) -> Self {
        let location = Location::caller();
        let position = Position {
            line: location.line(),
            column: location.column(),
        };
        let source = Source::new(location.file(), Format::Toml);
        let origin = source.at(position);
        let name = name.into();
        let mut layer = Layer::new(source);
        match super::decode::service_name(&name) {
            Ok(()) => layer.service = Some(Located::new(name, origin)),
            Err(problem) => {
                layer.incomplete = true;
                let message = format!("service {} {problem}", quoted(&name));
                let error = ConfigError::new(ConfigErrorKind::InvalidValue, origin, message);
                layer.errors.push(error);
            }
        }
        Self {
            layers: vec![layer],
        }
    }

    fn parsed(parsed: Parsed, source: &str, format: Format) -> Self {
        Self {
            layers: vec![decode(parsed, Source::new(source, format))],
        }
    }

    fn unreadable(name: &str, at: Option<Position>, message: String) -> Self {
        let source = Source::new(name, Format::Toml);
        let origin = at.map_or_else(|| source.whole(), |at| source.at(at));
        let error = ConfigError::new(ConfigErrorKind::Unreadable, origin, message);
        Self {
            layers: vec![Layer::unreadable(source, vec![error])],
        }
    }
}
