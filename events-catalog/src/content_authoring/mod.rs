//! Events of the content authoring subdomain: courses, their blocks, and content libraries.

mod data;
mod data_libraries;
mod signals;
mod signals_blocks;
mod signals_libraries;

pub use data::{
    CertificateConfigData, CertificateSignatoryData, ContentObjectChangedData, ContentObjectData,
    CourseCatalogData, CourseData, CourseScheduleData, DuplicatedXBlockData, XBlockData,
};
pub use data_libraries::{
    ContentLibraryData, LibraryBlockData, LibraryCollectionData, LibraryContainerData,
};
pub use signals::{
    COURSE_CATALOG_INFO_CHANGED, COURSE_CERTIFICATE_CONFIG_CHANGED,
    COURSE_CERTIFICATE_CONFIG_DELETED, COURSE_CREATED, COURSE_IMPORT_COMPLETED,
    COURSE_RERUN_COMPLETED, CourseCatalogInfoChanged, CourseCertificateConfigChanged,
    CourseCertificateConfigDeleted, CourseCreated, CourseImportCompleted, CourseRerunCompleted,
};
pub use signals_blocks::{
    CONTENT_OBJECT_ASSOCIATIONS_CHANGED, CONTENT_OBJECT_TAGS_CHANGED,
    ContentObjectAssociationsChanged, ContentObjectTagsChanged, XBLOCK_CREATED, XBLOCK_DELETED,
    XBLOCK_DUPLICATED, XBLOCK_PUBLISHED, XBLOCK_UPDATED, XBlockCreated, XBlockDeleted,
    XBlockDuplicated, XBlockPublished, XBlockUpdated,
};
pub use signals_libraries::{
    CONTENT_LIBRARY_CREATED, CONTENT_LIBRARY_DELETED, CONTENT_LIBRARY_UPDATED,
    ContentLibraryCreated, ContentLibraryDeleted, ContentLibraryUpdated, LIBRARY_BLOCK_CREATED,
    LIBRARY_BLOCK_DELETED, LIBRARY_BLOCK_PUBLISHED, LIBRARY_BLOCK_UPDATED,
    LIBRARY_COLLECTION_CREATED, LIBRARY_COLLECTION_DELETED, LIBRARY_COLLECTION_UPDATED,
    LIBRARY_CONTAINER_CREATED, LIBRARY_CONTAINER_DELETED, LIBRARY_CONTAINER_PUBLISHED,
    LIBRARY_CONTAINER_UPDATED, LibraryBlockCreated, LibraryBlockDeleted, LibraryBlockPublished,
    LibraryBlockUpdated, LibraryCollectionCreated, LibraryCollectionDeleted,
    LibraryCollectionUpdated, LibraryContainerCreated, LibraryContainerDeleted,
    LibraryContainerPublished, LibraryContainerUpdated,
};
