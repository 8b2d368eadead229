//! `events schema print`.

use events_core::schema::AvroSchema;

use super::args::PrintArgs;
use super::list::version;
use crate::Status;
use crate::commands::{Answer, Failure, Form};
use crate::names::{self, Unknown};
use crate::world::World;

/// Prints the schema as the file has it; with `--json`, as a part of a document that says which it is.
///
/// It is written by hand: the order of what it holds is that of the schema file.
pub(super) fn print(world: &World, args: &PrintArgs, form: Form) -> Result<Answer, Failure> {
    let signals = names::signals(world, &args.event);
    let signal = match signals.as_slice() {
        [] => return Err(Unknown::signal(world, &args.event).into()),
        [signal] => signal,
        several => {
            let paths: Vec<_> = several.iter().map(|signal| signal.info.path()).collect();
            return Err(Failure::Usage(format!(
                "`{}` means {} signals: give one of `{}`",
                args.event,
                several.len(),
                paths.join("`, `")
            )));
        }
    };
    let event = signal.event;
    let wanted = args.minor.as_deref();
    let own = event.minor_version.to_string();
    let kept = event
        .kept
        .iter()
        .find(|kept| wanted == Some(version(kept.minor_version, kept.label).as_str()));
    let (schema, minor, label) = match (kept, wanted) {
        (Some(kept), _) => (
            AvroSchema::new(event.event_type, kept.schema),
            kept.minor_version,
            kept.label,
        ),
        (None, None) => (event.avro_schema(), event.minor_version, None),
        (None, Some(wanted)) if wanted == own => (event.avro_schema(), event.minor_version, None),
        (None, Some(wanted)) => {
            let kept = event.kept.iter();
            let mut known: Vec<_> = kept
                .map(|kept| version(kept.minor_version, kept.label))
                .collect();
            if !known.contains(&own) {
                known.insert(0, own);
            }
            return Err(Failure::Usage(format!(
                "`{}` has no version `{wanted}`; it has {}",
                event.event_type,
                known.join(", ")
            )));
        }
    };
    let text = if form.is_json() {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        format!(
            "{{\n  \"event_type\": {},\n  \"minor_version\": {minor},\n  \"label\": {},\n  \"schema\": {}\n}}\n",
            quoted(event.event_type),
            label.map_or_else(|| String::from("null"), quoted),
            schema.to_string().trim_end().replace('\n', "\n  "),
        )
    } else {
        schema.to_string()
    };
    Ok(Answer {
        text,
        status: Status::Ok,
    })
}
