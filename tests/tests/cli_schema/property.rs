//! Any event: what is accepted passes the check, and is read as what was written.

use std::fs;

use events_core::schema::{compare, folder};
use events_core::{EnumSchema, EventInfo, FieldSchema, RecordSchema, Schema, StringFormat};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any};
use proptest::{prop_assert, prop_assert_eq, prop_oneof, proptest};

use super::Folder;

fn leaked<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

/// Names that no two fields of a record share, by their place.
fn record(name: String, fields: Vec<(Schema, Option<bool>)>) -> &'static RecordSchema {
    let fields = fields
        .into_iter()
        .enumerate()
        .map(|(place, (schema, default))| {
            let field = FieldSchema::new(
                format!("field_{place}").leak(),
                "Said of it.",
                leaked(schema),
            );
            let field = match (default, schema) {
                (Some(value), Schema::Boolean) => field.with_default(value.to_string().leak()),
                (Some(_), Schema::Map(_)) => field.with_default("{ }"),
                _ => field,
            };
            if default == Some(true) {
                field.with_personal_data()
            } else {
                field
            }
        });
    let fields: Vec<_> = fields.collect();
    leaked(RecordSchema::new(name.leak(), "What it is.", fields.leak()))
}

fn schema() -> impl Strategy<Value = Schema> {
    let scalar = prop_oneof![
        Just(Schema::Boolean),
        Just(Schema::Long),
        Just(Schema::Double),
        Just(Schema::String(StringFormat::Text)),
        Just(Schema::String(StringFormat::Uuid)),
        Just(Schema::Bytes),
        (vec("[A-Za-z\"\\\\é ]{1,6}", 1..4), any::<bool>()).prop_map(|(variants, open)| {
            let variants: Vec<&'static str> =
                variants.into_iter().map(|name| &*name.leak()).collect();
            Schema::Enum(leaked(EnumSchema::new("Enum", "", variants.leak(), open)))
        }),
    ];
    scalar.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|inner| match inner {
                Schema::Optional(_) => inner,
                _ => Schema::Optional(leaked(inner)),
            }),
            inner.clone().prop_map(|inner| Schema::Array(leaked(inner))),
            inner.clone().prop_map(|inner| Schema::Map(leaked(inner))),
            // A record of each name once: that two differ is refused by the compiler.
            (any::<u64>(), vec((inner, any::<Option<bool>>()), 0..4)).prop_map(|(name, fields)| {
                Schema::Record(record(format!("Record{name}"), fields))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_accepted_passes(
        fields in vec((schema(), any::<Option<bool>>()), 0..6),
        minor in 0_u32..4,
    ) {
        let schema = record("Thing".to_owned(), fields);
        let event = EventInfo::new("org.example.filing.any.happened.v1", minor, None, "Thing", "", schema);
        let folder = Folder::new("property");
        let accepted = folder::accept(folder.path(), &[&event], false);
        prop_assert_eq!(accepted.refused, []);
        prop_assert_eq!(accepted.written.len(), 1);
        let checked = folder::check(folder.path(), &[&event]);
        prop_assert_eq!(checked.problems, []);
        prop_assert_eq!(folder::accept(folder.path(), &[&event], false).written, []);

        let file = folder.path().join(&accepted.written[0].file);
        let read = folder::read_schema(&fs::read_to_string(file).expect("the file"));
        let read = read.expect("a schema");
        prop_assert_eq!(&read.event_type, event.event_type);
        prop_assert!(compare(read.schema, schema).is_empty());
        prop_assert_eq!(folder::compare_defaults(read.schema, schema), []);
    }
}
