//! Content libraries and what is in them. Source: `openedx_events.content_authoring.data` of openedx-events 11.2.

use events_core::EventData;

use crate::keys::{
    LibraryCollectionLocator, LibraryContainerLocator, LibraryLocatorV2, LibraryUsageLocatorV2,
};

/// A content library.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EventData)]
pub struct ContentLibraryData {
    /// The key of the library.
    pub library_key: LibraryLocatorV2,
    /// Deprecated: whether the blocks of the library have to be indexed again. The items that changed have events of
    /// their own now.
    pub update_blocks: bool,
}

/// A block of a content library.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EventData)]
pub struct LibraryBlockData {
    /// The key of the library.
    pub library_key: LibraryLocatorV2,
    /// The key of the block.
    pub usage_key: LibraryUsageLocatorV2,
}

/// A collection of a content library.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EventData)]
pub struct LibraryCollectionData {
    /// The key of the collection.
    pub collection_key: LibraryCollectionLocator,
    /// Deprecated: whether the sender does not want to wait for the receivers. A sender that expects much work now sends
    /// from a task of its own.
    pub background: bool,
}

/// A container of a content library: a unit, a subsection, a section.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EventData)]
pub struct LibraryContainerData {
    /// The key of the container.
    pub container_key: LibraryContainerLocator,
    /// Deprecated: whether the sender does not want to wait for the receivers. A sender that expects much work now sends
    /// from a task of its own.
    pub background: bool,
}
