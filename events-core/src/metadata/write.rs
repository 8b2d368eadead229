//! Metadata as the JSON object that the reference's `to_json` writes.

use serde::ser::{Serialize, SerializeStruct, Serializer};
use uuid::Uuid;

use super::EventMetadata;

/// The reference's `EventsMetadata.to_json`: these keys in this order.
impl Serialize for EventMetadata {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("EventMetadata", 7)?;
        object.serialize_field("event_type", self.event_type())?;
        object.serialize_field(
            "id",
            self.id
                .hyphenated()
                .encode_lower(&mut Uuid::encode_buffer()),
        )?;
        object.serialize_field("minorversion", &self.minor_version)?;
        object.serialize_field("source", self.source())?;
        object.serialize_field("sourcehost", self.source_host())?;
        object.serialize_field("time", &self.time)?;
        object.serialize_field("sourcelib", self.source_lib())?;
        object.end()
    }
}
