//! Bodies by a schema alone, as JSON and back. The first byte chooses the schema: all events of the catalog, and some
//! that no event has.

#![no_main]

use events_bus::wire::{self, Layouts};
use events_catalog as _;
use events_core::{FieldSchema, RecordSchema, Schema, StringFormat, registry};
use libfuzzer_sys::fuzz_target;

const TEXT: Schema = Schema::String(StringFormat::Text);

/// Records within records without end.
static CHAIN: RecordSchema = RecordSchema::new(
    "Chain",
    "",
    &[
        FieldSchema::new("next", "", &Schema::Optional(&Schema::Record(&CHAIN))),
        FieldSchema::new("all", "", &Schema::Array(&Schema::Record(&CHAIN))),
    ],
);

static EMPTY: RecordSchema = RecordSchema::new("Empty", "", &[]);

/// Items without bytes, and maps of maps.
static ODD: RecordSchema = RecordSchema::new(
    "Odd",
    "",
    &[
        FieldSchema::new("empty", "", &Schema::Array(&Schema::Record(&EMPTY))),
        FieldSchema::new(
            "empties",
            "",
            &Schema::Array(&Schema::Array(&Schema::Record(&EMPTY))),
        ),
        FieldSchema::new("maps", "", &Schema::Map(&Schema::Map(&Schema::Bytes))),
        FieldSchema::new("text", "", &Schema::Optional(&TEXT)),
        FieldSchema::new("number", "", &Schema::Double),
    ],
);

fuzz_target!(|data: &[u8]| {
    let Some((choice, body)) = data.split_first() else {
        return;
    };
    let signals = registry::signals();
    let schema = match usize::from(*choice) % (signals.len() + 2) {
        0 => &CHAIN,
        1 => &ODD,
        index => signals[index - 2].event().schema,
    };
    let json = wire::to_json(body, schema);
    let layouts = Layouts::new("org.example.fuzz.v1", 0, schema, &[]);
    assert_eq!(layouts.recognise(body, 0).is_ok(), json.is_ok());
    match json {
        Ok(json) => match wire::from_json(&json, schema) {
            // Not the JSON: a UUID of another form is written in the one form that its type writes.
            Ok(written) => {
                let json = wire::to_json(&written, schema).expect("what was written is read");
                let again = wire::from_json(&json, schema).expect("it was written before");
                assert_eq!(again, written);
            }
            // A text that is no date-time, no UUID.
            Err(error) => drop(error.to_string()),
        },
        Err(error) => drop(format!("{error} {error:?}")),
    }
});
