//! The catalog keeps a schema file for each event.

#[test]
fn schema_files_are_accepted() {
    events_core::testing::schema_files!(events_catalog);
}
