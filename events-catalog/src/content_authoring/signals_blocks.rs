//! The events of the blocks of courses, and of what is attached to content. Source:
//! `openedx_events.content_authoring.signals` of openedx-events 11.2.

use events_core::event;

use super::data::{ContentObjectChangedData, ContentObjectData, DuplicatedXBlockData, XBlockData};

/// Emitted when a block was made.
#[event(
    type = "org.openedx.content_authoring.xblock.created.v1",
    signal = XBLOCK_CREATED,
    key = xblock_info.usage_key,
)]
pub struct XBlockCreated {
    /// The new block.
    pub xblock_info: XBlockData,
}

/// Emitted when a block was changed.
#[event(
    type = "org.openedx.content_authoring.xblock.updated.v1",
    signal = XBLOCK_UPDATED,
    key = xblock_info.usage_key,
)]
pub struct XBlockUpdated {
    /// The block that changed.
    pub xblock_info: XBlockData,
}

/// Emitted when a block was published.
///
/// Once for the block that was published, and not for the blocks in it: where a section goes out with changes in several
/// units, the one event names the section.
#[event(
    type = "org.openedx.content_authoring.xblock.published.v1",
    signal = XBLOCK_PUBLISHED,
    key = xblock_info.usage_key,
)]
pub struct XBlockPublished {
    /// The block that was published.
    pub xblock_info: XBlockData,
}

/// Emitted when a block was deleted.
#[event(
    type = "org.openedx.content_authoring.xblock.deleted.v1",
    signal = XBLOCK_DELETED,
    key = xblock_info.usage_key,
)]
pub struct XBlockDeleted {
    /// The block that is gone.
    pub xblock_info: XBlockData,
}

/// Emitted when a block was copied in Studio.
#[event(
    type = "org.openedx.content_authoring.xblock.duplicated.v1",
    signal = XBLOCK_DUPLICATED,
    key = xblock_info.usage_key,
)]
pub struct XBlockDuplicated {
    /// The copy, and what it was made from.
    pub xblock_info: DuplicatedXBlockData,
}

/// Emitted when something was attached to content or taken from it: a tag, a collection…
#[event(type = "org.openedx.content_authoring.content.object.associations.changed.v1")]
pub struct ContentObjectAssociationsChanged {
    /// The content, and what of it changed.
    pub content_object: ContentObjectChangedData,
}

/// Emitted when the tags of content changed.
///
/// Deprecated upstream: [`ContentObjectAssociationsChanged`] takes its place.
#[event(type = "org.openedx.content_authoring.content.object.tags.changed.v1")]
pub struct ContentObjectTagsChanged {
    /// The content whose tags changed.
    pub content_object: ContentObjectData,
}
