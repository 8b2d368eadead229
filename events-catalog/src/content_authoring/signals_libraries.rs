//! The events of content libraries. Source: `openedx_events.content_authoring.signals` of openedx-events 11.2.

use events_core::event;

use super::data_libraries::{
    ContentLibraryData, LibraryBlockData, LibraryCollectionData, LibraryContainerData,
};

/// Emitted when a content library was made.
#[event(type = "org.openedx.content_authoring.content_library.created.v1")]
pub struct ContentLibraryCreated {
    /// The new library.
    pub content_library: ContentLibraryData,
}

/// Emitted when a content library itself changed: its name, for instance.
///
/// Not for changes of what is in it, although they move the library's dates and what it has unpublished: those have
/// events of their own, which begin with `Library`.
#[event(type = "org.openedx.content_authoring.content_library.updated.v1")]
pub struct ContentLibraryUpdated {
    /// The library that changed.
    pub content_library: ContentLibraryData,
}

/// Emitted when a content library was deleted.
#[event(type = "org.openedx.content_authoring.content_library.deleted.v1")]
pub struct ContentLibraryDeleted {
    /// The library that is gone.
    pub content_library: ContentLibraryData,
}

/// Emitted when a block of a library was made.
#[event(type = "org.openedx.content_authoring.library_block.created.v1")]
pub struct LibraryBlockCreated {
    /// The new block.
    pub library_block: LibraryBlockData,
}

/// Emitted when the draft of a library's block changed.
#[event(type = "org.openedx.content_authoring.library_block.updated.v1")]
pub struct LibraryBlockUpdated {
    /// The block whose draft changed.
    pub library_block: LibraryBlockData,
}

/// Emitted when the draft of a library's block was deleted.
#[event(type = "org.openedx.content_authoring.library_block.deleted.v1")]
pub struct LibraryBlockDeleted {
    /// The block whose draft is gone.
    pub library_block: LibraryBlockData,
}

/// Emitted when a block of a library was published, which can also mean that its deletion was.
#[event(type = "org.openedx.content_authoring.library_block.published.v1")]
pub struct LibraryBlockPublished {
    /// The block that was published.
    pub library_block: LibraryBlockData,
}

/// Emitted when a collection of a library was made.
#[event(type = "org.openedx.content_authoring.content_library.collection.created.v1")]
pub struct LibraryCollectionCreated {
    /// The new collection.
    pub library_collection: LibraryCollectionData,
}

/// Emitted when a collection of a library changed.
#[event(type = "org.openedx.content_authoring.content_library.collection.updated.v1")]
pub struct LibraryCollectionUpdated {
    /// The collection that changed.
    pub library_collection: LibraryCollectionData,
}

/// Emitted when a collection of a library was deleted.
#[event(type = "org.openedx.content_authoring.content_library.collection.deleted.v1")]
pub struct LibraryCollectionDeleted {
    /// The collection that is gone.
    pub library_collection: LibraryCollectionData,
}

/// Emitted when a container of a library was made.
#[event(type = "org.openedx.content_authoring.content_library.container.created.v1")]
pub struct LibraryContainerCreated {
    /// The new container.
    pub library_container: LibraryContainerData,
}

/// Emitted when a container of a library changed.
#[event(type = "org.openedx.content_authoring.content_library.container.updated.v1")]
pub struct LibraryContainerUpdated {
    /// The container that changed.
    pub library_container: LibraryContainerData,
}

/// Emitted when a container of a library was deleted.
#[event(type = "org.openedx.content_authoring.content_library.container.deleted.v1")]
pub struct LibraryContainerDeleted {
    /// The container that is gone.
    pub library_container: LibraryContainerData,
}

/// Emitted when a container of a library was published, which can also mean that its deletion was.
#[event(type = "org.openedx.content_authoring.content_library.container.published.v1")]
pub struct LibraryContainerPublished {
    /// The container that was published.
    pub library_container: LibraryContainerData,
}
